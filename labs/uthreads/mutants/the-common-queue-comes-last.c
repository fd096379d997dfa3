/*
 * What is in the common queue waits until the carrier has nothing else.
 *
 * file: lib/uthread/virtual.c
 * of: find@a72a3fb0c9f1
 * loses: nobody-starves
 */
static struct uthread *find(struct carrier *c)
{
    struct uthread *t = NULL;

    if (++c->picks == 0) {
        t = take_common();
        if (!t)
            t = steal(c);
    }
    if (!t)
        t = ring_take(&rings[c->number]);
    if (!t)
        t = take_common();
    return t ? t : steal(c);
}
