/*
 * lib/c/latch.c - the slow half of latches: sleeping and waking.
 *
 * Idea: who has to wait sets 2 before sleeping, and takes the latch as 2 when
 *       it was free, because it cannot know whether others sleep as well: at
 *       worst the holder wakes nobody once.
 */
#include "latch.h"

#include "futex.h"

bool libc_threaded;

void libc_latch_wait(struct latch *latch)
{
    while (__atomic_exchange_n(&latch->word, 2, __ATOMIC_ACQUIRE) != 0)
        futex_wait(&latch->word, 2, false);
}

void libc_latch_wake(struct latch *latch)
{
    futex_wake(&latch->word, 1, false);
}
