/*
 * context.c - from one stack to another.
 *
 * uthread_switch(from, to) looks to its callers like any function, so only what
 * a function keeps for its caller must be kept: rbx, rbp, r12 to r15, rsp, the
 * control bits of MXCSR and the control word of the x87 [SysV ABI "Registers"].
 * All other registers, the vector registers among them, the caller has saved.
 *
 * 1. push the registers                   the stack of a thread that does not
 * 2. store both control words             run, 8 bytes a line:
 * 3. store rsp at *from                         return address
 * 4. load the other one                         rbp rbx r12 r13 r14 r15
 * 5. undo 2. and 1. from there             sp ->  MXCSR (4), x87 word (2)
 *
 * carrier.c writes the same picture for a thread that has never run.
 */
#include "engine.h"

/* Naked: the compiler adds nothing, `from` is in rdi and `to` in rsi. */
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
            "pop %rbx\n\t"
            "pop %rbp\n\t"
            "ret");
}
