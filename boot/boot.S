/*
 * boot/boot.S - from the boot loader's 32-bit code to 64-bit C.
 *
 *   1. Multiboot2 (GRUB) or PVH (QEMU -kernel) enters in 32-bit protected
 *      mode, paging off, with a pointer to its information in EBX.
 *   2. Build page tables: the first 4 GiB with 2 MiB pages, seen three times:
 *      at 0 (identity), at DIRECT_MAP_BASE, and the first 2 GiB of it at
 *      0xffffffff80000000, where the kernel is linked.
 *   3. Turn on PAE, long mode and paging; jump to 64-bit code.
 *   4. On the boot stack in the higher half, call boot_main(kind, info).
 *
 * Nothing is assumed of CR4, EFER, the GDT or the stack: UEFI's GRUB leaves
 * CR4 = 0x648 and EFER.NXE set.  The tables stay: further CPUs start on them
 * (ap.S), every CPU then moves to the final ones of x86/paging.c.
 */

#define MB2_MAGIC    0xe85250d6
#define MB2_ARCH     0
#define OFFSET       0xffffffff80000000

/* [SDM-3A "Control Registers"; "Initializing IA-32e Mode"] */
#define CR0_PE_WP_ET_NE_PG 0x80010031
#define CR4_PAE      0x20
#define MSR_EFER     0xc0000080
#define EFER_LME     0x100
#define PTE_P_W      0x3
#define PDE_P_W_PS   0x83

    .section .boot.header, "aw"
    .balign 8
multiboot2_header:
    .long MB2_MAGIC, MB2_ARCH, multiboot2_end - multiboot2_header
    .long 0x100000000 - (MB2_MAGIC + MB2_ARCH + (multiboot2_end - multiboot2_header))
    /* Tag 6: modules on page boundaries, so initrd frames can be adopted. */
    .word 6, 0
    .long 8
    /* End tag. */
    .word 0, 0
    .long 8
multiboot2_end:

    .section .note.pvh, "a", @note
    .balign 4
    .long 4, 8, 18              /* XEN_ELFNOTE_PHYS32_ENTRY */
    .asciz "Xen"
    .quad boot_pvh

    .section .boot.text, "awx"
    .code32
    .globl boot_multiboot2, boot_pvh
boot_multiboot2:
    movl $2, %edi               /* kind, for boot_main */
    jmp boot_common
boot_pvh:
    movl $1, %edi
boot_common:
    cli
    cld
    movl %ebx, %esi             /* information block, for boot_main */

    /* Four page directories: 2048 entries of 2 MiB. */
    movl $boot_pd, %ebx
    movl $PDE_P_W_PS, %eax
    xorl %edx, %edx
    movl $2048, %ecx
1:  movl %eax, (%ebx)
    movl %edx, 4(%ebx)
    addl $0x200000, %eax
    adcl $0, %edx
    addl $8, %ebx
    decl %ecx
    jnz 1b

    /* Page-directory pointers: low = 4 directories, high = first 2 at 510. */
    movl $boot_pd + PTE_P_W, %eax
    movl $boot_pdpt_low, %ebx
    movl $4, %ecx
2:  movl %eax, (%ebx)
    addl $0x1000, %eax
    addl $8, %ebx
    decl %ecx
    jnz 2b
    movl $boot_pd + PTE_P_W, boot_pdpt_high + 510 * 8
    movl $boot_pd + 0x1000 + PTE_P_W, boot_pdpt_high + 511 * 8

    movl $boot_pdpt_low + PTE_P_W, boot_pml4
    movl $boot_pdpt_low + PTE_P_W, boot_pml4 + 256 * 8
    movl $boot_pdpt_high + PTE_P_W, boot_pml4 + 511 * 8

    movl $CR4_PAE, %eax
    movl %eax, %cr4
    movl $boot_pml4, %eax
    movl %eax, %cr3
    movl $MSR_EFER, %ecx
    xorl %edx, %edx
    movl $EFER_LME, %eax
    wrmsr
    movl $CR0_PE_WP_ET_NE_PG, %eax
    movl %eax, %cr0
    lgdt boot_gdt_pointer
    ljmp $8, $boot_long_mode

    .code64
boot_long_mode:
    xorl %eax, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movl %eax, %fs
    movl %eax, %gs
    movabsq $boot_stack_top, %rsp
    xorl %ebp, %ebp
    movl %edi, %edi             /* upper halves are undefined until now */
    movl %esi, %esi
    movabsq $boot_main, %rax
    call *%rax
    ud2

    .section .boot.data, "aw"
    .balign 16
    .globl boot_gdt_pointer
boot_gdt:
    .quad 0
    .quad 0x00af9a000000ffff    /* 64-bit code, ring 0 */
    .quad 0x00cf92000000ffff    /* data, ring 0 */
boot_gdt_pointer:
    .word . - boot_gdt - 1
    .quad boot_gdt

    .section .boot.tables, "aw"
    .balign 4096
    .globl boot_pml4
boot_pml4:      .fill 4096, 1, 0
boot_pdpt_low:  .fill 4096, 1, 0
boot_pdpt_high: .fill 4096, 1, 0
boot_pd:        .fill 4 * 4096, 1, 0

    .bss
    .balign 16
boot_stack:     .skip 16384
boot_stack_top:

    .section .note.GNU-stack, "", @progbits
