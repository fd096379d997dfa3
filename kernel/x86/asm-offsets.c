/*
 * x86/asm-offsets.c - structure offsets for the .S files; compiled to assembly
 * and turned into build/include/asm-offsets.h.
 */
#include "sched/thread.h"
#include "x86/cpu.h"
#include "x86/trap_frame.h"

#define DEFINE(name, value)                                                    \
    __asm__ volatile("\n.ascii \"->" #name " %0\"" : : "i"(value))

void asm_offsets(void);
void asm_offsets(void)
{
    DEFINE(CPU_SELF, offsetof(struct cpu, self));
    DEFINE(CPU_CURRENT, offsetof(struct cpu, current));
    DEFINE(CPU_KERNEL_STACK, offsetof(struct cpu, kernel_stack));
    DEFINE(CPU_USER_RSP, offsetof(struct cpu, user_rsp));
    DEFINE(THREAD_FLAGS, offsetof(struct thread, flags));
    DEFINE(THREAD_FLAG_IRET, THREAD_IRET);
    DEFINE(THREAD_SAVED_RSP, offsetof(struct thread, saved_rsp));
    DEFINE(FRAME_CS, offsetof(struct trap_frame, cs));
    DEFINE(FRAME_RIP, offsetof(struct trap_frame, rip));
    DEFINE(FRAME_RSP, offsetof(struct trap_frame, rsp));
    DEFINE(FRAME_RFLAGS, offsetof(struct trap_frame, rflags));
    DEFINE(FRAME_R11, offsetof(struct trap_frame, r11));
    DEFINE(FRAME_BYTES, sizeof(struct trap_frame));
}
