/*
 * vm/table.h - the user half of page tables: walk, unmap, free.
 *
 * All functions want as->lock.  A present entry, and one that PROT_NONE has
 * hidden (PTE_HIDDEN), holds a reference on its frame; the shared zero frame is
 * not counted.  An entry whose page is swapped out (PTE_SWAP) holds a count of
 * its slot.
 */
#pragma once

#include "mem/frame.h"
#include "vm/address_space.h"
#include "vm/swap.h"
#include "x86/pte.h"

/* Software bit of an entry that is not present: PROT_NONE hides its frame. */
#define PTE_HIDDEN 0x200ul
/* The same: the page is in the swap slot that the address bits name. */
#define PTE_SWAP 0x400ul
/* Software bit of a present entry: user mode is kept out to see its accesses. */
#define PTE_TRACED 0x800ul
/* The same: MADV_FREE. Until it is written to (PTE_DIRTY), which takes no fault,
 * the page may be dropped; whatever else changes the entry takes the bit away. */
#define PTE_LAZY 0x0010000000000000ul

static inline bool pte_has_frame(pte_t pte)
{
    return (pte & (PTE_PRESENT | PTE_HIDDEN)) != 0;
}
static inline struct frame *pte_frame(pte_t pte)
{
    return frame_of_phys(pte_phys(pte));
}

/* Another CPU may set PTE_ACCESSED and PTE_DIRTY meanwhile: none gets lost.
 * Returns what the entry was. */
static inline pte_t pte_change(pte_t *pte, pte_t clear, pte_t set)
{
    pte_t old = __atomic_load_n(pte, __ATOMIC_RELAXED);

    while (!__atomic_compare_exchange_n(pte, &old, (old & ~clear) | set, false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
        ;
    return old;
}
static inline bool pte_is_droppable(pte_t pte)
{
    return (pte & (PTE_LAZY | PTE_DIRTY)) == PTE_LAZY;
}

static inline bool pte_is_swap(pte_t pte)
{
    return !pte_has_frame(pte) && (pte & PTE_SWAP);
}
static inline pte_t pte_of_swap(swap_entry_t entry)
{
    return (pte_t)entry << PAGE_SHIFT | PTE_SWAP;
}
static inline swap_entry_t pte_swap_entry(pte_t pte)
{
    return (swap_entry_t)(pte >> PAGE_SHIFT);
}

/* Entry bits for a page of a region with `prot`, not writable. */
pte_t pte_user_bits(uint32_t prot);

/* The last-level entry of `va`; NULL when its table does not exist. */
pte_t *table_find(struct address_space *as, vaddr_t va) MUST_HOLD(as->lock);

/* The same, tables made on the way; NULL: no memory. */
__must_check pte_t *table_make(struct address_space *as, vaddr_t va)
    MUST_HOLD(as->lock);

/* First address >= va whose last-level table exists (then *pte is its entry),
 * or an address >= end.  Holes cost nothing, whatever their size: walks over
 * regions, which may be mostly empty, go by this. */
vaddr_t table_skip_holes(struct address_space *as, vaddr_t va, vaddr_t end,
                         pte_t **pte) MUST_HOLD(as->lock);

/* Frames taken out of page tables, and tables, wait here until no TLB can reach them. */
enum { TLB_BATCH_FRAMES = 48 };
struct tlb_batch {
    struct address_space *as;
    vaddr_t start, end; /* range to flush, empty: start >= end */
    unsigned count;
    struct frame *dropped[TLB_BATCH_FRAMES];
};
/* Begins with what reclaim has unmapped and not flushed yet, if there is any. */
void tlb_batch_init(struct tlb_batch *batch, struct address_space *as)
    MUST_HOLD(as->lock);
/* `va` lost its translation, or rights; `frame` (may be NULL) its holder. */
void tlb_batch_add(struct tlb_batch *batch, vaddr_t va, struct frame *frame);
/* Flush on every CPU that runs the space, then drop the frames. */
void tlb_batch_finish(struct tlb_batch *batch);
/* The same for one page. */
void table_flush_page(struct address_space *as, vaddr_t va, struct frame *frame)
    MUST_HOLD(as->lock);

/* The last round of reclaim whose pages are in no TLB any more. */
extern uint64_t table_rounds_flushed; /* [a] */
/* Has it flushed all that it has taken from this space? */
static inline bool table_is_settled(const struct address_space *as)
{
    return as->unflushed <=
           __atomic_load_n(&table_rounds_flushed, __ATOMIC_ACQUIRE);
}
/* Before a page comes to where it has just taken one from. */
static inline void table_settle(struct address_space *as) MUST_HOLD(as->lock)
{
    if (unlikely(!table_is_settled(as)))
        table_flush_page(as, 0, NULL);
}

/* Take every page of [start, end) out of the tables. */
void table_unmap_range(struct address_space *as, struct tlb_batch *batch,
                       vaddr_t start, vaddr_t end) MUST_HOLD(as->lock);

/* Free the tables that serve only addresses in the hole [floor, ceiling) around
 * [start, end), which holds no pages any more.  They go through the batch, too:
 * a CPU may have cached where they are. */
void table_free_range(struct address_space *as, struct tlb_batch *batch,
                      vaddr_t start, vaddr_t end, vaddr_t floor,
                      vaddr_t ceiling) MUST_HOLD(as->lock);

/* Count of resident pages up or down when `frame` is mapped or unmapped. */
static inline void rss_add(struct address_space *as, const struct frame *frame,
                           int64_t n)
{
    if (frame->kind == FRAME_ANON)
        as->rss_anon += (uint64_t)n;
    else if (frame->kind == FRAME_MAPPING)
        as->rss_file += (uint64_t)n;
}
