/*
 * core/upcalls.h - the three functions that x86 entry code calls upwards.
 */
#pragma once

#include "core/types.h"

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
