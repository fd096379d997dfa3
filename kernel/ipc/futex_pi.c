/*
 * ipc/futex_pi.c - owners inherit the priority of those who wait for them.
 *
 * 1 Idea      A thread of low priority that owns a lock for which an urgent one
 *             waits must not be kept from the CPU by those between them: until
 *             it gives the lock away it runs with the priority of its most
 *             urgent waiter.  If it waits for a lock itself, that lock's owner
 *             inherits too, and so on.
 * 2 States    A lock is known here while somebody waits for it.  It always has
 *             an owner, whose thread lists it; a waiter waits for one lock.  So
 *             threads and locks form trees, and a lock that would close a circle
 *             is refused: EDEADLK.
 * 3 Locking   One lock for all, as a chain leads from any lock to any other.
 * 4 Failure   A thread that ends gives all it owns to the next waiters, which
 *             write themselves into the words: only they can reach them.
 *             So no pointer to a thread outlives it.
 * 5 Elsewhere Linux has a lock for each lock and each thread, walks the chain
 *             holding two of them at a time, and passes nice values on as well.
 *
 * Next: futex_pi_lock.c, the operations.
 */
#include "ipc/futex_pi.h"

#include "abi/errno.h"
#include "abi/sched.h"
#include "core/panic.h"
#include "mem/slab.h"
#include "sched/sched.h"

/* A longer chain is taken for a circle, as on Linux. */
enum { CHAIN_MAX = 1024 };

struct spinlock futex_owner_lock = SPINLOCK_INIT("futex owners", RANK_FUTEX_PI);

static struct slab_cache pi_cache;

void futex_pi_init(void)
{
    slab_cache_init(&pi_cache, "futex_pi", sizeof(struct futex_pi));
}

struct futex_pi *futex_pi_alloc(void)
{
    return slab_alloc_zeroed(&pi_cache);
}

void futex_pi_free(struct futex_pi *pi)
{
    if (pi)
        slab_free(&pi_cache, pi);
}

struct futex_waiter *futex_pi_first_locked(const struct futex_pi *pi)
{
    return list_is_empty(&pi->waiters)
               ? NULL
               : list_first_entry(&pi->waiters, struct futex_waiter, pi_link);
}

static void insert_locked(struct futex_pi *pi, struct futex_waiter *w)
{
    struct list_node *place = &pi->waiters;
    struct futex_waiter *other;

    w->pi_priority = (int)sched_priority_of(w->thread);
    list_for_each (other, &pi->waiters, pi_link) {
        if (other->pi_priority < w->pi_priority) {
            place = &other->pi_link;
            break;
        }
    }
    list_add_before(place, &w->pi_link);
}

/* The highest priority of those that wait for a lock of `t`. */
static int highest_waiting_locked(const struct thread *t)
    MUST_HOLD(futex_owner_lock);
static int highest_waiting_locked(const struct thread *t)
{
    const struct futex_pi *pi;
    int highest = 0;

    list_for_each (pi, &t->futex.owned, owned_link) {
        const struct futex_waiter *first = futex_pi_first_locked(pi);
        if (first)
            highest = MAX(highest, first->pi_priority);
    }
    return highest;
}

/* Those that wait for `t` have changed: pass it on along the chain. */
static void inherit_locked(struct thread *t) MUST_HOLD(futex_owner_lock);
static void inherit_locked(struct thread *t)
{
    for (;;) {
        if (!sched_inherit(t, (unsigned)highest_waiting_locked(t)))
            return;
        struct futex_waiter *w = t->futex.waits;
        if (!w)
            return;
        list_remove(&w->pi_link);
        insert_locked(w->pi, w);
        t = w->pi->owner;
    }
}

static bool closes_circle_locked(const struct thread *t,
                                 const struct thread *owner)
    MUST_HOLD(futex_owner_lock);
static bool closes_circle_locked(const struct thread *t,
                                 const struct thread *owner)
{
    for (int i = 0; i < CHAIN_MAX; i++) {
        if (owner == t)
            return true;
        if (!owner->futex.waits)
            return false;
        owner = owner->futex.waits->pi->owner;
    }
    return true;
}

static void set_owner_locked(struct futex_pi *pi, struct thread *owner)
    MUST_HOLD(futex_owner_lock);
static void set_owner_locked(struct futex_pi *pi, struct thread *owner)
{
    pi->owner = owner;
    list_add_tail(&owner->futex.owned, &pi->owned_link);
}

void futex_pi_start_locked(struct futex_pi *pi, struct thread *owner)
{
    list_init(&pi->waiters);
    pi->users = 0;
    pi->word_is_stale = false;
    set_owner_locked(pi, owner);
}

void futex_pi_stop_locked(struct futex_pi *pi)
{
    assert(pi->users == 0 && list_is_empty(&pi->waiters));
    list_remove(&pi->owned_link);
}

int futex_pi_join_locked(struct futex_pi *pi, struct futex_waiter *w)
{
    if (closes_circle_locked(w->thread, pi->owner))
        return -EDEADLK;
    w->pi = pi;
    pi->users++;
    w->thread->futex.waits = w;
    insert_locked(pi, w);
    inherit_locked(pi->owner);
    return 0;
}

void futex_pi_withdraw_locked(struct futex_waiter *w)
{
    list_remove(&w->pi_link);
    w->thread->futex.waits = NULL;
    inherit_locked(w->pi->owner);
}

void futex_pi_priority_changed(struct thread *t)
{
    spin_lock(&futex_owner_lock);
    struct futex_waiter *w = t->futex.waits;
    if (w) {
        list_remove(&w->pi_link);
        insert_locked(w->pi, w);
        inherit_locked(w->pi->owner);
    }
    spin_unlock(&futex_owner_lock);
}

void futex_pi_grant_locked(struct futex_pi *pi)
{
    struct futex_waiter *next = futex_pi_first_locked(pi);
    struct thread *before = pi->owner;

    assert(next);
    list_remove(&next->pi_link);
    next->thread->futex.waits = NULL;
    list_remove(&pi->owned_link);
    set_owner_locked(pi, next->thread);
    next->woken = true;
    inherit_locked(next->thread);
    sched_wake(next->thread);
    inherit_locked(before);
}

/* True while there was something to give away. */
static bool give_one_away(struct thread *t, bool is_last)
{
    spin_lock(&futex_owner_lock);
    bool found = !list_is_empty(&t->futex.owned);
    if (found) {
        struct futex_pi *pi =
            list_first_entry(&t->futex.owned, struct futex_pi, owned_link);
        pi->word_is_stale = true;
        futex_pi_grant_locked(pi);
    } else {
        t->futex.has_ended = is_last;
    }
    spin_unlock(&futex_owner_lock);
    return found;
}

void futex_pi_thread_exit(struct thread *t, bool is_last)
{
    while (give_one_away(t, is_last))
        ;
}
