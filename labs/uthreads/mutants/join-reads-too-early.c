/*
 * The result is read before the wait.
 *
 * file: lib/uthread/uthread.c
 * of: uthread_join@249e9c6a2019
 * loses: join
 */
void *uthread_join(struct uthread *t)
{
    uthread_hold();
    uthread_lock(&t->lock);
    void *result = t->result;
    if (!t->done) {
        t->joiner = uthread_self();
        uthread_engine->park(&t->lock);
        uthread_lock(&t->lock); /* it has left its stack */
    }
    uthread_unlock(&t->lock);
    uthread_free(t);
    uthread_release();
    return result;
}
