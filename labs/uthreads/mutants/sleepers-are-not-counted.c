/*
 * Who adds work does not hear that a carrier sleeps.
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
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        t = take_common_locked();
        if (!t)
            t = steal(c);
        if (!t && !uthread_carriers_stopping())
            pthread_cond_wait(&work, &lock);
        if (t || uthread_carriers_stopping())
            break;
    }
    pthread_mutex_unlock(&lock);
    return t;
}
