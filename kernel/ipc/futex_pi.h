/*
 * ipc/futex_pi.h - locks that somebody waits for, and their owners.
 *
 * Locks: everything here is guarded by futex_owner_lock, which is taken inside
 *   the bucket of the lock's word.
 */
#pragma once

#include "ipc/futex_table.h"

extern struct spinlock futex_owner_lock;

/*
 * A lock for which at least one thread waits.  Lock key: [P] futex_owner_lock
 * Its users are the waiters in the bucket that point to it: those in `waiters`
 * and the one that has just become its owner and has not left yet.
 */
struct futex_pi {
    struct thread *owner;        /* [P] */
    struct list_node owned_link; /* [P] in owner->futex.owned */
    struct list_node waiters;    /* [P] by priority, then by arrival */
    uint32_t users;              /* [P] */
    bool word_is_stale;          /* [P] names a dead owner: the new one, which
                                    can reach the word, will write it */
};

__must_check struct futex_pi *futex_pi_alloc(void);
void futex_pi_free(struct futex_pi *pi); /* NULL is fine */

/* Begin and end to keep a lock that `owner` owns; it has no users. */
void futex_pi_start_locked(struct futex_pi *pi, struct thread *owner)
    MUST_HOLD(futex_owner_lock);
void futex_pi_stop_locked(struct futex_pi *pi) MUST_HOLD(futex_owner_lock);

/* Let `w` wait for the lock; its owner inherits the priority, and who that
 * waits for as well.  0, or -EDEADLK if the owner waits for w's thread. */
__must_check int futex_pi_join_locked(struct futex_pi *pi,
                                      struct futex_waiter *w)
    MUST_HOLD(futex_owner_lock);

/* Give up waiting: the opposite of join, but `w` stays a user. */
void futex_pi_withdraw_locked(struct futex_waiter *w)
    MUST_HOLD(futex_owner_lock);

/* Make the most urgent waiter, of which there must be one, the owner and wake
 * it. */
void futex_pi_grant_locked(struct futex_pi *pi) MUST_HOLD(futex_owner_lock);

/* Who is that? */
struct futex_waiter *futex_pi_first_locked(const struct futex_pi *pi)
    MUST_HOLD(futex_owner_lock);
