/*
 * x86/entry.S - every way into the kernel and out of it.
 *
 *   1. trap_stub_N: one 16-byte stub per vector; pushes an error code where
 *      the CPU does not, then the vector.
 *   2. trap_common: from user mode, swap GS; push the registers in the order of
 *      struct trap_frame; call trap_dispatch(frame); unwind; iretq.
 *   3. trap_paranoid: NMI, #DB, #MC, #DF come on IST stacks and may interrupt
 *      the kernel while GS still is the user's.  From user mode they move to
 *      the thread's stack and go on as (2); from kernel mode GS is saved,
 *      loaded from the word above the IST stack, and restored.
 *   4. syscall_entry: builds the same frame, calls syscall_dispatch(frame), and
 *      leaves by sysretq; by iretq when THREAD_IRET says that registers other
 *      than those sysretq can restore were changed.
 *
 * Stack on entry to trap_dispatch, higher addresses first:
 *     ss rsp rflags cs rip          pushed by the CPU (or syscall_entry)
 *     error vector orig_rax         pushed by the stub
 *     rdi rsi rdx rcx rax r8-r11 rbx rbp r12-r15      <- rsp, struct trap_frame
 */

#include "asm-offsets.h"
#include "x86/vectors.h"

#define IST_STACK_BYTES 4096
#define MSR_GS_BASE     0xc0000101

/* stac/clac exist only with SMAP: boot turns these nops into them. */
.macro SMAP_CLOSE
    .pushsection .smap_sites, "a"
    .quad 771f
    .popsection
771: .byte 0x0f, 0x1f, 0x00     /* nop, becomes clac */
.endm

/* For debuggers, so that a backtrace goes on in the interrupted code: the
 * struct trap_frame so far, of which the CPU's rip lies `below` bytes above
 * rsp. [DWARF 4 "Call Frame Information"] */
.macro DESCRIBE_FRAME below
    .cfi_startproc simple
    .cfi_signal_frame
    .cfi_def_cfa rsp, \below
    .cfi_offset rip, 0
    .cfi_offset rsp, FRAME_RSP - FRAME_RIP
.endm

.macro PUSH register
    pushq %\register
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset \register, 0
.endm

.macro PUSH_REGISTERS
    PUSH rdi
    PUSH rsi
    PUSH rdx
    PUSH rcx
    PUSH rax
    PUSH r8
    PUSH r9
    PUSH r10
    PUSH r11
    PUSH rbx
    PUSH rbp
    PUSH r12
    PUSH r13
    PUSH r14
    PUSH r15
.endm

.macro POP_REGISTERS
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rax
    popq %rcx
    popq %rdx
    popq %rsi
    popq %rdi
.endm

    .cfi_sections .debug_frame
    .section .text.entry, "ax"

/* 1. The stubs. [SDM-3A "Exceptions with error codes"] */
    .balign 16
    .globl trap_stubs
trap_stubs:
    .set vector, 0
    .rept 256
    .balign 16
    .if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21)
    pushq $0
    .endif
    pushq $vector
    .if vector == VECTOR_DB || vector == VECTOR_NMI || vector == VECTOR_DF || vector == VECTOR_MC
    jmp trap_paranoid
    .else
    jmp trap_common
    .endif
    .set vector, vector + 1
    .endr

/* 2. The common path. */
    .balign 16
trap_common:
    DESCRIBE_FRAME 16
    testb $3, 24(%rsp)          /* CS above vector, error, rip */
    jz 1f
    swapgs
1:
trap_push:
    pushq $-1                   /* orig_rax: not a system call */
    .cfi_adjust_cfa_offset 8
    cld
    SMAP_CLOSE
    PUSH_REGISTERS
    movq %rsp, %rdi
    leaq FRAME_RIP - 8(%rsp), %rbp
    call trap_dispatch
    .globl trap_return
trap_return:                    /* rsp = frame, interrupts off */
    testb $3, FRAME_CS(%rsp)
    jz 2f
    swapgs
2:  .cfi_endproc
    POP_REGISTERS
    addq $24, %rsp              /* orig_rax, vector, error */
    iretq

/* 3. Vectors with a stack of their own. */
    .balign 16
trap_paranoid:
    DESCRIBE_FRAME 16
    testb $3, 24(%rsp)
    jnz paranoid_from_user
    pushq $-1
    .cfi_adjust_cfa_offset 8
    cld
    SMAP_CLOSE
    PUSH_REGISTERS
    movl $MSR_GS_BASE, %ecx
    rdmsr
    movl %eax, %r12d            /* the interrupted GS base: r13:r12 */
    movl %edx, %r13d
    movq %rsp, %rbx
    andq $-IST_STACK_BYTES, %rbx
    movq IST_STACK_BYTES - 8(%rbx), %rax    /* this CPU's struct cpu */
    movq %rax, %rdx
    shrq $32, %rdx
    wrmsr
    movq %rsp, %rdi
    leaq FRAME_RIP - 8(%rsp), %rbp
    call trap_dispatch
    .globl paranoid_return
paranoid_return:
    movl $MSR_GS_BASE, %ecx
    movl %r12d, %eax
    movl %r13d, %edx
    wrmsr
    .cfi_endproc
    POP_REGISTERS
    addq $24, %rsp
    iretq

paranoid_from_user:
    swapgs
    pushq %rdi
    movq %rsp, %rdi             /* rdi: rdi vector error rip cs flags rsp ss */
    movq %gs:CPU_KERNEL_STACK, %rsp
    pushq 56(%rdi)
    pushq 48(%rdi)
    pushq 40(%rdi)
    pushq 32(%rdi)
    pushq 24(%rdi)
    pushq 16(%rdi)
    pushq 8(%rdi)
    movq (%rdi), %rdi
    jmp trap_push

/* 4. System calls. [SDM-2B "SYSCALL-Fast System Call"]: rcx = rip, r11 = rflags;
 * SFMASK has cleared IF, DF, TF, AC, NT. */
    .balign 16
    .globl syscall_entry
syscall_entry:
    swapgs
    movq %rsp, %gs:CPU_USER_RSP
    movq %gs:CPU_KERNEL_STACK, %rsp
    pushq $SELECTOR_USER_DATA
    pushq %gs:CPU_USER_RSP
    pushq %r11
    pushq $SELECTOR_USER_CODE
    pushq %rcx
    pushq $0
    pushq $VECTOR_SYSCALL
    pushq %rax                  /* orig_rax */
    DESCRIBE_FRAME 24
    PUSH_REGISTERS
    sti
    movq %rsp, %rdi
    leaq FRAME_RIP - 8(%rsp), %rbp
    call syscall_dispatch       /* returns with interrupts off */
    .globl syscall_return
syscall_return:
    movq %gs:CPU_CURRENT, %rax
    testl $THREAD_FLAG_IRET, THREAD_FLAGS(%rax)
    jnz 3f
    .cfi_endproc
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    addq $8, %rsp               /* r11 */
    popq %r10
    popq %r9
    popq %r8
    popq %rax
    addq $8, %rsp               /* rcx */
    popq %rdx
    popq %rsi
    popq %rdi
    movq 24(%rsp), %rcx         /* rip */
    movq 40(%rsp), %r11         /* rflags */
    movq 48(%rsp), %rsp
    swapgs
    sysretq
3:  lock andl $~THREAD_FLAG_IRET, THREAD_FLAGS(%rax)
    jmp trap_return

/* A new thread's first instructions: switch.S returned here; r12, r13 = entry
 * and argument of a kernel thread, r12 = 0 for a user thread, whose frame is
 * at the top of its stack, where rsp points. */
    .globl thread_first_run
thread_first_run:
    xorl %ebp, %ebp
    call sched_finish_first_switch
    testq %r12, %r12
    jz 4f
    movq %r13, %rdi
    call *%r12
    call thread_exit_self
    ud2
4:  movq %rsp, %rdi             /* signals may be there already */
    call trap_first_return
    jmp trap_return

    .section .note.GNU-stack, "", @progbits
