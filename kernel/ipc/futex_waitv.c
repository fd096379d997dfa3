/*
 * ipc/futex_waitv.c - wait for several words at once.
 *
 * Idea:  a waiter for each word, all of one thread; the first that is woken
 *        ends the wait.  As no lock covers all lists, the thread marks itself as
 *        asleep first and looks at each waiter then: a waker that comes after
 *        the look finds it asleep.
 * Locks: the bucket of one waiter at a time.
 */
#include "abi/errno.h"
#include "ipc/futex_table.h"
#include "mem/slab.h"
#include "sched/sched.h"
#include "vm/address_space.h"

/* Take the waiters [0, count) off their lists.  The last that was woken, or
 * -1. */
static int leave_all(struct futex_waiter *w, unsigned count) NO_LOCK_ANALYSIS
{
    int woken = -1;

    for (unsigned i = 0; i < count; i++) {
        struct futex_bucket *b = futex_lock_bucket_of(&w[i]);
        if (w[i].woken)
            woken = (int)i;
        list_remove(&w[i].link);
        spin_unlock(&b->lock);
    }
    return woken;
}

static bool is_one_woken(struct futex_waiter *w,
                         unsigned count) NO_LOCK_ANALYSIS
{
    bool woken = false;

    for (unsigned i = 0; i < count && !woken; i++) {
        struct futex_bucket *b = futex_lock_bucket_of(&w[i]);
        woken = w[i].woken;
        spin_unlock(&b->lock);
    }
    return woken;
}

static int sleep_for_all(struct futex_waiter *w, unsigned count,
                         uint64_t deadline)
{
    struct waiter waiter;
    int err;

    waiter_init(&waiter);
    for (;;) {
        err = wait_prepare(NULL, &waiter, WAIT_INTERRUPTIBLE, deadline);
        if (err || is_one_woken(w, count))
            break;
        wait_sleep(&waiter, deadline);
    }
    wait_finish(&waiter);
    return err;
}

/* A word that has no name is an error, whatever the others hold. */
static int check_words(const struct futex_wait *requests, unsigned count)
{
    struct futex_key unused;
    int err = 0;

    for (unsigned i = 0; i < count && err == 0; i++)
        err = futex_get_key(requests[i].address, requests[i].is_shared, VM_READ,
                            &unused);
    return err;
}

int futex_wait_any(const struct futex_wait *requests, unsigned count,
                   uint64_t deadline) NO_LOCK_ANALYSIS
{
    int err = check_words(requests, count);
    unsigned entered;

    if (err)
        return err;
    struct futex_waiter *w = kmalloc(count * sizeof(*w));
    if (!w)
        return -ENOMEM;
    for (entered = 0; entered < count; entered++) {
        futex_waiter_init(&w[entered], requests[entered].bitset);
        err = futex_begin_wait(&requests[entered], &w[entered]);
        if (err)
            break;
        spin_unlock(&w[entered].bucket->lock);
    }
    if (err == 0)
        err = sleep_for_all(w, count, deadline);
    /* Who was woken reports that, whatever else happened. */
    int woken = leave_all(w, entered);
    kfree(w);
    return woken >= 0 ? woken : err;
}
