/*
 * The ring is a stack: who yields is the next to run.
 *
 * file: lib/uthread/virtual.c
 * of: ring_take@2e7f5ff4525d
 * loses: nobody-starves
 */
static struct uthread *ring_take(struct ring *r)
{
    static struct uthread_lock taking;
    struct uthread *t = NULL;

    uthread_lock(&taking);
    if (r->head != r->tail)
        t = r->slots[--r->tail % RING_SLOTS];
    uthread_unlock(&taking);
    return t;
}
