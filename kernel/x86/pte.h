/*
 * x86/pte.h - bits of page-table entries and where tables keep what.
 * [SDM-3A "4-Level Paging"]
 */
#pragma once

#include "core/types.h"

typedef uint64_t pte_t;

#define PTE_PRESENT  0x001ul
#define PTE_WRITE    0x002ul
#define PTE_USER     0x004ul
#define PTE_PCD      0x010ul /* not cached: device memory */
#define PTE_ACCESSED 0x020ul
#define PTE_DIRTY    0x040ul
#define PTE_LARGE    0x080ul
#define PTE_GLOBAL   0x100ul
#define PTE_NX       0x8000000000000000ul
#define PTE_ADDRESS  0x000ffffffffff000ul

/* Page-fault error code [SDM-3A "Page-Fault Exceptions"]. */
#define PF_PRESENT  0x01
#define PF_WRITE    0x02
#define PF_USER     0x04
#define PF_RESERVED 0x08
#define PF_FETCH    0x10

enum { PT_ENTRIES = 512 };

/* Index of `va` in the table of `level` (0: page table .. 3: PML4). */
static inline unsigned pt_index(vaddr_t va, unsigned level)
{
    return (va >> (PAGE_SHIFT + 9 * level)) & 511;
}
/* Bytes that one entry of `level` covers. */
static inline uint64_t pt_span(unsigned level)
{
    return PAGE_SIZE << (9 * level);
}
static inline paddr_t pte_phys(pte_t pte)
{
    return pte & PTE_ADDRESS;
}
