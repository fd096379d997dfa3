/*
 * labs/locks/holes.c - what the student starts from: locks for one CPU.
 *
 * The spinlock looks and then takes, which is enough where nobody else runs
 * meanwhile: interrupts are off. Who finds a mutex taken asks again and again.
 * Peterson's lock keeps nobody out.
 */

static inline bool try_take(struct spinlock *lock)
{
    if (lock->locked)
        return false;
    lock->locked = this_cpu->lock_mark;
    return true;
}

__attribute__((noinline)) static void spin_wait(struct spinlock *lock,
                                                uint32_t depth, vaddr_t ip)
{
    taken(lock, depth, ip);
}

static void lock_slow(struct mutex *m, struct thread *self)
{
    while (!cas_owner(m, 0, (uintptr_t)self))
        sched_yield();
}

static void unlock_slow(struct mutex *m)
{
    __atomic_store_n(&m->owner, NULL, __ATOMIC_SEQ_CST);
}

static inline void peterson_lock(struct peterson *p, unsigned me, bool fence)
{
    (void)p;
    (void)me;
    (void)fence;
}
