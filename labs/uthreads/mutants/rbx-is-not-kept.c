/*
 * One register that a function keeps for its caller is lost; the picture on the
 * stack is as long as before.
 *
 * file: lib/uthread/context.c
 * of: uthread_switch@9d16c3c06dff
 * loses: registers
 */
__attribute__((naked)) void uthread_switch(void **from, void *to)
{
    __asm__("push %rbp\n\t"
            "push %rbx\n\t"
            "push %r12\n\t"
            "push %r13\n\t"
            "push %r14\n\t"
            "push %r15\n\t"
            "sub $8, %rsp\n\t"
            "stmxcsr (%rsp)\n\t"
            "fnstcw 4(%rsp)\n\t"
            "mov %rsp, (%rdi)\n\t"

            "mov %rsi, %rsp\n\t"
            "ldmxcsr (%rsp)\n\t"
            "fldcw 4(%rsp)\n\t"
            "add $8, %rsp\n\t"
            "pop %r15\n\t"
            "pop %r14\n\t"
            "pop %r13\n\t"
            "pop %r12\n\t"
            "pop %rcx\n\t"
            "pop %rbp\n\t"
            "ret");
}
