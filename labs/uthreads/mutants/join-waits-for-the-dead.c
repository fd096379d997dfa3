/*
 * A thread that has ended already is waited for, too.
 *
 * file: lib/uthread/uthread.c
 * of: uthread_join@249e9c6a2019
 * loses: join
 */
void *uthread_join(struct uthread *t)
{
    uthread_hold();
    uthread_lock(&t->lock);
    t->joiner = uthread_self();
    uthread_engine->park(&t->lock);
    uthread_lock(&t->lock); /* it has left its stack */
    uthread_unlock(&t->lock);
    void *result = t->result;
    uthread_free(t);
    uthread_release();
    return result;
}
