/*
 * ipc/futex_table.h - who waits at which word; shared by the futex*.c files.
 *
 * Locks: bucket->lock, and inside it futex_owner_lock (futex_pi.c).  A word of
 *   user memory is read and changed under its bucket's lock with faults
 *   switched off; who meets one drops the locks, faults the page in, and looks
 *   at everything again.
 */
#pragma once

#include "base/list.h"
#include "core/spinlock.h"
#include "ipc/futex.h"

struct futex_pi;

/* Whose word: of an address space, or of a mapping, which has a number of its
 * own.  The low bits of `place` tell which, as words are aligned. */
struct futex_key {
    uint64_t object;
    uint64_t place;
};

/* Lock key: [L] this->lock */
struct futex_bucket {
    struct spinlock lock;
    struct list_node waiters; /* [L] by priority, then in order of arrival */
};

/*
 * A sleeping thread, on its stack.
 * Lock key: [I] set at creation  [B] lock of `bucket`  [P] futex_owner_lock; two
 *           letters: both are held to write
 */
struct futex_waiter {
    struct list_node link;          /* [B] */
    struct futex_bucket *bucket;    /* [B] read without, to find the lock */
    struct futex_key key;           /* [B] */
    struct thread *thread;          /* [I] */
    uint32_t bitset;                /* [I] */
    int priority;                   /* [I] orders the bucket */
    bool woken;                     /* [B] and off the list; with pi [P] */
    const struct futex_key *target; /* [I] lock it will wait for, or NULL */
    struct futex_pi *pi;            /* [BP] lock it waits for or was given */
    struct list_node pi_link;       /* [P] in pi->waiters */
    int pi_priority;                /* [P] orders them */
};

/* Name the word.  `access` is VM_WRITE if it will be changed.  Returns 0,
 * -EINVAL (not aligned), -EFAULT.  Context: may sleep. */
__must_check int futex_get_key(vaddr_t address, bool is_shared, uint32_t access,
                               struct futex_key *key);

static inline bool futex_same_key(const struct futex_key *a,
                                  const struct futex_key *b)
{
    return a->object == b->object && a->place == b->place;
}

struct futex_bucket *futex_bucket_of(const struct futex_key *key);

/* Two buckets, which may be one. */
void futex_lock_two(struct futex_bucket *a, struct futex_bucket *b)
    ACQUIRES(a->lock, b->lock);
void futex_unlock_two(struct futex_bucket *a, struct futex_bucket *b)
    RELEASES(a->lock, b->lock);

/* The first that waits at the word, or NULL. */
struct futex_waiter *futex_first_locked(struct futex_bucket *bucket,
                                        const struct futex_key *key)
    MUST_HOLD(bucket->lock);

/* Add a waiter, which is on no list, with its key. */
void futex_enqueue_locked(struct futex_bucket *bucket,
                          struct futex_waiter *waiter) MUST_HOLD(bucket->lock);

/* End the wait of `waiter`, which is in a locked bucket. */
void futex_end_wait_locked(struct futex_waiter *waiter);

/* Wake up to `count`, at least one.  Returns how many or -EINVAL. */
int64_t futex_wake_locked(struct futex_bucket *bucket,
                          const struct futex_key *key, int count,
                          uint32_t bitset) MUST_HOLD(bucket->lock);

/* A waiter for the current thread. */
void futex_waiter_init(struct futex_waiter *waiter, uint32_t bitset);

/* Make `waiter` wait at request's word if that has the expected value.  0 with
 * waiter->bucket locked, or -errno. */
__must_check int futex_begin_wait(const struct futex_wait *request,
                                  struct futex_waiter *waiter);

/* Lock the bucket that the waiter is in, and return it. */
struct futex_bucket *futex_lock_bucket_of(struct futex_waiter *waiter);

/* Sleep until woken, or given another lock to wait for.  Returns 0, -ETIMEDOUT,
 * -EINTR.  Locks: waiter->bucket is locked before and after. */
int futex_sleep(struct futex_waiter *waiter, uint64_t deadline);

/* futex_pi.c and futex_pi_lock.c */
void futex_pi_init(void);
/* The locks of an ending thread get new owners. */
void futex_pi_thread_exit(struct thread *thread, bool is_last);
