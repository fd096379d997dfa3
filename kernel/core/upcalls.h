/*
 * core/upcalls.h - the functions that core and x86 call upwards.
 */
#pragma once

#include "core/types.h"

struct cpu;
struct trap_frame;
struct boot_info;

/* First C code of the boot CPU with final page tables; main.c. */
__noreturn void kmain(void);

/* First C code of every further CPU, on its own stack; main.c. */
__noreturn void kmain_secondary(void);

/* Every interrupt and exception; trap.c.  Interrupts are off. */
void trap_dispatch(struct trap_frame *frame);

/* Every system call; trap.c.  Interrupts are on. */
void syscall_dispatch(struct trap_frame *frame);

/* A new thread goes to user mode for the first time.  Interrupts off on entry and
 * return. */
void trap_first_return(struct trap_frame *frame);

/* For a panic: what a CPU that stands still was doing; crash.c.  `frame` is what
 * stopped it, or NULL.  Writes with printk_emergency(). */
void crash_describe_cpu(const struct cpu *cpu, const struct trap_frame *frame);
