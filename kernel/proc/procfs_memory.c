/*
 * proc/procfs_memory.c - /proc/PID/smaps and smaps_rollup: what the pages of a
 * process cost, and whom.
 *
 * Idea:   a walk over the page tables, one region at a time, adds up what is
 *         resident.  RSS counts a page in full for each process that maps it,
 *         so after fork the sum over all is more than the memory there is.  PSS
 *         gives each holder its share, and adds up; what is private is what
 *         would become free if the process ended (USS).
 * Locks:  as->lock for one region; names are found after it was dropped.
 * Next:   procfs_pagemap.c: the same page by page.
 */
#include "abi/errno.h"
#include "base/string.h"
#include "proc/procfs.h"
#include "vm/region.h"
#include "vm/table.h"

enum { PSS_SHIFT = 12 }; /* bytes are kept in parts of 1/4096: shares */

/* Of some pages; bytes, shares in parts of a byte. */
struct page_sums {
    uint64_t rss, shared_clean, shared_dirty, private_clean, private_dirty;
    uint64_t referenced, anonymous, lazy, swap;
    uint64_t pss, pss_dirty, pss_anon, pss_file, pss_shmem, swap_pss;
    uint64_t pss_locked;
};

uint32_t proc_frame_mappers(const struct frame *f)
{
    uint32_t refs = __atomic_load_n(&f->refs, __ATOMIC_RELAXED);
    uint32_t others = f->kind == FRAME_MAPPING; /* the mapping itself */

    if (frame_has_flags(f, FRAME_F_SWAP_CACHE))
        others++;

    return refs > others ? refs - others : 0;
}

bool proc_mapping_is_shmem(const struct mapping *m)
{
    return m->ops->fill == NULL;
}

/* ---- adding up ----------------------------------------------------------- */

static void add_frame(struct page_sums *s, const struct region *r, pte_t pte)
{
    const struct frame *f = pte_frame(pte);
    uint32_t mappers = proc_frame_mappers(f);
    uint64_t share = (PAGE_SIZE << PSS_SHIFT) / (mappers ? mappers : 1);
    bool dirty = pte & PTE_DIRTY;

    s->rss += PAGE_SIZE;
    s->pss += share;
    if (pte & PTE_ACCESSED)
        s->referenced += PAGE_SIZE;
    if (dirty)
        s->pss_dirty += share;
    if (mappers > 1)
        *(dirty ? &s->shared_dirty : &s->shared_clean) += PAGE_SIZE;
    else
        *(dirty ? &s->private_dirty : &s->private_clean) += PAGE_SIZE;
    if (f->kind == FRAME_ANON) {
        s->anonymous += PAGE_SIZE;
        s->lazy += pte_is_droppable(pte) ? PAGE_SIZE : 0;
        s->pss_anon += share;
    } else if (r->mapping && proc_mapping_is_shmem(r->mapping)) {
        s->pss_shmem += share;
    } else {
        s->pss_file += share;
    }
}

static void add_swapped(struct page_sums *s, pte_t pte)
{
    uint32_t holders = MAX(swap_entry_count(pte_swap_entry(pte)), 1u);

    s->swap += PAGE_SIZE;
    s->swap_pss += (PAGE_SIZE << PSS_SHIFT) / holders;
}

static void add_entry(struct page_sums *s, const struct region *r, pte_t pte)
{
    if (pte_is_swap(pte))
        add_swapped(s, pte);
    if (!pte_has_frame(pte))
        return;
    const struct frame *f = pte_frame(pte);
    if (f->kind == FRAME_ANON || f->kind == FRAME_MAPPING)
        add_frame(s, r, pte);
}

static void add_region(struct page_sums *s, struct region *r)
    MUST_HOLD(r->space->lock);
static void add_region(struct page_sums *s, struct region *r)
{
    uint64_t before = s->pss;
    vaddr_t va = r->start;
    pte_t *pte;

    /* What a shared mapping has in swap is in nobody's page table. */
    if (r->mapping)
        s->swap += mapping_count_swapped(r->mapping, r->first_index,
                                         (r->end - r->start) >> PAGE_SHIFT)
                   << PAGE_SHIFT;
    while ((va = table_skip_holes(r->space, va, r->end, &pte)) < r->end) {
        vaddr_t stop = ALIGN_DOWN(va, pt_span(1)) + pt_span(1);
        for (stop = MIN(stop, r->end); va < stop; va += PAGE_SIZE)
            add_entry(s, r, *pte++);
        sched_point();
    }
    if (r->flags & REGION_LOCKED)
        s->pss_locked += s->pss - before;
}

/* ---- words --------------------------------------------------------------- */

static void kib_line(struct text *out, const char *name, uint64_t bytes)
{
    text_printf(out, "%-16s%8lu kB\n", name, bytes >> 10);
}

static void share_line(struct text *out, const char *name, uint64_t share)
{
    kib_line(out, name, share >> PSS_SHIFT);
}

/* What smaps and smaps_rollup have in common. */
static void show_sums(struct text *out, const struct page_sums *s, bool rollup)
{
    kib_line(out, "Rss:", s->rss);
    share_line(out, "Pss:", s->pss);
    share_line(out, "Pss_Dirty:", s->pss_dirty);
    if (rollup) {
        share_line(out, "Pss_Anon:", s->pss_anon);
        share_line(out, "Pss_File:", s->pss_file);
        share_line(out, "Pss_Shmem:", s->pss_shmem);
    }
    kib_line(out, "Shared_Clean:", s->shared_clean);
    kib_line(out, "Shared_Dirty:", s->shared_dirty);
    kib_line(out, "Private_Clean:", s->private_clean);
    kib_line(out, "Private_Dirty:", s->private_dirty);
    kib_line(out, "Referenced:", s->referenced);
    kib_line(out, "Anonymous:", s->anonymous);
    kib_line(out, "LazyFree:", s->lazy);
    kib_line(out, "AnonHugePages:", 0);
    kib_line(out, "ShmemPmdMapped:", 0);
    kib_line(out, "FilePmdMapped:", 0);
    kib_line(out, "Shared_Hugetlb:", 0);
    kib_line(out, "Private_Hugetlb:", 0);
    kib_line(out, "Swap:", s->swap);
    share_line(out, "SwapPss:", s->swap_pss);
    share_line(out, "Locked:", s->pss_locked);
}

/* Linux's two letters for what a region is and what may become of it. */
static void show_flags(struct text *out, const struct proc_map *l)
{
    bool shared = l->flags & REGION_SHARED;
    bool may_write = !shared || (l->flags & REGION_MAY_WRITE);

    text_printf(out, "VmFlags:%s%s%s%s mr%s me%s%s%s%s%s \n",
                l->prot & VM_READ ? " rd" : "", l->prot & VM_WRITE ? " wr" : "",
                l->prot & VM_EXEC ? " ex" : "",
                shared && may_write ? " sh" : "", may_write ? " mw" : "",
                shared ? " ms" : "", l->flags & REGION_STACK ? " gd" : "",
                l->flags & REGION_LOCKED ? " lo" : "",
                l->flags & REGION_DONTFORK ? " dc" : "",
                l->flags & REGION_NORESERVE ? " nr" : "");
}

/* ---- files --------------------------------------------------------------- */

/* The first region that ends behind `va`, what its pages add up to, and a
 * reference on its mapping; false: there is none. */
static bool next_region(struct address_space *as, vaddr_t va,
                        struct proc_map *map,
                        struct page_sums *s) NO_LOCK_ANALYSIS
{
    memset(s, 0, sizeof(*s));
    mutex_lock(&as->lock);
    struct region *r = region_find_from_locked(as, va);
    if (r) {
        proc_map_get(map, r);
        add_region(s, r);
    }
    mutex_unlock(&as->lock);
    return r != NULL;
}

int proc_show_smaps(const struct proc_ref *ref, struct text *out)
{
    struct address_space *as;
    struct proc_map map;
    struct page_sums s;
    int err = proc_ref_space(ref, &as);

    if (err != 0 || !as)
        return err;
    for (vaddr_t va = 0; next_region(as, va, &map, &s); va = map.end) {
        proc_map_show(&map, out);
        kib_line(out, "Size:", map.end - map.start);
        kib_line(out, "KernelPageSize:", PAGE_SIZE);
        kib_line(out, "MMUPageSize:", PAGE_SIZE);
        show_sums(out, &s, false);
        text_printf(out, "THPeligible:    0\n");
        show_flags(out, &map);
        proc_map_put(&map);
    }
    as_put(as);
    return 0;
}

int proc_show_smaps_rollup(const struct proc_ref *ref,
                           struct text *out) NO_LOCK_ANALYSIS
{
    struct address_space *as;
    struct page_sums s = { 0 };
    vaddr_t start = 0, end = 0;
    int err = proc_ref_space(ref, &as);

    if (err != 0 || !as)
        return err != 0 ? err : -ESRCH;
    mutex_lock(&as->lock);
    struct region *r = region_first_locked(as);
    start = r ? r->start : 0;
    for (; r; r = region_next_locked(r)) {
        add_region(&s, r);
        end = r->end;
    }
    mutex_unlock(&as->lock);
    as_put(as);
    proc_map_show_name(out, start, end, "[rollup]");
    show_sums(out, &s, true);
    return 0;
}

uint64_t proc_count_shmem(struct address_space *as) NO_LOCK_ANALYSIS
{
    struct page_sums s = { 0 };

    mutex_lock(&as->lock);
    for (struct region *r = region_first_locked(as); r;
         r = region_next_locked(r))
        if (r->mapping && proc_mapping_is_shmem(r->mapping))
            add_region(&s, r);
    mutex_unlock(&as->lock);
    return (s.rss - s.anonymous) >> PAGE_SHIFT;
}
