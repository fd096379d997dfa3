/*
 * The first function runs on a stack that is 8 bytes off.
 *
 * file: lib/uthread/carrier.c
 * of: prepare@62c29b4a1e88
 * loses: a-thread-starts
 */
static void prepare(struct uthread *t)
{
    struct first_frame *frame =
        (struct first_frame *)((char *)t - sizeof(*frame) - 8);

    *frame = (struct first_frame){ .begin = uthread_begin };
    __asm__("stmxcsr %0" : "=m"(frame->mxcsr));
    __asm__("fnstcw %0" : "=m"(frame->x87_control));
    t->sp = frame;
}
