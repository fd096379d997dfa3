/*
 * Hands the mutex over as if somebody waited behind, also to the last.
 *
 * file: kernel/sched/mutex.c
 * of: unlock_slow@25c77aab0527
 * loses: no-wake-up-is-lost
 */
static void unlock_slow(struct mutex *m)
{
    spin_lock(&m->lock);
    if (list_is_empty(&m->waiters)) {
        __atomic_store_n(&m->owner, NULL, __ATOMIC_SEQ_CST);
        spin_unlock(&m->lock);
        return;
    }
    struct mutex_waiter *next =
        list_first_entry(&m->waiters, struct mutex_waiter, link);
    list_remove(&next->link);
    uintptr_t owner = (uintptr_t)next->thread;
    owner |= WAITERS_BIT;
    __atomic_store_n(&m->owner, (struct thread *)owner, __ATOMIC_SEQ_CST);
    next->granted = true;
    sched_wake(next->thread);
    spin_unlock(&m->lock);
}
