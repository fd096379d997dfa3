/*
 * sched/mutex_type.h - the sleeping lock.
 *
 * One compare-and-swap when free; contenders sleep uninterruptibly (holders
 * are short and always make progress).  Not for interrupt handlers.
 */
#pragma once

#include "base/list.h"
#include "core/spinlock.h"

struct thread;

/* Lock key: [a] atomic  [L] this->lock  [I] set at init */
struct CAPABILITY("mutex") mutex {
    struct lock_id id;        /* name and rank */
    struct thread *owner;     /* [a] NULL when free; bit 0: someone waits */
    struct spinlock lock;     /* guards waiters */
    struct list_node waiters; /* [L] struct mutex_waiter */
};

void mutex_init(struct mutex *mutex, const char *name, enum lock_rank rank);
void mutex_lock(struct mutex *mutex) ACQUIRES(mutex);
/* As mutex_lock, for the second lock of a rank whose line in lock_rank.h says
 * in which order two of them nest. */
void mutex_lock_nested(struct mutex *mutex) ACQUIRES(mutex);
__must_check bool mutex_trylock(struct mutex *mutex) TRY_ACQUIRES(true, mutex);
void mutex_unlock(struct mutex *mutex) RELEASES(mutex);
bool mutex_is_held(const struct mutex *mutex);

struct rwlock;
bool rwlock_is_held(const struct rwlock *lock);

#define assert_held(l) assert(lock_is_held(l))
#define lock_is_held(l)                                                        \
    _Generic((l), struct spinlock *                                            \
             : spin_is_held, struct mutex *                                    \
             : mutex_is_held, struct rwlock *                                  \
             : rwlock_is_held)(l)
