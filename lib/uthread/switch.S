/*
 * switch.S - from one stack to another.
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
    .text
    .globl uthread_switch
    .type uthread_switch, @function
uthread_switch:
    push %rbp
    push %rbx
    push %r12
    push %r13
    push %r14
    push %r15
    sub $8, %rsp
    stmxcsr (%rsp)
    fnstcw 4(%rsp)
    mov %rsp, (%rdi)

    mov %rsi, %rsp
    ldmxcsr (%rsp)
    fldcw 4(%rsp)
    add $8, %rsp
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbx
    pop %rbp
    ret
    .size uthread_switch, . - uthread_switch

    .section .note.GNU-stack, "", @progbits
