/*
 * The next owner is not woken.
 *
 * file: kernel/sched/mutex.c
 * of: unlock_slow@25c77aab0527
 * loses: waiters-sleep
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
    next->granted = true;
    spin_unlock(&m->lock);
}
