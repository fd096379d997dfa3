/*
 * A new thread begins with all floating point exceptions let through.
 *
 * file: lib/uthread/carrier.c
 * of: prepare@62c29b4a1e88
 * loses: a-thread-starts
 */
static void prepare(struct uthread *t)
{
    struct first_frame *frame = (struct first_frame *)t - 1;

    *frame = (struct first_frame){ .begin = uthread_begin };
    t->sp = frame;
}
