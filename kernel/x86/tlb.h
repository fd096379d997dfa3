/*
 * x86/tlb.h - flushing translations on this CPU and, by IPI, on others.
 */
#pragma once

#include "core/types.h"

/* Drop [start, end) from this CPU's TLB; everything if it is long. */
void tlb_flush_local(vaddr_t start, vaddr_t end);

/*
 * Drop [start, end) of the running tables on every CPU in `mask` (bit = CPU
 * id) but this one, and wait for all.  One that idles leaves the tables, and is
 * not asked again.  Context: interrupts on, no spinlock.
 */
void tlb_flush_remote(uint32_t mask, vaddr_t start, vaddr_t end);

/* Make every CPU in `mask` but this one that has `cr3` loaded load the
 * kernel's tables, and wait for it. */
void tlb_drop_tables(uint32_t mask, paddr_t cr3);

/* Everything, kernel half included, on all CPUs. */
void tlb_flush_all_cpus(void);

/* Set by vm: load the kernel's tables on this CPU and forget its space.
 * Interrupts are off. */
extern void (*tlb_leave_space)(void);

/* From VECTOR_TLB. */
void tlb_handle_ipi(void);
