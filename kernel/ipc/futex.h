/*
 * ipc/futex.h - wait for a word of user memory to change, and wake who waits.
 */
#pragma once

#include "core/types.h"

/* One futex() call that waits.  A private word is named by address space and
 * address; a shared one also by its place in what is mapped there. */
struct futex_wait {
    vaddr_t address;
    uint32_t expected; /* the word's value for which to sleep */
    uint32_t bitset;   /* not 0: which wake-ups to take */
    bool is_shared;
    uint64_t deadline; /* clock_now_ns(), or WAIT_FOREVER */
};

/*
 * Sleep if the word has the expected value, until futex_wake(), the deadline
 * or a signal.  Returns 0, -EAGAIN (another value), -EFAULT, -EINVAL (not
 * aligned), -ETIMEDOUT, -EINTR.  Context: may sleep.
 */
__must_check int futex_wait(const struct futex_wait *request);

/* Wake `count` (at least one) of those that wait at the word with a bit of
 * `bitset`, longest waiting first.  Returns how many, -EFAULT or -EINVAL. */
int64_t futex_wake(vaddr_t address, bool is_shared, int count, uint32_t bitset);

/* Boot. */
void futex_init(void);
