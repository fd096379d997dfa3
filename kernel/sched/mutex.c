/*
 * sched/mutex.c - the sleeping lock.
 *
 * owner is NULL when free, else the holder, with bit 0 set once somebody
 * waits.  The slow paths run under mutex->lock; unlock hands the mutex to the
 * longest waiter, so a woken thread already owns it and nobody starves.
 */
#include "sched/mutex.h"

#include "core/config.h"
#include "core/panic.h"
#include "sched/sched.h"

#define WAITERS_BIT 1ul

struct mutex_waiter {
    struct list_node link;
    struct thread *thread;
    bool granted; /* [L] of the mutex */
};

void mutex_init(struct mutex *mutex, const char *name, enum lock_rank rank)
{
    mutex->owner = NULL;
    mutex->rank = rank;
    mutex->name = name;
    spinlock_init(&mutex->lock, name, RANK_WAIT_QUEUE);
    list_init(&mutex->waiters);
}

static inline bool cas_owner(struct mutex *m, uintptr_t from, uintptr_t to)
{
    struct thread *expected = (struct thread *)from;

    return __atomic_compare_exchange_n(&m->owner, &expected,
                                       (struct thread *)to, false,
                                       __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static struct thread *owner_of(const struct mutex *m)
{
    return (struct thread *)((uintptr_t)__atomic_load_n(&m->owner,
                                                        __ATOMIC_RELAXED) &
                             ~WAITERS_BIT);
}

/* Set the waiters bit of a held mutex, or take it if it became free. */
static bool take_or_mark(struct mutex *m, struct thread *self)
{
    for (;;) {
        uintptr_t owner =
            (uintptr_t)__atomic_load_n(&m->owner, __ATOMIC_RELAXED);
        if (owner == 0) {
            if (cas_owner(m, 0, (uintptr_t)self))
                return true;
        } else if ((owner & WAITERS_BIT) ||
                   cas_owner(m, owner, owner | WAITERS_BIT)) {
            return false;
        }
    }
}

static void lock_slow(struct mutex *m, struct thread *self)
{
    struct mutex_waiter waiter = { .thread = self };

    assert(owner_of(m) != self);
    spin_lock(&m->lock);
    if (take_or_mark(m, self)) {
        spin_unlock(&m->lock);
        return;
    }
    list_add_tail(&m->waiters, &waiter.link);
    while (!waiter.granted) {
        /* Uninterruptible: holders always finish, and callers count on it. */
        __atomic_store_n(&self->state, THREAD_BLOCKED, __ATOMIC_SEQ_CST);
        spin_unlock(&m->lock);
        sched_block();
        spin_lock(&m->lock);
    }
    spin_unlock(&m->lock);
}

/* Ranks of the mutexes this thread holds must not be higher; equal ones nest
 * where lock_rank.h says how. */
static void check_rank(const struct mutex *m, const struct thread *self)
{
    assert(this_cpu->spin_depth == 0 && !this_cpu->in_irq);
    for (unsigned rank = m->rank + 1; self && rank < RANK_FIRST_SPIN; rank++)
        if (self->mutexes_held[rank] != 0)
            panic("mutex %s (rank %u) taken inside one of rank %u", m->name,
                  m->rank, rank);
}

static void note_rank(const struct mutex *m, struct thread *self, int change)
{
    if (CONFIG_LOCK_CHECKS && self && m->rank < RANK_FIRST_SPIN)
        self->mutexes_held[m->rank] += change;
}

void mutex_lock(struct mutex *m) NO_LOCK_ANALYSIS
{
    struct thread *self = thread_current();

    if (CONFIG_LOCK_CHECKS)
        check_rank(m, self);
    if (unlikely(!cas_owner(m, 0, (uintptr_t)self)))
        lock_slow(m, self);
    note_rank(m, self, 1);
}

bool mutex_trylock(struct mutex *m) NO_LOCK_ANALYSIS
{
    if (!cas_owner(m, 0, (uintptr_t)thread_current()))
        return false;
    note_rank(m, thread_current(), 1);
    return true;
}

static void unlock_slow(struct mutex *m)
{
    spin_lock(&m->lock);
    struct mutex_waiter *next =
        list_first_entry(&m->waiters, struct mutex_waiter, link);
    list_remove(&next->link);
    uintptr_t owner = (uintptr_t)next->thread;
    if (!list_is_empty(&m->waiters))
        owner |= WAITERS_BIT;
    __atomic_store_n(&m->owner, (struct thread *)owner, __ATOMIC_SEQ_CST);
    next->granted = true;
    sched_wake(next->thread);
    spin_unlock(&m->lock);
}

void mutex_unlock(struct mutex *m) NO_LOCK_ANALYSIS
{
    assert(owner_of(m) == thread_current());
    note_rank(m, thread_current(), -1);
    if (unlikely(!cas_owner(m, (uintptr_t)thread_current(), 0)))
        unlock_slow(m);
}

bool mutex_is_held(const struct mutex *m)
{
    return owner_of(m) == thread_current();
}
