/*
 * vm/working_set.c - the frames of one address space: used, limited, sent away.
 *
 * Idea:   a walk over the page tables.  The accessed bits tell which pages were
 *         used since they were cleared: that is the working set of the time
 *         between two walks.
 * Locks:  as->lock, not while pages are written.
 * Next:   vm/reclaim.c (eviction), vm/pool.c (limits).
 */
#include "vm/working_set.h"

#include "sched/sched.h"
#include "vm/reclaim.h"
#include "vm/region.h"
#include "vm/table.h"

/* The first address from `va` on with a present page, or USER_END. */
static vaddr_t next_page(struct address_space *as, vaddr_t va, pte_t **pte)
    MUST_HOLD(as->lock);
static vaddr_t next_page(struct address_space *as, vaddr_t va, pte_t **pte)
{
    for (; (va = table_skip_holes(as, va, USER_END, pte)) < USER_END;
         va += PAGE_SIZE)
        if (pte_has_frame(**pte) && !(pte_frame(**pte)->flags & FRAME_F_PINNED))
            break;
    return va;
}

uint64_t working_set_visit(struct address_space *as, used_page_visitor *visit,
                           void *arg)
{
    struct tlb_batch batch;
    uint64_t used = 0;
    pte_t *pte;

    tlb_batch_init(&batch, as);
    for (vaddr_t va = USER_MIN; (va = next_page(as, va, &pte)) < USER_END;
         va += PAGE_SIZE) {
        if (!(*pte & PTE_ACCESSED))
            continue;
        bool write = *pte & PTE_DIRTY;
        __atomic_fetch_and(pte, ~PTE_ACCESSED, __ATOMIC_SEQ_CST);
        /* A set that is told every use hears of them from elsewhere. */
        if (pool_samples(pool_of_frame(pte_frame(*pte))))
            pool_note_use(pte_frame(*pte), write);
        tlb_batch_add(&batch, va, NULL);
        if (visit)
            visit(va, write, arg);
        used++;
    }
    tlb_batch_finish(&batch);
    return used;
}

uint64_t working_set_sample(struct address_space *as)
{
    return working_set_visit(as, NULL, NULL);
}

uint64_t vm_count_used(struct address_space *as)
{
    mutex_lock(&as->lock);
    uint64_t used = working_set_sample(as);
    mutex_unlock(&as->lock);
    return used;
}

/* A page that is there competes in the space's own pool, unless it is locked. */
static void limit_page(struct address_space *as, vaddr_t va, pte_t pte)
    MUST_HOLD(as->lock);
static void limit_page(struct address_space *as, vaddr_t va, pte_t pte)
{
    const struct region *r = region_find_locked(as, va);

    if (r && (r->flags & REGION_LOCKED))
        pool_remove(pte_frame(pte));
    else if (pte_frame(pte)->replace.pooled)
        pool_add(as, pte_frame(pte), pte & PTE_DIRTY);
}

int vm_limit_frames(struct address_space *as, uint64_t limit)
{
    pte_t *pte;

    mutex_lock(&as->lock);
    bool had_own = as->pool != NULL;
    int err = pool_set_limit(as, limit);
    if (err == 0 && as->pool && !had_own)
        for (vaddr_t va = USER_MIN; (va = next_page(as, va, &pte)) < USER_END;
             va += PAGE_SIZE)
            limit_page(as, va, *pte);
    struct frame_pool *pool = err == 0 ? as->pool : NULL;
    mutex_unlock(&as->lock);
    /* What cannot go now stays above the limit until the next fault; and pools
     * are never freed, whoever changes the limit meanwhile. */
    if (pool && !reclaim_for_limit(pool))
        sched_point();
    return err;
}

/* Some of the pages from *va on, with references; moves *va on. */
static unsigned collect(struct address_space *as, vaddr_t *va,
                        struct frame **out, unsigned most)
{
    unsigned n = 0;
    pte_t *pte;

    mutex_lock(&as->lock);
    while (n < most && (*va = next_page(as, *va, &pte)) < USER_END) {
        out[n] = pte_frame(*pte);
        frame_get(out[n++]);
        *va += PAGE_SIZE;
    }
    mutex_unlock(&as->lock);
    return n;
}

void vm_evict_space(struct address_space *as)
{
    struct frame *some[RECLAIM_BATCH];
    vaddr_t va = USER_MIN;
    unsigned n;

    while ((n = collect(as, &va, some, RECLAIM_BATCH)) != 0) {
        reclaim_frames(some, n);
        sched_point();
    }
}
