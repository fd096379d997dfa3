/*
 * They take turns, also when one of them does not want to.
 *
 * file: lib/sync/peterson.h
 * of: peterson_lock@7917a96acc2f
 * loses: peterson
 */
static inline void peterson_lock(struct peterson *p, unsigned me, bool fence)
{
    unsigned other = 1 - me, looks = 0;
    if (fence)
        __builtin_ia32_mfence();
    while (__atomic_load_n(&p->turn, __ATOMIC_ACQUIRE) == other)
        sync_relax(&looks);
    __atomic_store_n(&p->turn, other, __ATOMIC_RELEASE);
}
