/*
 * vm/table.c - user page tables. [SDM-3A "4-Level Paging"]
 *
 * Idea:  tables are made by faults and by fork, freed when the last region near
 *        them goes.  Whatever is taken out goes through a tlb_batch, which
 *        frees only after every CPU that runs the space has forgotten it.
 * Locks: as->lock throughout.
 */
#include "vm/table.h"

#include "core/trace.h"
#include "sched/sched.h"
#include "vm/pool.h"
#include "x86/cpu.h"
#include "x86/paging.h"
#include "x86/tlb.h"

static pte_t *next_table(pte_t entry)
{
    return phys_to_virt(pte_phys(entry));
}

pte_t pte_user_bits(uint32_t prot)
{
    pte_t bits = PTE_USER | PTE_ACCESSED;

    bits |= (prot & (VM_READ | VM_WRITE | VM_EXEC)) ? PTE_PRESENT : PTE_HIDDEN;
    if (!(prot & VM_EXEC))
        bits |= pte_nx;
    return bits;
}

pte_t *table_find(struct address_space *as, vaddr_t va)
{
    pte_t *table = phys_to_virt(as->pml4);

    for (unsigned level = 3; level > 0; level--) {
        pte_t entry = table[pt_index(va, level)];
        if (!(entry & PTE_PRESENT))
            return NULL;
        table = next_table(entry);
    }
    return &table[pt_index(va, 0)];
}

pte_t *table_make(struct address_space *as, vaddr_t va)
{
    pte_t *table = phys_to_virt(as->pml4);

    for (unsigned level = 3; level > 0; level--) {
        pte_t *entry = &table[pt_index(va, level)];
        if (!(*entry & PTE_PRESENT)) {
            struct frame *f = frame_alloc_zeroed(FRAME_TABLE);
            if (!f)
                return NULL;
            as->table_pages++;
            *entry = frame_phys(f) | PTE_PRESENT | PTE_WRITE | PTE_USER;
        }
        table = next_table(*entry);
    }
    return &table[pt_index(va, 0)];
}

uint64_t table_rounds_flushed;

void tlb_batch_init(struct tlb_batch *batch, struct address_space *as)
{
    bool settled = table_is_settled(as);

    batch->as = as;
    batch->start = likely(settled) ? UINT64_MAX : 0;
    batch->end = likely(settled) ? 0 : USER_END;
    batch->count = 0;
}

/* On every CPU that runs the space. */
static inline void flush_range(struct address_space *as, vaddr_t start,
                               vaddr_t end)
{
    if (this_cpu->active_space == as)
        tlb_flush_local(start, end);
    /* A CPU that is not in the mask yet must see the changed entries. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    uint32_t others = __atomic_load_n(&as->cpu_mask, __ATOMIC_SEQ_CST) &
                      ~(1u << this_cpu->id);
    if (others)
        tlb_flush_remote(others, start, end);
}

void tlb_batch_finish(struct tlb_batch *batch) NO_LOCK_ANALYSIS
{
    struct address_space *as = batch->as;

    if (batch->start < batch->end)
        flush_range(as, batch->start, batch->end);
    if (unlikely(pools_on))
        for (unsigned i = 0; i < batch->count; i++)
            pool_unlock(batch->dropped[i]);
    frame_put_all(batch->dropped, batch->count);
    tlb_batch_init(batch, as);
}

void tlb_batch_add(struct tlb_batch *batch, vaddr_t va, struct frame *frame)
{
    if (va < batch->start)
        batch->start = va;
    if (va + PAGE_SIZE > batch->end)
        batch->end = va + PAGE_SIZE;
    if (!frame)
        return;
    batch->dropped[batch->count++] = frame;
    if (batch->count == TLB_BATCH_FRAMES)
        tlb_batch_finish(batch);
}

void table_flush_page(struct address_space *as, vaddr_t va, struct frame *frame)
{
    if (likely(table_is_settled(as)))
        flush_range(as, va, va + PAGE_SIZE);
    else
        flush_range(as, 0, USER_END);
    if (!frame)
        return;
    if (unlikely(pools_on))
        pool_unlock(frame);
    frame_put(frame);
}

/* Let go of the swap slots that the entries of one last-level table name. */
static void drop_swapped(struct address_space *as, pte_t *pte, unsigned count)
{
    for (; count > 0; count--, pte++) {
        swap_entry_t entry = pte_swap_entry(*pte);
        if (!pte_is_swap(*pte))
            continue;
        *pte = 0;
        as->swap_pages--;
        swap_put(entry);
    }
}

/* Unmap the pages within one last-level table. */
static void unmap_entries(struct address_space *as, struct tlb_batch *batch,
                          pte_t *pte, vaddr_t va, vaddr_t end)
{
    for (; va < end; va += PAGE_SIZE, pte++) {
        pte_t old = *pte;
        if (!pte_has_frame(old))
            continue;
        *pte = 0;
        struct frame *f = pte_frame(old);
        if (f->flags & FRAME_F_PINNED) {
            tlb_batch_add(batch, va, NULL);
            continue;
        }
        rss_add(as, f, -1);
        tlb_batch_add(batch, va, f);
    }
}

vaddr_t table_skip_holes(struct address_space *as, vaddr_t va, vaddr_t end,
                         pte_t **pte)
{
    while (va < end) {
        pte_t *table = phys_to_virt(as->pml4);
        unsigned level = 3;
        for (; level > 0; level--) {
            pte_t entry = table[pt_index(va, level)];
            if (!(entry & PTE_PRESENT))
                break;
            table = next_table(entry);
        }
        if (level == 0) {
            *pte = &table[pt_index(va, 0)];
            return va;
        }
        va = ALIGN_DOWN(va, pt_span(level)) + pt_span(level);
    }
    return end;
}

void table_unmap_range(struct address_space *as, struct tlb_batch *batch,
                       vaddr_t start, vaddr_t end)
{
    pte_t *pte;

    as->peak_rss = as_peak_rss(as);
    trace(UNMAP, as, start, end);
    for (vaddr_t va = start;
         (va = table_skip_holes(as, va, end, &pte)) < end;) {
        vaddr_t stop = ALIGN_DOWN(va, pt_span(1)) + pt_span(1);
        stop = MIN(stop, end);
        unmap_entries(as, batch, pte, va, stop);
        if (unlikely(as->swap_pages != 0))
            drop_swapped(as, pte, (unsigned)((stop - va) >> PAGE_SHIFT));
        va = stop;
        sched_point();
    }
}

/* Free the tables of `level` below `table` whose whole span lies in
 * [floor, ceiling), and look inside those that only overlap it. */
static void free_tables(struct tlb_batch *batch, pte_t *table, unsigned level,
                        vaddr_t start, vaddr_t end, vaddr_t floor,
                        vaddr_t ceiling)
{
    uint64_t span = pt_span(level);

    for (vaddr_t va = ALIGN_DOWN(start, span); va < end; va += span) {
        pte_t *entry = &table[pt_index(va, level)];
        if (!(*entry & PTE_PRESENT))
            continue;
        if (level > 1)
            free_tables(batch, next_table(*entry), level - 1, MAX(va, start),
                        MIN(va + span, end), floor, ceiling);
        if (va < floor || va + span > ceiling)
            continue;
        struct frame *f = pte_frame(*entry);
        *entry = 0;
        batch->as->table_pages--;
        /* Any page of it: invlpg drops the paging-structure caches whole.
         * [SDM-3A "Operations that Invalidate TLBs and Paging-Structure
         * Caches"] */
        tlb_batch_add(batch, MAX(va, start), f);
    }
}

void table_free_range(struct address_space *as, struct tlb_batch *batch,
                      vaddr_t start, vaddr_t end, vaddr_t floor,
                      vaddr_t ceiling)
{
    free_tables(batch, phys_to_virt(as->pml4), 3, start, end, floor, ceiling);
}
