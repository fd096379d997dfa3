/*
 * A carrier that is woken at the end goes to sleep again.
 *
 * file: lib/uthread/virtual.c
 * of: next@d58a5237cd0e
 * loses: work-is-stolen
 */
static struct uthread *next(struct carrier *c)
{
    struct uthread *t = find(c);

    if (t)
        return t;
    pthread_mutex_lock(&lock);
    for (;;) {
        __atomic_store_n(&idle, idle + 1, __ATOMIC_RELAXED);
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        t = take_common_locked();
        if (!t)
            t = steal(c);
        if (!t)
            pthread_cond_wait(&work, &lock);
        __atomic_store_n(&idle, idle - 1, __ATOMIC_RELAXED);
        if (t)
            break;
    }
    pthread_mutex_unlock(&lock);
    return t;
}
