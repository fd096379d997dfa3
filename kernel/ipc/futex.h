/*
 * ipc/futex.h - wait for a word of user memory to change, and wake who waits;
 * locks whose owners inherit the priority of those who wait.
 *
 * A private word is named by address space and address; a shared one by its
 * place in what is mapped there, so that several processes can mean it.
 * All calls act for the current thread, may sleep, and fail with -EFAULT or
 * -EINVAL (not aligned) besides what is said.
 */
#pragma once

#include "core/types.h"

struct thread;

/* One futex() call that waits. */
struct futex_wait {
    vaddr_t address;
    uint32_t expected; /* the word's value for which to sleep */
    uint32_t bitset;   /* not 0: which wake-ups to take */
    bool is_shared;
    uint64_t deadline; /* clock_now_ns(), or WAIT_FOREVER */
};

/* One futex() call about two words. */
struct futex_pair {
    vaddr_t from, to;
    bool is_shared;
    bool has_expected;
    uint32_t expected; /* what `from` must hold if has_expected */
    int wake;          /* how many wake up */
    int move;          /* how many more wait at `to` afterwards */
};

/*
 * Sleep if the word has the expected value, until futex_wake(), the deadline
 * or a signal.  Returns 0, -EAGAIN (another value), -ETIMEDOUT, -EINTR.
 */
__must_check int futex_wait(const struct futex_wait *request);

/*
 * The same for `count` words at once (their deadlines do not count): sleep
 * until woken at one of them.  Returns which, or -ENOMEM and as above.
 */
__must_check int futex_wait_any(const struct futex_wait *requests,
                                unsigned count, uint64_t deadline);

/* Wake `count` (at least one) of those that wait at the word with a bit of
 * `bitset`: real-time threads by priority, then others, longest waiting first.
 * Returns how many, or -EINVAL if one waits for a lock with an owner. */
int64_t futex_wake(vaddr_t address, bool is_shared, int count, uint32_t bitset);

/* Wake some that wait at one word and let others wait at a second one instead.
 * Returns how many of both, or -EAGAIN if the first has not the expected
 * value. */
int64_t futex_requeue(const struct futex_pair *pair);

/* Change the second word as `operation` says (FUTEX_OP of abi/futex.h), wake
 * pair->wake at the first word and, if the old value compares, pair->move at
 * the second.  Returns how many, or -ENOSYS for an unknown operation. */
int64_t futex_wake_op(const struct futex_pair *pair, uint32_t operation);

/*
 * Own the lock in the word, which holds 0 or its owner's thread number.
 * Waits until `deadline` unless `is_try`.  Returns 0, -EDEADLK, -EAGAIN (try:
 * somebody owns it), -ESRCH (nobody has that number), -EINVAL (word and
 * kernel disagree), -ETIMEDOUT, -EINTR, -ENOMEM.
 */
__must_check int futex_pi_lock(vaddr_t address, bool is_shared,
                               uint64_t deadline, bool is_try);

/* Give the lock to the most urgent waiter, or free it.  Returns 0, -EPERM (not
 * the owner), -EINVAL (word and kernel disagree), -EAGAIN (it changes). */
__must_check int futex_pi_unlock(vaddr_t address, bool is_shared);

/* As futex_wait(), but to be moved to the lock `lock` by futex_pi_requeue(),
 * and to own it at return.  -EAGAIN also after a signal in the second wait,
 * -EINTR after one in the first. */
__must_check int futex_pi_wait_requeue(const struct futex_wait *request,
                                       vaddr_t lock);

/* Let pair->wake (which is 1) or none of those in futex_pi_wait_requeue() own
 * the lock pair->to, and up to pair->move more wait for it.  Returns how many,
 * or an error of futex_requeue() or futex_pi_lock(). */
int64_t futex_pi_requeue(const struct futex_pair *pair);

/*
 * The current thread ends: what its list of locks names is marked and one
 * waiter for each is woken, and locks that pass priorities on get new owners.
 * Nobody can wait for it afterwards.  Its address space is still there.
 */
void futex_thread_exit(struct thread *thread);

/* The same for a thread that goes on with another program. */
void futex_thread_exec(struct thread *thread);

/* Set by proc: call act(thread, argument) for the thread with this number,
 * which stays as it is during the call; NULL if there is none.  Locks: takes
 * process_tree_lock. */
extern void (*futex_with_thread)(int32_t tid,
                                 void (*act)(struct thread *thread,
                                             void *argument),
                                 void *argument);

/* Boot. */
void futex_init(void);

/* The priority of `thread` has changed: if it waits for a lock with an owner, it
 * gets another place, and the owner inherits accordingly. */
void futex_pi_priority_changed(struct thread *thread);
