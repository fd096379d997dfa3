/*
 * vm/audit.c - recount every reference to user frames and compare.
 *
 * Idea:  each present or hidden entry of each space counts one, each slot of a
 *        mapping that some region maps counts one more; a frame's refs must be
 *        exactly that.  Page-table frames are counted against table_pages.
 *        Frames of mappings that no region maps are covered by their own count
 *        (refs == 1 while kind is MAPPING and unmapped).
 *        Memory is looked at in windows, as large as there is room for counts.
 *        Entries that name swap slots are counted in the same way.
 * Context: the system is quiet: no other thread changes spaces meanwhile.
 */
#include "base/string.h"
#include "core/printk.h"
#include "mem/slab.h"
#include "sched/sched.h"
#include "vm/address_space.h"
#include "vm/fault.h"
#include "vm/reclaim.h"
#include "vm/region.h"
#include "vm/table.h"

enum {
    COMPLAINTS_MAX = 16,
    WINDOW_MIN = PAGE_SIZE / sizeof(uint32_t),
    WINDOW_MAX = 1 << 18
};

/* References found, of the frames [window, window + window_frames). */
static uint32_t *counts;
static pfn_t window, window_frames;
static unsigned complaints;

static void complain(const char *what, uint64_t where, uint64_t found,
                     uint64_t expected)
{
    if (complaints++ < COMPLAINTS_MAX)
        printk("audit: %s %lx: found %lu, recorded %lu\n", what, where, found,
               expected);
}

/* Count the entries of one table and what is below; returns its tables. */
static uint64_t count_table(const pte_t *table, unsigned level, unsigned end)
{
    uint64_t tables = 0;

    for (unsigned i = 0; i < end; i++) {
        pte_t pte = table[i];
        if (level > 0 && (pte & PTE_PRESENT)) {
            tables += 1 + count_table(phys_to_virt(pte_phys(pte)), level - 1,
                                      PT_ENTRIES);
        } else if (level == 0 && pte_has_frame(pte)) {
            struct frame *f = pte_frame(pte);
            if (!(pte & (PTE_USER | PTE_TRACED)))
                complain("user entry without the user bit", pte, 0, 1);
            pfn_t slot = frame_pfn(f) - window;
            if (!(f->flags & FRAME_F_PINNED) && slot < window_frames)
                counts[slot]++;
        } else if (level == 0 && pte_is_swap(pte) && window == 0) {
            swap_audit_entry(pte_swap_entry(pte));
        }
    }
    return tables;
}

static void audit_locked_pages(struct address_space *as) NO_LOCK_ANALYSIS
{
    int64_t pages = 0;

    /* Quiet: nobody changes the regions. */
    for (struct region *r = region_first_locked(as); r;
         r = region_next_locked(r))
        pages += r->flags & REGION_LOCKED ? region_pages(r) : 0;
    if ((uint64_t)pages != as->locked_pages)
        complain("locked pages of space", (uint64_t)as, (uint64_t)pages,
                 as->locked_pages);
}

static void audit_spaces(void)
{
    struct address_space *as;

    spin_lock(&all_spaces_lock);
    list_for_each (as, &all_spaces, all_link) {
        uint64_t tables = count_table(phys_to_virt(as->pml4), 3, 256);
        if (tables != as->table_pages)
            complain("page tables of space", (uint64_t)as, tables,
                     as->table_pages);
        audit_locked_pages(as);
    }
    spin_unlock(&all_spaces_lock);
}

static void audit_frames(void)
{
    pfn_t end = MIN(window + window_frames, frame_pfn_end());

    for (pfn_t pfn = window; pfn < end; pfn++) {
        if (!frame_pfn_valid(pfn))
            continue;
        const struct frame *f = frame_of_pfn(pfn);
        if (f->flags & FRAME_F_PINNED)
            continue;
        uint64_t expected = counts[pfn - window];
        if (f->kind == FRAME_MAPPING)
            expected++; /* the mapping's own */
        else if (f->kind != FRAME_ANON && f->kind != FRAME_SWAP &&
                 expected == 0)
            continue;
        if (f->flags & FRAME_F_SWAP_CACHE)
            expected++;
        if (f->refs != expected)
            complain("references of frame", pfn, expected, f->refs);
    }
}

/* Free memory may be there in single pages only. */
static void make_counts(void)
{
    window_frames = WINDOW_MAX;
    while (!(counts = kmalloc(window_frames * sizeof(*counts))) &&
           window_frames > WINDOW_MIN)
        window_frames /= 2;
}

unsigned vm_audit(void)
{
    make_counts();
    if (!counts) {
        printk("audit: no memory for the counts\n");
        return 1;
    }
    rwlock_write_lock(&eviction_lock); /* no page sets out meanwhile */
    mutex_lock(&reclaim_lock);
    reclaim_wait_until_quiet();
    complaints = 0;
    swap_audit_begin();
    mapping_audit_entries();
    for (window = 0; window < frame_pfn_end(); window += window_frames) {
        memset(counts, 0, window_frames * sizeof(*counts));
        audit_spaces();
        audit_frames();
        sched_point();
    }
    (void)swap_audit_end(complain);
    frame_check_lists();
    mutex_unlock(&reclaim_lock);
    rwlock_write_unlock(&eviction_lock);
    kfree(counts);
    return complaints;
}
