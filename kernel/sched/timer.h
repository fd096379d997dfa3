/*
 * sched/timer.h - software timers, kept per CPU in order of their deadlines.
 */
#pragma once

#include "base/tree.h"
#include "core/types.h"

/* Lock key: [T] timer lock of the CPU it is armed on */
struct timer {
    struct tree_node node;             /* [T] */
    uint64_t deadline;                 /* [T] clock_now_ns scale */
    void (*fire)(struct timer *timer); /* [I] interrupts off, no sleeping */
    int32_t cpu;                       /* [T] armed there, -1 when not */
};

void timer_init(struct timer *timer, void (*fire)(struct timer *timer));

/* (Re)arm on this CPU.  Context: any; the callers exclude each other. */
void timer_arm(struct timer *timer, uint64_t deadline);

/* Disarm, without waiting for `fire`, which may be running.  False: it was not
 * armed.  Context: any. */
bool timer_disarm(struct timer *timer);

/* Disarm; on return `fire` is not running and will not run.  Context: not from
 * `fire` itself; no lock held that `fire` takes. */
void timer_cancel(struct timer *timer);

/* True while armed. */
bool timer_is_armed(const struct timer *timer);

/* Run what is due on this CPU (from the timer interrupt). */
void timer_run_due(uint64_t now);

/* Earliest deadline on this CPU, UINT64_MAX if none. */
uint64_t timer_next_deadline(void);

void timer_init_cpus(void);
