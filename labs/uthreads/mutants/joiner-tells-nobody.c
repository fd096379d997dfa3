/*
 * The one who waits is not noted down, so nobody wakes it.
 *
 * file: lib/uthread/uthread.c
 * of: uthread_join@249e9c6a2019
 * loses: join
 */
void *uthread_join(struct uthread *t)
{
    uthread_hold();
    uthread_lock(&t->lock);
    if (!t->done) {
        uthread_engine->park(&t->lock);
        uthread_lock(&t->lock); /* it has left its stack */
    }
    uthread_unlock(&t->lock);
    void *result = t->result;
    uthread_free(t);
    uthread_release();
    return result;
}
