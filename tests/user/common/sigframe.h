/*
 * sigframe.h - the x86-64 signal frame as the ABI lays it out.
 *
 * The third argument of an SA_SIGINFO handler points to struct frame_context.
 * A forged frame for rt_sigreturn lies on the stack as: restorer address
 * (already popped), context, siginfo, then the FPU state that context points
 * to.
 */
#pragma once

#include <stdint.h>

struct frame_context {
    uint64_t flags, link;
    uint64_t stack_pointer;
    uint32_t stack_flags, stack_padding;
    uint64_t stack_size;
    uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
    uint64_t rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, eflags;
    uint16_t cs, gs, fs, ss;
    uint64_t error, trap, old_mask, cr2;
    uint64_t fpstate; /* address or 0 */
    uint64_t reserved[8];
    uint64_t mask;
};

/* Frame at [sp] when rt_sigreturn is called. */
struct frame_on_stack {
    struct frame_context context;
    uint8_t siginfo[128];
};

/* The 512 bytes of FXSAVE, and the software bytes at 464. */
struct frame_fpu {
    uint16_t control, status;
    uint8_t tag, unused;
    uint16_t opcode;
    uint64_t rip, rdp;
    uint32_t mxcsr, mxcsr_mask;
    uint8_t registers[128 + 256], padding[48];
    uint32_t magic1, extended_size;
    uint64_t features;
    uint32_t size, software_padding[7];
};

_Static_assert(sizeof(struct frame_fpu) == 512, "as FXSAVE writes it");

/* Call rt_sigreturn with rsp at `frame`; what is there decides where to. */
static inline void __attribute__((noreturn)) frame_return(const void *frame)
{
    __asm__ volatile("mov %0, %%rsp\n\t"
                     "mov $15, %%eax\n\t"
                     "syscall\n\t"
                     "ud2" /* the call came back */
                     :
                     : "r"(frame)
                     : "memory");
    __builtin_unreachable();
}
