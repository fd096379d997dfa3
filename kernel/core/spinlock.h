/*
 * core/spinlock.h - a compare-and-swap spinlock that turns interrupts off.
 *
 * Interrupts go off with the first spinlock a CPU takes and come back on with
 * the last one it drops (if they were on before), so a holder is never
 * interrupted by code that wants the same lock.  Holders never sleep and never
 * fault in user memory.  Ranks: core/lock_rank.h.
 */
#pragma once

#include "core/lock_rank.h"
#include "core/lockcheck.h"
#include "core/types.h"

struct CAPABILITY("spinlock") spinlock {
    struct lock_id id; /* name and rank */
    uint32_t locked;   /* [a] 0, or 1 + the CPU that holds it */
    vaddr_t holder_ip; /* [L] who took it, in builds that check */
};

#define SPINLOCK_INIT(lock_name, lock_rank)                                    \
    {                                                                          \
        .id = {.name = (lock_name), .rank = (lock_rank) }                      \
    }

void spinlock_init(struct spinlock *lock, const char *name,
                   enum lock_rank rank);

/* Take `lock`, interrupts off from here on.  Context: any. */
void spin_lock(struct spinlock *lock) ACQUIRES(lock);

/* As spin_lock, for the second lock of a rank whose line in lock_rank.h
 * says in which order two of them nest. */
void spin_lock_nested(struct spinlock *lock) ACQUIRES(lock);

/* Take `lock` if it is free; true if taken. */
__must_check bool spin_trylock(struct spinlock *lock) TRY_ACQUIRES(true, lock);

/* Drop `lock`; interrupts come back on if this was the last and they were. */
void spin_unlock(struct spinlock *lock) RELEASES(lock);

/* Is `lock` held by this CPU? */
bool spin_is_held(const struct spinlock *lock);

/* NULL, or called when the last spinlock of a CPU was dropped and interrupts
 * are on again, and around sleeping locks (sched/chaos.c). */
extern void (*lock_point)(void);

/* With CONFIG_LOCK_CHECKS, by spinlock.c only: panic if `lock` may not be taken
 * inside the one taken last; and take note that it was dropped: not always in
 * reverse order, so close the gap. */
void lock_rank_check(const struct spinlock *lock, bool same_rank_ok);
void lock_rank_dropped(const struct spinlock *lock);
