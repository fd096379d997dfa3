/*
 * x86/switch.S - switch_context(struct thread *from, struct thread *to).
 *
 *   1. Push the callee-saved registers on from's kernel stack: the C caller
 *      expects only those to survive a call [SysV ABI "Register Usage"].
 *   2. Keep rsp in from->saved_rsp, take to->saved_rsp.
 *   3. Pop to's registers and return to where it called switch_context.
 *
 * Called with the run queue locked, interrupts off.
 */
#include "asm-offsets.h"

    .text
    .globl switch_context
switch_context:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, THREAD_SAVED_RSP(%rdi)
    movq THREAD_SAVED_RSP(%rsi), %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret

    .section .note.GNU-stack, "", @progbits
