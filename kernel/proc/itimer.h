/*
 * proc/itimer.h - the interval timers of a process: alarm and setitimer.
 */
#pragma once

#include "core/types.h"

struct process;

/* Boot. */
void itimer_boot(void);

/* Set up the timer of a new process, not running. */
void itimer_init(struct process *process);

/*
 * Start the current process' timer: SIGALRM after `value_ns` (0: stop it), then
 * every `interval_ns` (0: once).  *left_ns and *old_interval_ns get what the
 * old one had left.
 */
void itimer_set(uint64_t value_ns, uint64_t interval_ns, uint64_t *left_ns,
                uint64_t *old_interval_ns);

/* What is left (0: not running), and the interval. */
void itimer_get(uint64_t *left_ns, uint64_t *interval_ns);

/*
 * The same for the timers that run with the process: `which` is ITIMER_VIRTUAL
 * (its time in user mode, SIGVTALRM) or ITIMER_PROF (all its time, SIGPROF).
 * They are looked at once per tick of the scheduler.
 */
void itimer_set_cpu(int which, uint64_t value_ns, uint64_t interval_ns,
                    uint64_t *left_ns, uint64_t *old_interval_ns);
void itimer_get_cpu(int which, uint64_t *left_ns, uint64_t *interval_ns);

/* Stop the timer of a dying process; its handler runs no more after this. */
void itimer_stop(struct process *process);
