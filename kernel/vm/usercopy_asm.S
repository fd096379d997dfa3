/*
 * vm/usercopy_asm.S - the instructions that touch user memory, each with an
 * entry in the exception table.
 *
 *   1. stac opens SMAP (a nop until boot finds that the CPU has it).
 *   2. Eight bytes at a time, then the rest by bytes.
 *   3. clac closes it.  A fault that cannot be repaired continues at the fixup,
 *      which returns the number of bytes not done.
 */

/* The nops are as long as what replaces them: nopl 0(%rax) becomes stac; nop. */
.macro SMAP_OPEN
    .pushsection .smap_sites, "a"
    .quad 771f
    .popsection
771: .byte 0x0f, 0x1f, 0x40, 0x00
.endm
.macro SMAP_CLOSE
    .pushsection .smap_sites, "a"
    .quad 771f
    .popsection
771: .byte 0x0f, 0x1f, 0x00
.endm
.macro FAULTS_TO fixup
    .pushsection .extable, "a"
    .quad 772f, \fixup
    .popsection
772:
.endm

    .text
/* size_t usercopy_raw(void *to [rdi], const void *from [rsi], size_t n [rdx]) */
    .globl usercopy_raw
usercopy_raw:
    SMAP_OPEN
    movq %rdx, %rcx
    shrq $3, %rcx
    andl $7, %edx
    FAULTS_TO words_failed
    rep movsq
    movl %edx, %ecx
    FAULTS_TO bytes_failed
    rep movsb
    SMAP_CLOSE
    xorl %eax, %eax
    ret
words_failed:                   /* rcx words and edx bytes are left */
    leaq (%rdx, %rcx, 8), %rcx
    /* The last words may be partly readable: go on by bytes. */
    FAULTS_TO bytes_failed
    rep movsb
bytes_failed:
    SMAP_CLOSE
    movq %rcx, %rax
    ret

/* size_t userclear_raw(void *to [rdi], size_t n [rsi]) */
    .globl userclear_raw
userclear_raw:
    SMAP_OPEN
    movq %rsi, %rcx
    xorl %eax, %eax
    FAULTS_TO clear_failed
    rep stosb
clear_failed:
    SMAP_CLOSE
    movq %rcx, %rax
    ret

/* size_t userload_raw(uint32_t *value [rdi], const uint32_t *from [rsi]):
 * one access, so that the value is never put together from two; 0, or 1 after
 * a fault. */
    .globl userload_raw
userload_raw:
    SMAP_OPEN
    movl $1, %eax
    FAULTS_TO load_failed
    movl (%rsi), %ecx
    movl %ecx, (%rdi)
    xorl %eax, %eax
load_failed:
    SMAP_CLOSE
    ret

/* size_t userswap_raw(uint32_t *word [rdi], uint32_t *expected [rsi],
 * uint32_t value [edx]): compare and swap; *expected becomes what was there.
 * 0, or 1 after a fault. */
    .globl userswap_raw
userswap_raw:
    SMAP_OPEN
    movl (%rsi), %eax
    FAULTS_TO swap_failed
    lock cmpxchgl %edx, (%rdi)
    movl %eax, (%rsi)
    SMAP_CLOSE
    xorl %eax, %eax
    ret
swap_failed:
    SMAP_CLOSE
    movl $1, %eax
    ret

/* int64_t userstring_raw(char *to [rdi], const char *from [rsi], size_t n [rdx]):
 * length without NUL, n when there is no NUL in n bytes, -1 after a fault. */
    .globl userstring_raw
userstring_raw:
    SMAP_OPEN
    xorl %ecx, %ecx
1:  cmpq %rdx, %rcx
    je 2f
    FAULTS_TO string_failed
    movb (%rsi, %rcx), %al
    movb %al, (%rdi, %rcx)
    testb %al, %al
    jz 2f
    incq %rcx
    jmp 1b
2:  SMAP_CLOSE
    movq %rcx, %rax
    ret
string_failed:
    SMAP_CLOSE
    movq $-1, %rax
    ret

    .section .note.GNU-stack, "", @progbits
