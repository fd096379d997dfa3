/*
 * The stack of a thread that was joined stays.
 *
 * file: lib/uthread/uthread.c
 * of: uthread_join@249e9c6a2019
 * loses: stacks-come-back
 */
void *uthread_join(struct uthread *t)
{
    uthread_hold();
    uthread_lock(&t->lock);
    if (!t->done) {
        t->joiner = uthread_self();
        uthread_engine->park(&t->lock);
        uthread_lock(&t->lock); /* it has left its stack */
    }
    uthread_unlock(&t->lock);
    void *result = t->result;
    uthread_release();
    return result;
}
