/*
 * Both want to, and nobody lets the other one go first.
 *
 * file: lib/sync/peterson.h
 * of: peterson_lock@7917a96acc2f
 * loses: peterson
 */
static inline void peterson_lock(struct peterson *p, unsigned me, bool fence)
{
    unsigned other = 1 - me, looks = 0;
    __atomic_store_n(&p->wants[me], 1, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    if (fence)
        __builtin_ia32_mfence();
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    while (__atomic_load_n(&p->wants[other], __ATOMIC_ACQUIRE))
        sync_relax(&looks);
}
