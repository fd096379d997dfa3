/*
 * x86/trap_frame.h - the registers of interrupted code, as entry.S pushes
 * them.  Lowest address first, so the last push comes first.
 */
#pragma once

#include "core/types.h"

struct trap_frame {
    /* Pushed by entry.S. */
    uint64_t r15, r14, r13, r12, rbp, rbx;
    uint64_t r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
    /* Pushed by the entry stub: the vector, or the system-call number with
     * bit 63 clear; VECTOR_SYSCALL marks a frame made by `syscall`. */
    uint64_t orig_rax; /* system-call number, -1 when not in a call */
    uint64_t vector;
    uint64_t error;
    /* Pushed by the CPU, or by the syscall entry in the same order. */
    uint64_t rip, cs, rflags, rsp, ss;
};

#define RFLAGS_TF 0x100ul   /* a debug exception after one instruction */
#define RFLAGS_RF 0x10000ul /* none for a breakpoint on this one */

/* Was the interrupted code in user mode?  By the saved CS, never by error
 * bits: TCG reports some user faults with U=0 (lretq, iretq). */
static inline bool trap_from_user(const struct trap_frame *frame)
{
    return (frame->cs & 3) == 3;
}
