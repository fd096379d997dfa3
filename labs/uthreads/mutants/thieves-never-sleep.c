/*
 * A carrier that finds nothing looks again at once.
 *
 * file: lib/uthread/virtual.c
 * of: next@d58a5237cd0e
 * loses: idle-carriers-sleep
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
        if (!t && !uthread_carriers_stopping())
            pthread_mutex_unlock(&lock), pthread_mutex_lock(&lock);
        __atomic_store_n(&idle, idle - 1, __ATOMIC_RELAXED);
        if (t || uthread_carriers_stopping())
            break;
    }
    pthread_mutex_unlock(&lock);
    return t;
}
