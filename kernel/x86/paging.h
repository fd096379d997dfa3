/*
 * x86/paging.h - the kernel's own page tables, and memory before the frame
 * allocator.
 *
 * The kernel half (PML4 entries 256-511) is the same in every address space:
 * its second-level tables exist from boot on and are never freed.
 */
#pragma once

#include "core/types.h"
#include "x86/layout.h"
#include "x86/pte.h"

extern paddr_t kernel_pml4; /* [I] the tables without any user half */
extern pte_t pte_nx;        /* [I] PTE_NX if the CPU has it, else 0 */

/* A zeroed page for the kernel's own tables and stacks, 0 when memory is out:
 * early_alloc_page until frame_init() puts the allocator in its place. */
extern paddr_t (*paging_alloc_page)(void);

/* A zeroed page, before frame_init() only; panics when RAM is out. */
paddr_t early_alloc_page(void);

/* What early_alloc_page has handed out: [*start, *end). */
void early_range(paddr_t *start, paddr_t *end);

/* Build and load the final kernel tables: direct map of RAM, kernel image with
 * W^X, frame array.  Context: boot CPU. */
void paging_init(void);

/*
 * Map one 4 KiB page in the kernel half.  `bits` are PTE_WRITE, pte_nx, ...
 * Returns 0 or -ENOMEM (a table could not be allocated).
 * Locks: the caller serialises changes of one range.
 */
__must_check int kernel_map_page(vaddr_t va, paddr_t pa, pte_t bits);

/* Remove it again; returns the physical address.  No TLB flush. */
paddr_t kernel_unmap_page(vaddr_t va);

/*
 * Take last-level tables of [start, end) that map nothing out of the kernel's
 * tables, at most `max`; their addresses go to tables[].  Returns how many.  The
 * caller flushes all TLBs, which may remember them, before it frees them.
 * Locks: as kernel_map_page.
 */
unsigned kernel_detach_empty_tables(vaddr_t start, vaddr_t end, paddr_t *tables,
                                    unsigned max);

/* Entry that maps kernel address `va`, or 0 (also for large pages). */
pte_t kernel_lookup(vaddr_t va);

/* Map a device's registers, uncached; its bytes appear in the direct map. */
void *kernel_map_device(paddr_t pa, size_t bytes);
