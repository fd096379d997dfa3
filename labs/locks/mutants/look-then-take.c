/*
 * Looking and taking are two steps: two CPUs look, then both take.
 *
 * file: kernel/core/spinlock.c
 * of: try_take@ca057d8c89c7
 * loses: between-two-instructions
 */
static inline bool try_take(struct spinlock *lock)
{
    if (__atomic_load_n(&lock->locked, __ATOMIC_ACQUIRE))
        return false;
    __atomic_store_n(&lock->locked, this_cpu->lock_mark, __ATOMIC_RELEASE);
    return true;
}
