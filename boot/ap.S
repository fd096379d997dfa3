/*
 * boot/ap.S - the first instructions of every further CPU.
 *
 *   1. A startup IPI starts the CPU in real mode at AP_BASE (0x8000), where
 *      x86/smp.c has copied this page and filled in its last fields.
 *   2. Protected mode, then long mode on boot.S's tables (identity mapped).
 *   3. The kernel's own CR3 and this CPU's stack; ap_main(cpu) in C.
 */

#define AP_BASE      0x8000
#define REL(symbol)  (AP_BASE + (symbol) - ap_trampoline)
#define MSR_EFER     0xc0000080

    .section .rodata
    .balign 16
    .globl ap_trampoline, ap_trampoline_end
    .globl ap_boot_cr3, ap_efer, ap_kernel_cr3, ap_stack, ap_cpu, ap_entry
    .code16
ap_trampoline:
    cli
    cld
    xorw %ax, %ax
    movw %ax, %ds
    lgdtl REL(ap_gdt_pointer)
    movl $0x11, %eax            /* CR0.PE, CR0.ET */
    movl %eax, %cr0
    ljmpl $0x18, $REL(ap_protected)

    .code32
ap_protected:
    movw $0x10, %ax
    movw %ax, %ds
    movw %ax, %ss
    movl $0x20, %eax            /* CR4.PAE */
    movl %eax, %cr4
    movl REL(ap_boot_cr3), %eax
    movl %eax, %cr3
    movl $MSR_EFER, %ecx
    movl REL(ap_efer), %eax
    xorl %edx, %edx
    wrmsr
    movl $0x80010031, %eax      /* PG WP NE ET PE */
    movl %eax, %cr0
    ljmp $8, $REL(ap_long)

    .code64
ap_long:
    movq REL(ap_kernel_cr3), %rax
    movq REL(ap_stack), %rsp
    movq REL(ap_cpu), %rdi
    movq REL(ap_entry), %rdx
    jmp *%rdx                   /* ap_start below, in the higher half */

    .balign 16
ap_gdt:
    .quad 0
    .quad 0x00af9a000000ffff    /* 0x08: 64-bit code */
    .quad 0x00cf92000000ffff    /* 0x10: data */
    .quad 0x00cf9a000000ffff    /* 0x18: 32-bit code */
ap_gdt_pointer:
    .word . - ap_gdt - 1
    .long REL(ap_gdt)
    .balign 8
ap_boot_cr3:    .quad 0
ap_efer:        .quad 0
ap_kernel_cr3:  .quad 0
ap_stack:       .quad 0
ap_cpu:         .quad 0
ap_entry:       .quad 0
ap_trampoline_end:

    .text
    .globl ap_start
/* rax = kernel CR3, rdi = this CPU; rsp is valid once CR3 is loaded. */
ap_start:
    movq %rax, %cr3
    xorl %ebp, %ebp
    call ap_main
    ud2

    .section .note.GNU-stack, "", @progbits
