/*
 * lib/c/crt0.S - the first instructions of every program.
 *
 * exec leaves at the stack pointer, upwards: argc, the argv pointers, NULL,
 * the environment pointers, NULL, the auxiliary vector.  rbp is cleared to end
 * the chain of frames for debuggers.  Read next: start.c.
 */
    .text
    .globl _start
    .type _start, @function
_start:
    xor     %ebp, %ebp
    mov     %rsp, %rdi      /* the vector described above */
    and     $-16, %rsp      /* as the ABI wants it before a call */
    call    libc_start
    hlt                     /* libc_start does not return */
    .size _start, . - _start

    .section .note.GNU-stack, "", @progbits
