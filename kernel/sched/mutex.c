/*
 * sched/mutex.c - the sleeping lock.
 *
 * owner is NULL when free, else the holder, with bit 0 set once somebody
 * waits.  The slow paths run under mutex->lock; unlock hands the mutex to the
 * longest waiter, so a woken thread already owns it and nobody starves.
 */
#include "sched/mutex.h"

#include "core/panic.h"
#include "core/trace.h"
#include "sched/sleep_lock.h"

#define WAITERS_BIT 1ul

struct mutex_waiter {
    struct list_node link;
    struct thread *thread;
    bool granted; /* [L] of the mutex */
};

void mutex_init(struct mutex *mutex, const char *name, enum lock_rank rank)
{
    mutex->id = (struct lock_id){ .name = name, .rank = rank };
    mutex->owner = NULL;
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
    /* The owner needs m->lock to let go: it is there as long as we hold it. */
    trace(MUTEX, m, m->id.name, trace_tid(owner_of(m)));
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

static inline void lock(struct mutex *m, enum lockcheck_nesting nesting)
{
    struct thread *self = thread_current();

    sleep_lock_before(&m->id, self, nesting);
    if (unlikely(!cas_owner(m, 0, (uintptr_t)self)))
        lock_slow(m, self);
    sleep_lock_taken(&m->id, self);
}

void mutex_lock(struct mutex *m) NO_LOCK_ANALYSIS
{
    lock(m, LOCKCHECK_ALONE);
}

void mutex_lock_nested(struct mutex *m) NO_LOCK_ANALYSIS
{
    lock(m, LOCKCHECK_NESTED);
}

bool mutex_trylock(struct mutex *m) NO_LOCK_ANALYSIS
{
    if (!cas_owner(m, 0, (uintptr_t)thread_current()))
        return false;
    sleep_lock_taken(&m->id, thread_current());
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
    struct thread *self = thread_current();

    sleep_lock_dropped(&m->id, self, owner_of(m));
    assert(owner_of(m) == self);
    if (unlikely(!cas_owner(m, (uintptr_t)self, 0)))
        unlock_slow(m);
    sleep_lock_after();
}

bool mutex_is_held(const struct mutex *m)
{
    return owner_of(m) == thread_current();
}
