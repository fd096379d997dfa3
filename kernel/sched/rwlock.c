/*
 * sched/rwlock.c - see rwlock.h.
 *
 * 1 Idea      One word: a writer's bit, a bit "somebody waits", and above them
 *             the number of readers.  Taking and releasing is one compare-and-
 *             swap while nobody waits.
 * 2 States    Once WAITERS is set no newcomer gets in: everybody queues.  Who
 *             releases last then grants the lock to the head of the queue, which
 *             owns it when it wakes.
 * 3 Locking   lock->lock guards the queue.  With WAITERS set and no holder, only
 *             the last releaser, under lock->lock, changes the state.
 * 4 Failure   Sleeps are uninterruptible: holders always finish.
 * 5 Elsewhere Linux's rw_semaphore also lets writers spin while the holder runs,
 *             and counts readers in per-CPU words where they are many.
 */
#include "sched/rwlock.h"

#include "core/panic.h"
#include "core/trace.h"
#include "sched/sleep_lock.h"

#define WRITER  1ul
#define WAITERS 2ul
#define READER  4ul /* each */

struct rwlock_waiter {
    struct list_node link;
    struct thread *thread;
    bool writes;
    bool granted; /* [L] of the rwlock */
};

void rwlock_init(struct rwlock *l, const char *name, enum lock_rank rank)
{
    l->id = (struct lock_id){ .name = name, .rank = rank };
    l->state = 0;
    l->writer = NULL;
    spinlock_init(&l->lock, name, RANK_WAIT_QUEUE);
    list_init(&l->waiters);
}

static inline bool cas_state(struct rwlock *l, uint64_t *from, uint64_t to)
{
    return __atomic_compare_exchange_n(&l->state, from, to, false,
                                       __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

/* Take the lock if it is free for this use and nobody waits. */
static inline bool try_take(struct rwlock *l, bool writes)
{
    uint64_t state = __atomic_load_n(&l->state, __ATOMIC_RELAXED);

    do {
        if (writes ? state != 0 : (state & (WRITER | WAITERS)) != 0)
            return false;
    } while (!cas_state(l, &state, state + (writes ? WRITER : READER)));
    return true;
}

/* Take the lock, or set WAITERS while somebody has it or waits. */
static bool take_or_mark(struct rwlock *l, bool writes)
{
    for (;;) {
        if (try_take(l, writes))
            return true;
        uint64_t state = __atomic_load_n(&l->state, __ATOMIC_RELAXED);
        if ((state & WAITERS) ||
            (state != 0 && cas_state(l, &state, state | WAITERS)))
            return false;
    }
}

static void lock_slow(struct rwlock *l, struct thread *self, bool writes)
{
    struct rwlock_waiter waiter = { .thread = self, .writes = writes };

    spin_lock(&l->lock);
    if (take_or_mark(l, writes)) {
        spin_unlock(&l->lock);
        return;
    }
    trace(MUTEX, l, l->id.name);
    list_add_tail(&l->waiters, &waiter.link);
    while (!waiter.granted) {
        /* Uninterruptible: holders always finish, and callers count on it. */
        __atomic_store_n(&self->state, THREAD_BLOCKED, __ATOMIC_SEQ_CST);
        spin_unlock(&l->lock);
        sched_block();
        spin_lock(&l->lock);
    }
    spin_unlock(&l->lock);
}

static inline void take(struct rwlock *l, bool writes,
                        enum lockcheck_nesting nesting)
{
    struct thread *self = thread_current();

    sleep_lock_before(&l->id, self, nesting);
    if (unlikely(!try_take(l, writes)))
        lock_slow(l, self, writes);
    if (writes)
        l->writer = self;
    sleep_lock_taken(&l->id, self);
}

void rwlock_read_lock(struct rwlock *l) NO_LOCK_ANALYSIS
{
    take(l, false, LOCKCHECK_ALONE);
}

void rwlock_write_lock(struct rwlock *l) NO_LOCK_ANALYSIS
{
    take(l, true, LOCKCHECK_ALONE);
}

void rwlock_write_lock_nested(struct rwlock *l) NO_LOCK_ANALYSIS
{
    take(l, true, LOCKCHECK_NESTED);
}

/* Nobody holds the lock and somebody waits: the first writer gets it, or all
 * readers in front of the first writer. */
static void hand_over(struct rwlock *l)
{
    struct rwlock_waiter *w;
    uint64_t state = 0;

    spin_lock(&l->lock);
    do {
        w = list_first_entry(&l->waiters, struct rwlock_waiter, link);
        if (w->writes && state != 0)
            break;
        list_remove(&w->link);
        state += w->writes ? WRITER : READER;
        w->granted = true;
        sched_wake(w->thread);
    } while (!w->writes && !list_is_empty(&l->waiters));
    if (!list_is_empty(&l->waiters))
        state |= WAITERS;
    __atomic_store_n(&l->state, state, __ATOMIC_SEQ_CST);
    spin_unlock(&l->lock);
}

void rwlock_read_unlock(struct rwlock *l) NO_LOCK_ANALYSIS
{
    sleep_lock_dropped(&l->id, thread_current(), l->writer);
    uint64_t state = __atomic_sub_fetch(&l->state, READER, __ATOMIC_SEQ_CST);
    if (unlikely(state == WAITERS))
        hand_over(l);
    sleep_lock_after();
}

void rwlock_write_unlock(struct rwlock *l) NO_LOCK_ANALYSIS
{
    uint64_t held = WRITER;

    sleep_lock_dropped(&l->id, thread_current(), l->writer);
    assert(l->writer == thread_current());
    l->writer = NULL;
    if (unlikely(!cas_state(l, &held, 0))) {
        __atomic_store_n(&l->state, WAITERS, __ATOMIC_SEQ_CST);
        hand_over(l);
    }
    sleep_lock_after();
}

bool rwlock_is_held(const struct rwlock *l)
{
    return __atomic_load_n(&l->writer, __ATOMIC_RELAXED) == thread_current();
}
