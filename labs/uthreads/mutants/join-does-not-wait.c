/*
 * What the thread has come to so far is taken for its result.
 *
 * file: lib/uthread/uthread.c
 * of: uthread_join@249e9c6a2019
 * loses: join
 */
void *uthread_join(struct uthread *t)
{
    uthread_hold();
    uthread_lock(&t->lock);
    uthread_unlock(&t->lock);
    void *result = t->result;
    if (t->done)
        uthread_free(t);
    uthread_release();
    return result;
}
