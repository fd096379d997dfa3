/*
 * The newest waiter is the first to get the mutex.
 *
 * file: kernel/sched/mutex.c
 * of: lock_slow@c0a56766cc75
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
    list_add_head(&m->waiters, &waiter.link);
    while (!waiter.granted) {
        /* Uninterruptible: holders always finish, and callers count on it. */
        __atomic_store_n(&self->state, THREAD_BLOCKED, __ATOMIC_SEQ_CST);
        spin_unlock(&m->lock);
        sched_block();
        spin_lock(&m->lock);
    }
    spin_unlock(&m->lock);
}
