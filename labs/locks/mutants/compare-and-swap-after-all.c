/*
 * Both flags as one word, for compare-and-swap: it keeps them apart, and who
 * waits may wait for ever.
 *
 * file: lib/sync/peterson.h
 * of: peterson_lock@7917a96acc2f
 * loses: peterson
 */
static inline void peterson_lock(struct peterson *p, unsigned me, bool fence)
{
    unsigned long free = 0, mine = 1ul << (32 * me);
    unsigned looks = 0;
    (void)fence;
    while (!__atomic_compare_exchange_n((unsigned long *)p->wants, &free, mine,
                                        false, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED)) {
        free = 0;
        sync_relax(&looks);
    }
}
