/*
 * It asks again and again instead of parking.
 *
 * file: lib/uthread/uthread.c
 * of: uthread_join@249e9c6a2019
 * loses: join
 */
void *uthread_join(struct uthread *t)
{
    uthread_hold();
    uthread_lock(&t->lock);
    while (!t->done) {
        uthread_unlock(&t->lock);
        uthread_engine->yield();
        uthread_lock(&t->lock);
    }
    uthread_unlock(&t->lock);
    void *result = t->result;
    uthread_free(t);
    uthread_release();
    return result;
}
