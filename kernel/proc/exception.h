/*
 * proc/exception.h - exceptions of user code that are not everyday page faults.
 */
#pragma once

#include "vm/fault.h"
#include "x86/trap_frame.h"

/* Neither a page fault nor a debug exception: the signal that it means.
 * Context: interrupts on. */
void exception_to_signal(struct trap_frame *frame);

/* A step is over or a breakpoint met, for vm/vmtrace.c, for the tracer or for the
 * program itself.  Context: interrupts off. */
void exception_debug(struct trap_frame *frame);

/* Its own limit of frames leaves the process no page, and none can go: it has
 * to. */
void exception_over_limit(void);

/* vm_fault() for user code in a space whose uses of memory are recorded: the
 * instruction is stepped. */
enum fault_result exception_traced_fault(struct trap_frame *frame,
                                         vaddr_t address);
