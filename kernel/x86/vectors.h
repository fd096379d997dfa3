/*
 * x86/vectors.h - exception vectors and segment selectors; also for assembly.
 * [SDM-3A "Exception and Interrupt Vectors"]
 */
#pragma once

#define VECTOR_DE      0 /* divide error */
#define VECTOR_DB      1 /* debug */
#define VECTOR_NMI     2
#define VECTOR_BP      3 /* int3 */
#define VECTOR_OF      4 /* into */
#define VECTOR_BR      5 /* bound */
#define VECTOR_UD      6 /* invalid opcode */
#define VECTOR_NM      7 /* no FPU */
#define VECTOR_DF      8 /* double fault */
#define VECTOR_TS      10
#define VECTOR_NP      11
#define VECTOR_SS      12
#define VECTOR_GP      13
#define VECTOR_PF      14
#define VECTOR_MF      16  /* x87 error */
#define VECTOR_AC      17  /* alignment */
#define VECTOR_MC      18  /* machine check */
#define VECTOR_XM      19  /* SIMD error */
#define VECTOR_SYSCALL 256 /* in trap frames made by `syscall` */

/* SYSRET wants user data right below user code. */
#define SELECTOR_KERNEL_CODE 0x08
#define SELECTOR_KERNEL_DATA 0x10
#define SELECTOR_USER_DATA   0x2b
#define SELECTOR_USER_CODE   0x33
#define SELECTOR_TSS         0x38
