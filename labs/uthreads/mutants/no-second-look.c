/*
 * Work that came between the look and the sleep is not seen.
 *
 * file: lib/uthread/virtual.c
 * of: next@d58a5237cd0e
 * loses: no-wake-is-lost
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
        if (!t && !uthread_carriers_stopping()) {
            pthread_cond_wait(&work, &lock);
            t = steal(c);
        }
        __atomic_store_n(&idle, idle - 1, __ATOMIC_RELAXED);
        if (t || uthread_carriers_stopping())
            break;
    }
    pthread_mutex_unlock(&lock);
    return t;
}
