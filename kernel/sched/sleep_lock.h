/*
 * sched/sleep_lock.h - what the sleeping locks (mutex.c, rwlock.c) tell the two
 * kinds of checks, nothing at all in the normal build, and sched/chaos.c.
 *
 * CONFIG_LOCK_CHECKS compares ranks with those of the sleeping locks that the
 * thread holds; CONFIG_LOCKCHECK learns the order (core/lockcheck.h).
 */
#pragma once

#include "core/lockcheck.h"
#include "core/panic.h"
#include "core/spinlock.h"
#include "sched/sched.h"
#include "x86/clock.h"

/* Of run time: a holder that sleeps or was preempted does not count. */
#define SLEEP_LOCK_HELD_LIMIT_NS NSEC_PER_SEC

/* Ranks of the locks this thread holds must not be higher; equal ones nest
 * where lock_rank.h says how. */
static inline void sleep_lock_check_rank(const struct lock_id *lock,
                                         const struct thread *self)
{
    assert(this_cpu->spin_depth == 0 && !this_cpu->in_irq);
    for (unsigned rank = lock->rank + 1; self && rank < RANK_FIRST_SPIN; rank++)
        if (self->mutexes_held[rank] != 0)
            panic("%s (rank %u) taken inside a lock of rank %u", lock->name,
                  lock->rank, rank);
}

static inline void sleep_lock_before(struct lock_id *lock, struct thread *self,
                                     enum lockcheck_nesting nesting)
{
    if (CONFIG_LOCKCHECK) {
        lockcheck_might_sleep();
        if (self)
            lockcheck_before(self->lockcheck, lock, nesting);
    }
    if (CONFIG_LOCK_CHECKS)
        sleep_lock_check_rank(lock, self);
    if (unlikely(lock_point))
        lock_point();
}

static inline void sleep_lock_taken(struct lock_id *lock, struct thread *self)
{
    if (CONFIG_LOCKCHECK && self)
        lockcheck_taken(self->lockcheck, lock, thread_run_ns(self));
    if (CONFIG_LOCK_CHECKS && self && lock->rank < RANK_FIRST_SPIN)
        self->mutexes_held[lock->rank]++;
}

/* `holder`: who is known to hold it, or NULL. */
static inline void sleep_lock_dropped(struct lock_id *lock, struct thread *self,
                                      const struct thread *holder)
{
    if (CONFIG_LOCKCHECK && self) {
        if (!lockcheck_holds(self->lockcheck, lock))
            lockcheck_bad_release(holder ? holder->lockcheck : NULL, lock);
        lockcheck_dropped(self->lockcheck, lock, thread_run_ns(self),
                          SLEEP_LOCK_HELD_LIMIT_NS);
        if (this_cpu->spin_depth == 0)
            lockcheck_log();
    }
    if (CONFIG_LOCK_CHECKS && self && lock->rank < RANK_FIRST_SPIN)
        self->mutexes_held[lock->rank]--;
}

/* The lock is free again. */
static inline void sleep_lock_after(void)
{
    if (unlikely(lock_point) && this_cpu->spin_depth == 0)
        lock_point();
}
