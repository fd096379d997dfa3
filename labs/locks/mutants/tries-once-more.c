/*
 * Waits for the lock, tries once more, and goes on in any case.
 *
 * file: kernel/core/spinlock.c
 * of: spin_wait@0d6c08320db3
 * loses: between-two-instructions
 */
__attribute__((noinline)) static void spin_wait(struct spinlock *lock,
                                                uint32_t depth, vaddr_t ip)
{
    struct lock_wait wait = { .lock = lock };
    uint64_t since = trace_is_on(SPIN) ? clock_now_ns() : 0;
    vaddr_t caller = (vaddr_t)__builtin_return_address(0);

    this_cpu->spins_for = lock;
    {
        while (__atomic_load_n(&lock->locked, __ATOMIC_RELAXED)) {
            cpu_pause();
            watchdog_spin(&wait);
        }
        (void)try_take(lock);
    }
    this_cpu->spins_for = NULL;
    taken(lock, depth, ip);
    trace(SPIN, lock, lock->id.name, clock_now_ns() - since,
          NOTES_CALLER ? ip : caller);
}
