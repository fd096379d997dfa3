/*
 * All new threads begin on one stack.
 *
 * file: lib/uthread/carrier.c
 * of: prepare@62c29b4a1e88
 * loses: a-thread-starts
 */
static void prepare(struct uthread *t)
{
    static char stack[8192] __attribute__((aligned(64)));
    struct first_frame *frame = (struct first_frame *)(stack + 8192) - 1;

    *frame = (struct first_frame){ .begin = uthread_begin };
    __asm__("stmxcsr %0" : "=m"(frame->mxcsr));
    __asm__("fnstcw %0" : "=m"(frame->x87_control));
    t->sp = frame;
}
