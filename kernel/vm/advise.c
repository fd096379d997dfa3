/*
 * vm/advise.c - what madvise, mincore and msync say and do about pages that are
 * mapped already.
 *
 * Idea:   a walk over the regions of the range, and in each over the entries.
 *         What waits for a disk is collected under the lock, some pages at a
 *         time, and done without it.
 * Locks:  as->lock, not across copies to user memory or while disks work.
 * Next:   vm/populate.c, vm/reclaim.c.
 */
#include "abi/errno.h"
#include "abi/mman.h"
#include "core/counter.h"
#include "sched/sched.h"
#include "vm/address_space.h"
#include "vm/pool.h"
#include "vm/populate.h"
#include "vm/reclaim.h"
#include "vm/region.h"
#include "vm/table.h"
#include "vm/usercopy.h"

/* Advice that changes nothing here is still checked. */
static bool advice_is_known(int advice)
{
    switch (advice) {
    case MADV_NORMAL:
    case MADV_RANDOM:
    case MADV_SEQUENTIAL:
    case MADV_WILLNEED:
    case MADV_DONTNEED:
    case MADV_FREE:
    case MADV_DONTFORK:
    case MADV_DOFORK:
    case MADV_NOHUGEPAGE:
    case MADV_HUGEPAGE:
    case MADV_COLD:
    case MADV_PAGEOUT:
    case MADV_POPULATE_READ:
    case MADV_POPULATE_WRITE:
    case MADV_DONTNEED_LOCKED:
        return true;
    default:
        return false;
    }
}

/* Is it advice that the region must not get? */
static bool region_refuses(const struct region *r, int advice)
{
    switch (advice) {
    case MADV_FREE:
        return r->mapping || (r->flags & REGION_LOCKED);
    case MADV_DONTNEED:
    case MADV_COLD:
    case MADV_PAGEOUT:
        return r->flags & REGION_LOCKED;
    default:
        return false;
    }
}

/* ---- one's own pages ------------------------------------------------------- */

/* Does no other space map the page?  (As far as the count tells.) */
static bool is_mapped_once(const struct frame *f)
{
    if (f->flags & FRAME_F_PINNED)
        return false;
    if (frame_has_flags(f, FRAME_F_SWAP_CACHE))
        return swap_cache_holders(f) == 1;
    uint32_t refs = __atomic_load_n(&f->refs, __ATOMIC_RELAXED);
    return refs == (f->kind == FRAME_MAPPING ? 2 : 1); /* the mapping's own */
}

/* The first page from `va` on that only this space maps; or `end`. */
static vaddr_t next_own_page(struct address_space *as, vaddr_t va, vaddr_t end,
                             pte_t **pte) MUST_HOLD(as->lock);
static vaddr_t next_own_page(struct address_space *as, vaddr_t va, vaddr_t end,
                             pte_t **pte)
{
    for (; (va = table_skip_holes(as, va, end, pte)) < end; va += PAGE_SIZE) {
        if (va % pt_span(1) == 0)
            sched_point();
        if (pte_has_frame(**pte) && is_mapped_once(pte_frame(**pte)))
            return va;
    }
    return end;
}

/* MADV_COLD: whatever was used, it was not. */
static void cool(struct address_space *as, vaddr_t va, vaddr_t end)
    MUST_HOLD(as->lock);
static void cool(struct address_space *as, vaddr_t va, vaddr_t end)
{
    struct tlb_batch batch;
    pte_t *pte;

    tlb_batch_init(&batch, as);
    for (; (va = next_own_page(as, va, end, &pte)) < end; va += PAGE_SIZE) {
        __atomic_fetch_and(pte, ~PTE_ACCESSED, __ATOMIC_SEQ_CST);
        tlb_batch_add(&batch, va, NULL);
    }
    tlb_batch_finish(&batch);
}

/* Some of the pages from *va on, with references; moves *va on. */
static unsigned collect_own(struct address_space *as, vaddr_t *va, vaddr_t end,
                            struct frame **out)
{
    unsigned n = 0;
    pte_t *pte;

    mutex_lock(&as->lock);
    while (n < RECLAIM_BATCH &&
           (*va = next_own_page(as, *va, end, &pte)) < end) {
        out[n] = pte_frame(*pte);
        frame_get(out[n++]);
        *va += PAGE_SIZE;
    }
    mutex_unlock(&as->lock);
    return n;
}

/* MADV_PAGEOUT.  As long as there is no swap all pages have to stay. */
static void page_out(struct address_space *as, vaddr_t va, vaddr_t end)
{
    struct frame *some[RECLAIM_BATCH];
    unsigned n = 1;

    while (pools_on && n != 0) {
        rwlock_read_lock(&eviction_lock);
        n = collect_own(as, &va, end, some);
        reclaim_frames(some, n);
        rwlock_read_unlock(&eviction_lock);
        sched_point();
    }
}

/* ---- swapped pages ---------------------------------------------------------- */

enum { PREFETCH_BATCH = 32 };

/* Slots that page tables name, from *va on; moves *va on. */
static unsigned collect_private(struct address_space *as, vaddr_t *va,
                                vaddr_t end, swap_entry_t *out)
    MUST_HOLD(as->lock);
static unsigned collect_private(struct address_space *as, vaddr_t *va,
                                vaddr_t end, swap_entry_t *out)
{
    unsigned n = 0;
    pte_t *pte;

    for (; n < PREFETCH_BATCH &&
           (*va = table_skip_holes(as, *va, end, &pte)) < end;
         *va += PAGE_SIZE) {
        if (*va % pt_span(1) == 0)
            sched_point();
        if (pte_is_swap(*pte))
            out[n++] = pte_swap_entry(*pte);
    }
    return n;
}

/* The same for slots that the region's mapping names. */
static unsigned collect_shared(const struct region *r, vaddr_t *va, vaddr_t end,
                               swap_entry_t *out)
{
    uint64_t index = region_index(r, *va);
    uint64_t last = region_index(r, end);
    unsigned n = 0;

    while (n < PREFETCH_BATCH &&
           (out[n] = mapping_next_swapped(r->mapping, &index, last)) != 0) {
        index++;
        n++;
    }
    *va = n < PREFETCH_BATCH
              ? end
              : *va + ((index - region_index(r, *va)) << PAGE_SHIFT);
    return n;
}

/* MADV_WILLNEED: start to read what is swapped out, while there is room. */
static void prefetch(struct address_space *as, vaddr_t va, vaddr_t end)
{
    swap_entry_t some[PREFETCH_BATCH];
    unsigned n;

    while (va < end && !frame_is_low()) {
        mutex_lock(&as->lock);
        const struct region *r = region_find_locked(as, va);
        end = r ? MIN(end, r->end) : va;
        if (r && (r->flags & REGION_SHARED) && r->mapping)
            n = collect_shared(r, &va, end, some);
        else
            n = collect_private(as, &va, end, some);
        mutex_unlock(&as->lock);
        for (unsigned i = 0; i < n && !frame_is_low(); i++)
            swap_prefetch(some[i]);
    }
}

/* ---- madvise ---------------------------------------------------------------- */

/* DONTFORK, DOFORK. */
static int set_dontfork(struct address_space *as, vaddr_t start, vaddr_t end,
                        uint32_t flag) MUST_HOLD(as->lock);
static int set_dontfork(struct address_space *as, vaddr_t start, vaddr_t end,
                        uint32_t flag)
{
    if (region_split_at(as, start) != 0 || region_split_at(as, end) != 0)
        return -ENOMEM;
    struct region *r = region_find_locked(as, start);
    r->flags = (r->flags & ~(uint32_t)REGION_DONTFORK) | flag;
    region_merge_around(as, r);
    return 0;
}

/* It has nobody else, and reclaim works: it may go when memory is short. */
static bool may_go_later(pte_t pte)
{
    return pools_on && (pte & PTE_PRESENT) && (pte & PTE_WRITE) &&
           pte_frame(pte)->kind == FRAME_ANON;
}

/* MADV_FREE: other pages go at once. */
static void free_lazily(struct address_space *as, struct tlb_batch *batch,
                        vaddr_t va, vaddr_t end) MUST_HOLD(as->lock);
static void free_lazily(struct address_space *as, struct tlb_batch *batch,
                        vaddr_t va, vaddr_t end)
{
    pte_t *pte;

    for (; (va = table_skip_holes(as, va, end, &pte)) < end; va += PAGE_SIZE) {
        if (va % pt_span(1) == 0)
            sched_point();
        if (*pte == 0)
            continue;
        if (!may_go_later(*pte)) {
            table_unmap_range(as, batch, va, va + PAGE_SIZE);
            continue;
        }
        pte_change(pte, PTE_DIRTY | PTE_ACCESSED, PTE_LAZY);
        tlb_batch_add(batch, va, NULL);
        counter_add(COUNTER_LAZY_FREE, 1);
    }
}

/* All advice that waits for nothing. */
static int advise_region(struct address_space *as, vaddr_t start, vaddr_t end,
                         int advice) MUST_HOLD(as->lock);
static int advise_region(struct address_space *as, vaddr_t start, vaddr_t end,
                         int advice)
{
    struct tlb_batch batch;

    switch (advice) {
    case MADV_DONTNEED:
    case MADV_DONTNEED_LOCKED:
        tlb_batch_init(&batch, as);
        table_unmap_range(as, &batch, start, end);
        tlb_batch_finish(&batch);
        return 0;
    case MADV_FREE:
        tlb_batch_init(&batch, as);
        free_lazily(as, &batch, start, end);
        tlb_batch_finish(&batch);
        return 0;
    case MADV_DONTFORK:
        return set_dontfork(as, start, end, REGION_DONTFORK);
    case MADV_DOFORK:
        return set_dontfork(as, start, end, 0);
    case MADV_COLD:
        cool(as, start, end);
        return 0;
    default:
        return 0;
    }
}

/* And that which waits. */
static void advise_unlocked(struct address_space *as, vaddr_t start,
                            vaddr_t end, int advice)
{
    if (advice == MADV_PAGEOUT)
        page_out(as, start, end);
    else if (advice == MADV_WILLNEED)
        prefetch(as, start, end);
}

/* One region at a time: 0 or -errno; *va moves behind it.  Holes are skipped and
 * put into *hole. */
static int advise_next(struct address_space *as, vaddr_t *va, vaddr_t end,
                       int advice, int *hole)
{
    int err = 0;

    mutex_lock(&as->lock);
    struct region *r = region_find_from_locked(as, *va);
    if (!r || r->start > *va)
        *hole = -ENOMEM;
    vaddr_t start = r ? MIN(MAX(*va, r->start), end) : end;
    vaddr_t stop = r ? MIN(end, r->end) : end;
    if (start < stop) {
        err = region_refuses(r, advice) ? -EINVAL : 0;
        if (err == 0)
            err = advise_region(as, start, stop, advice);
    }
    mutex_unlock(&as->lock);
    if (err == 0 && start < stop)
        advise_unlocked(as, start, stop, advice);
    *va = MAX(start, stop);
    return err;
}

int64_t vm_madvise(struct address_space *as, vaddr_t addr, uint64_t bytes,
                   int advice)
{
    int err = 0, hole = 0;

    if ((addr & ~PAGE_MASK) || !advice_is_known(advice))
        return -EINVAL;
    vaddr_t end = addr + ALIGN_UP(bytes, PAGE_SIZE);
    if (end < addr || (bytes != 0 && end == addr))
        return -EINVAL;
    if (advice == MADV_POPULATE_READ)
        return vm_populate(as, addr, end, POPULATE_READ);
    if (advice == MADV_POPULATE_WRITE)
        return vm_populate(as, addr, end, POPULATE_WRITE);
    for (vaddr_t va = addr; err == 0 && va < end;)
        err = advise_next(as, &va, end, advice, &hole);
    return err ? err : hole;
}

/* ---- mincore ---------------------------------------------------------------- */

/* Could the page be mapped without a disk?  A private page that was never there
 * is not in memory. */
static bool is_in_memory(struct address_space *as, const struct region *r,
                         vaddr_t va) MUST_HOLD(as->lock);
static bool is_in_memory(struct address_space *as, const struct region *r,
                         vaddr_t va)
{
    const pte_t *pte = table_find(as, va);

    if (pte && pte_has_frame(*pte))
        return true;
    if (pte && pte_is_swap(*pte))
        return swap_cache_has(pte_swap_entry(*pte));
    return r->mapping && mapping_has_page(r->mapping, region_index(r, va));
}

/* One byte for each of the pages from `va` on, up to the end of the region;
 * returns how many, 0: no region. */
static uint64_t tell_region(struct address_space *as, vaddr_t va,
                            uint64_t pages, unsigned char *out)
{
    mutex_lock(&as->lock);
    const struct region *r = region_find_locked(as, va);
    uint64_t n = r ? MIN(pages, (r->end - va) >> PAGE_SHIFT) : 0;
    for (uint64_t i = 0; i < n; i++)
        out[i] = is_in_memory(as, r, va + (i << PAGE_SHIFT));
    mutex_unlock(&as->lock);
    return n;
}

int64_t vm_mincore(struct address_space *as, vaddr_t addr, uint64_t bytes,
                   unsigned char __user *vec)
{
    unsigned char chunk[256];

    if (addr & ~PAGE_MASK)
        return -EINVAL;
    if (bytes > USER_END || !region_range_ok(addr, bytes))
        return -ENOMEM;
    uint64_t pages = ALIGN_UP(bytes, PAGE_SIZE) >> PAGE_SHIFT;
    if (!user_range_ok(vec, pages))
        return -EFAULT;
    for (uint64_t done = 0; done < pages;) {
        uint64_t n = tell_region(as, addr + (done << PAGE_SHIFT),
                                 MIN(pages - done, sizeof(chunk)), chunk);
        if (n == 0)
            return -ENOMEM;
        if (copy_to_user(vec + done, chunk, n) != 0)
            return -EFAULT;
        done += n;
        sched_point();
    }
    return 0;
}

/* ---- msync ------------------------------------------------------------------ */

/* The mapping with changes that `region` shows, with a reference; or NULL. */
static struct mapping *mapping_to_sync(const struct region *r)
{
    if (!(r->flags & REGION_SHARED) || !r->mapping || !r->mapping->ops->sync)
        return NULL;
    mapping_get(r->mapping);
    return r->mapping;
}

int64_t vm_msync(struct address_space *as, vaddr_t addr, uint64_t bytes,
                 int flags)
{
    int64_t result = 0;

    if ((addr & ~PAGE_MASK) ||
        (flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) ||
        ((flags & MS_ASYNC) && (flags & MS_SYNC)))
        return -EINVAL;
    if (bytes > USER_END || !region_range_ok(addr, bytes))
        return -ENOMEM;
    vaddr_t end = addr + ALIGN_UP(bytes, PAGE_SIZE);
    for (vaddr_t va = addr; va < end && result == 0;) {
        struct mapping *mapping = NULL;
        mutex_lock(&as->lock);
        struct region *r = region_find_locked(as, va);
        if (r) {
            mapping = mapping_to_sync(r);
            va = r->end;
        } else {
            result = -ENOMEM;
        }
        mutex_unlock(&as->lock);
        if (!mapping) /* files in memory: their mappings are the files */
            continue;
        if (flags & MS_SYNC)
            result = mapping->ops->sync(mapping);
        mapping_put(mapping);
    }
    return result;
}
