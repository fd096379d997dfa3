/*
 * Wakes the next owner, and says only then, when it may sleep again, that it is its turn.
 *
 * file: kernel/sched/mutex.c
 * of: unlock_slow@25c77aab0527
 * loses: no-wake-up-is-lost
 */
static void unlock_slow(struct mutex *m)
{
    spin_lock(&m->lock);
    struct mutex_waiter *next =
        list_first_entry(&m->waiters, struct mutex_waiter, link);
    list_remove(&next->link);
    uintptr_t owner = (uintptr_t)next->thread;
    if (!list_is_empty(&m->waiters))
        owner |= WAITERS_BIT;
    __atomic_store_n(&m->owner, (struct thread *)owner, __ATOMIC_SEQ_CST);
    sched_wake(next->thread);
    spin_unlock(&m->lock);
    next->granted = true;
}
