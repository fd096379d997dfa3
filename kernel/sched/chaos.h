/*
 * sched/chaos.h - preemption at random, so that races show: `sched_seed=N`.
 *
 * With this word on the kernel command line threads are preempted after random
 * stretches of user code, on the way out of system calls, and where the kernel
 * takes or drops locks.  All choices come from one generator that N starts, so
 * under tools/run --icount the same N gives the same interleaving: a race found
 * once is found again (tools/racehunt).  Without the word the rest of the
 * kernel tests one flag at a few places, none of them in the path of a system
 * call that has nothing to wait for.
 */
#pragma once

#include "core/types.h"
#include "sched/policy.h"

/* Is sched_seed= on the command line?  [I] after chaos_init() */
extern bool chaos_on;

/* Flags that new threads get: THREAD_CHAOS or none.  [I] after chaos_init() */
extern uint32_t chaos_thread_flags;

/* Read the command line.  Boot only. */
void chaos_init(void);

/* When the timer is to interrupt the running thread, at `deadline` or sooner.
 * Context: interrupts off. */
uint64_t chaos_deadline(uint64_t deadline);

/* The thread that runs next instead of the one whose turn it is: like
 * queue_pick_locked(), called in its place. */
struct thread *chaos_pick_next(struct run_queue *rq, uint64_t now)
    MUST_HOLD(rq->lock);

/* A system call has ended, or the timer has interrupted: preempt, perhaps. */
void chaos_maybe_preempt(void);
