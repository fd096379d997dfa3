/*
 * lib/c/latch.h - the lock that guards data of the library.
 *
 * Idea:   a word: 0 free, 1 taken, 2 taken and someone may sleep on it.  With
 *         nobody else there taking and giving back are one compare-and-swap and
 *         one exchange; only the rest needs the kernel.
 *         As long as the process has had one thread there is nobody to keep
 *         out, and the two are plain stores.  They are not left out: the latch
 *         may still be held when the second thread starts.
 * Locks:  latches are taken in the order of fork.c.
 * Read next: mutex.c, which has the same algorithm for programs.
 */
#pragma once

#include <stdbool.h>

struct latch {
    unsigned word;
};

/* Set by the first pthread_create(); in the child of fork() clear again. */
extern bool libc_threaded;

void libc_latch_wait(struct latch *latch);
void libc_latch_wake(struct latch *latch);

/* Takes the latch; whoever holds it already must not. */
static inline void latch_lock(struct latch *latch)
{
    unsigned expected = 0;

    if (!libc_threaded)
        latch->word = 1;
    else if (!__atomic_compare_exchange_n(&latch->word, &expected, 1, false,
                                          __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        libc_latch_wait(latch);
}

/* Takes the latch if it is free. */
static inline bool latch_try(struct latch *latch)
{
    unsigned expected = 0;

    return __atomic_compare_exchange_n(&latch->word, &expected, 1, false,
                                       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static inline void latch_unlock(struct latch *latch)
{
    if (!libc_threaded)
        latch->word = 0;
    else if (__atomic_exchange_n(&latch->word, 0, __ATOMIC_RELEASE) == 2)
        libc_latch_wake(latch);
}
