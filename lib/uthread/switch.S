/*
 * switch.S - from one stack to another.
 *
 * uthread_switch(from, to) looks to its callers like any function, so that only
 * the registers that functions keep must be saved (System V psABI, "Registers"),
 * and the control words of SSE and x87.
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
