/*
 * The turn is given away before the flag is up.
 *
 * file: lib/sync/peterson.h
 * of: peterson_lock@7917a96acc2f
 * loses: peterson
 */
static inline void peterson_lock(struct peterson *p, unsigned me, bool fence)
{
    unsigned other = 1 - me, looks = 0;
    __atomic_store_n(&p->turn, other, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    __atomic_store_n(&p->wants[me], 1, __ATOMIC_RELAXED);
    if (fence)
        __builtin_ia32_mfence();
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    while (__atomic_load_n(&p->wants[other], __ATOMIC_ACQUIRE) &&
           __atomic_load_n(&p->turn, __ATOMIC_ACQUIRE) == other)
        sync_relax(&looks);
}
