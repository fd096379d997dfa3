/*
 * Writes its mark and says that it has the lock, whoever had it.
 *
 * file: kernel/core/spinlock.c
 * of: try_take@ca057d8c89c7
 * loses: one-at-a-time
 */
static inline bool try_take(struct spinlock *lock)
{
    return __atomic_exchange_n(&lock->locked, this_cpu->lock_mark,
                               __ATOMIC_ACQUIRE) != this_cpu->lock_mark;
}
