/*
 * lib/c/jump.S - functions that C cannot express: setjmp and longjmp, vfork,
 * clone, the end of a thread without a stack, system calls that can be
 * cancelled, and the return from signal handlers.
 *
 * A jmp_buf holds the registers that a called function must preserve, the
 * stack pointer after the return of setjmp, and its return address.
 */
    .text

    .globl setjmp, _setjmp
    .type setjmp, @function
setjmp:
_setjmp:
    mov     %rbx, 0(%rdi)
    mov     %rbp, 8(%rdi)
    mov     %r12, 16(%rdi)
    mov     %r13, 24(%rdi)
    mov     %r14, 32(%rdi)
    mov     %r15, 40(%rdi)
    lea     8(%rsp), %rdx   /* as it will be after our return */
    mov     %rdx, 48(%rdi)
    mov     (%rsp), %rdx    /* our return address */
    mov     %rdx, 56(%rdi)
    xor     %eax, %eax
    ret
    .size setjmp, . - setjmp

    .globl longjmp, _longjmp
    .type longjmp, @function
longjmp:
_longjmp:
    mov     %esi, %eax
    cmp     $1, %eax        /* a value of 0 becomes 1: */
    adc     $0, %eax        /* 0 is the only one below 1, unsigned */
    mov     0(%rdi), %rbx
    mov     8(%rdi), %rbp
    mov     16(%rdi), %r12
    mov     24(%rdi), %r13
    mov     32(%rdi), %r14
    mov     40(%rdi), %r15
    mov     48(%rdi), %rsp
    jmp     *56(%rdi)
    .size longjmp, . - longjmp

/*
 * The child runs on the parent's stack and overwrites the return address
 * there, so it is kept in a register meanwhile.
 */
    .globl vfork
    .type vfork, @function
vfork:
    pop     %rdx
    mov     $58, %eax       /* SYS_vfork */
    syscall
    push    %rdx
    cmp     $-4096, %rax
    jbe     1f
    mov     %rax, %rdi
    jmp     __call_failed   /* sets errno and returns -1 */
1:  ret
    .size vfork, . - vfork

/*
 * int clone(function, stack, flags, arg, parent_tid, tls, child_tid): the
 * child finds function and argument on its new stack.
 */
    .globl clone
    .type clone, @function
clone:
    and     $-16, %rsi
    sub     $16, %rsi
    mov     %rdi, 0(%rsi)   /* function */
    mov     %rcx, 8(%rsi)   /* its argument */
    movslq  %edx, %rdi      /* flags */
    mov     %r8, %rdx       /* parent_tid */
    mov     %r9, %r8        /* tls */
    mov     8(%rsp), %r10   /* child_tid */
    mov     $56, %eax       /* SYS_clone */
    syscall
    test    %rax, %rax
    jz      2f
    jns     1f
    mov     %rax, %rdi
    jmp     __call_failed
1:  ret
2:  xor     %ebp, %ebp
    pop     %rax
    pop     %rdi
    call    *%rax
    mov     %eax, %edi
    mov     $60, %eax       /* SYS_exit */
    syscall
    hlt
    .size clone, . - clone

/*
 * __unmap_and_exit(mapping, size): rsp is in the mapping, so after munmap there
 * is no stack; neither system call needs one.
 */
    .globl __unmap_and_exit
    .type __unmap_and_exit, @function
__unmap_and_exit:
    mov     $11, %eax       /* SYS_munmap */
    syscall
    xor     %edi, %edi
    mov     $60, %eax       /* SYS_exit */
    syscall
    hlt
    .size __unmap_and_exit, . - __unmap_and_exit

/*
 * __cancel_call(cancelled, number, a, b, c, d, e, f): see cancel.c.  A signal
 * that comes between __cancel_begin and __cancel_end can send the thread to
 * __cancel_now.
 */
    .globl __cancel_call, __cancel_begin, __cancel_end, __cancel_now
    .type __cancel_call, @function
__cancel_call:
    mov     %rdi, %r11      /* SYSCALL may overwrite it */
    mov     %rsi, %rax
    mov     %rdx, %rdi
    mov     %rcx, %rsi
    mov     %r8, %rdx
    mov     %r9, %r10
    mov     8(%rsp), %r8
    mov     16(%rsp), %r9
__cancel_begin:
    cmpl    $0, (%r11)
    jne     __cancel_now
    syscall
__cancel_end:
    ret
__cancel_now:
    sub     $8, %rsp        /* as the ABI wants it before a call */
    call    libc_cancel
    hlt
    .size __cancel_call, . - __cancel_call

/* Signal handlers return to here. */
    .globl __signal_return
    .type __signal_return, @function
__signal_return:
    mov     $15, %eax       /* SYS_rt_sigreturn */
    syscall
    hlt
    .size __signal_return, . - __signal_return

    .section .note.GNU-stack, "", @progbits
