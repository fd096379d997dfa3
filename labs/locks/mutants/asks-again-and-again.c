/*
 * Who waits stays ready and asks again and again.
 *
 * file: kernel/sched/mutex.c
 * of: lock_slow@c0a56766cc75
 * loses: waiters-sleep
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
    while (!waiter.granted) {
        /* Uninterruptible: holders always finish, and callers count on it. */
        spin_unlock(&m->lock);
        sched_yield();
        spin_lock(&m->lock);
    }
    spin_unlock(&m->lock);
}
