/*
 * Makes the mutex free and wakes one, who finds it taken again by who is quicker.
 *
 * file: kernel/sched/mutex.c
 * of: lock_slow@c0a56766cc75 unlock_slow@25c77aab0527
 * loses: first-come-first-served
 */
static void lock_slow(struct mutex *m, struct thread *self)
{
    struct mutex_waiter waiter = { .thread = self };

    assert(owner_of(m) != self);
    spin_lock(&m->lock);
    if (take_or_mark(m, self)) {
        spin_unlock(&m->lock);
        return;
    }
    /* The owner needs m->lock to let go: it is there as long as we hold it. */
    trace(MUTEX, m, m->id.name, trace_tid(owner_of(m)));
    list_add_tail(&m->waiters, &waiter.link);
    for (;;) {
        /* Uninterruptible: holders always finish, and callers count on it. */
        __atomic_store_n(&self->state, THREAD_BLOCKED, __ATOMIC_SEQ_CST);
        spin_unlock(&m->lock);
        sched_block();
        spin_lock(&m->lock);
        if (!waiter.granted)
            continue;
        waiter.granted = false;
        if (take_or_mark(m, self))
            break;
        list_add_head(&m->waiters, &waiter.link);
    }
    if (!list_is_empty(&m->waiters))
        m->owner = (struct thread *)((uintptr_t)self | WAITERS_BIT);
    spin_unlock(&m->lock);
}

static void unlock_slow(struct mutex *m)
{
    spin_lock(&m->lock);
    struct mutex_waiter *next =
        list_first_entry(&m->waiters, struct mutex_waiter, link);
    list_remove(&next->link);
    __atomic_store_n(&m->owner, NULL, __ATOMIC_SEQ_CST);
    next->granted = true;
    sched_wake(next->thread);
    spin_unlock(&m->lock);
}
