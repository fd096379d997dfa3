/*
 * vm/cow.c - copy-on-write.
 *
 * 1 Idea      fork copies page tables, not pages.  Parent and child then map
 *             the same frames read-only; whoever writes first faults and gets
 *             a frame of its own.  The frame's reference count says who is
 *             left: with one holder there is nobody to copy for.
 * 2 States    A private writable page is either exclusive (PTE writable, count
 *             1) or shared (PTE read-only, count >= 1).  The page cache counts
 *             as a holder, so a private file page is always copied.  The zero
 *             frame is shared by all and its count is never touched.
 * 3 Locking   The faulting space's lock.  Other holders may drop out at any
 *             time (their own lock), so a count of 2 may be 1 a moment later:
 *             then a copy is made that was not needed.  A count of 1 cannot
 *             grow: only this space, whose lock is held, could share it.
 * 4 Failure   No frame for the copy: the fault reports FAULT_NOMEM, nothing has
 *             changed.  fork drops what it shared so far by tearing the child
 *             down.
 * 5 Elsewhere Linux write-protects the same way and decides by PageAnonExclusive
 *             whether a copy is needed; it learned that from CVE-2020-29374.
 */
#include "vm/cow.h"

#include "abi/errno.h"
#include "core/panic.h"
#include "core/trace.h"
#include "sched/sched.h"
#include "vm/pool.h"
#include "vm/reclaim.h"
#include "vm/region.h"
#include "vm/table.h"
#include "x86/cpu.h"
#include "x86/tlb.h"

struct frame *anon_frame_alloc(struct address_space *as, uint64_t index)
{
    struct frame *f = frame_alloc(0, FRAME_ANON);

    if (f)
        anon_frame_own(as, f, index);
    return f;
}

void anon_frame_own(struct address_space *as, struct frame *f, uint64_t index)
{
    __atomic_fetch_add(&as->family->refs, 1, __ATOMIC_RELAXED);
    f->owner = as->family;
    f->index = index;
}

/* Pages in swap slots: the child names them, too.  False: a slot has too many
 * users. */
static bool share_swapped(const pte_t *from, pte_t *to, unsigned count,
                          struct address_space *child)
{
    for (unsigned i = 0; i < count; i++) {
        if (!pte_is_swap(from[i]))
            continue;
        if (!swap_get(pte_swap_entry(from[i])))
            return false;
        to[i] = from[i];
        child->swap_pages++;
    }
    return true;
}

/* Pages of one last-level table: the inner loop of fork. */
static void share_entries(const pte_t *from, pte_t *to, unsigned count,
                          pte_t lose, struct address_space *child)
{
    uint64_t anon = 0, file = 0;
    pte_t *source = (pte_t *)from;

    for (unsigned i = 0; i < count; i++) {
        pte_t pte = source[i];
        if (!pte_has_frame(pte))
            continue;
        struct frame *f = pte_frame(pte);
        if (!(f->flags & FRAME_F_PINNED)) {
            __atomic_fetch_add(&f->refs, 1, __ATOMIC_RELAXED);
            if (f->kind == FRAME_ANON)
                anon++;
            else
                file++;
        }
        /* What loses nothing is left alone: a CPU may be setting bits in it. */
        if (pte & lose)
            source[i] = pte &= ~lose;
        to[i] = pte;
    }
    child->rss_anon += anon;
    child->rss_file += file;
}

int cow_share_region(struct address_space *parent, struct address_space *child,
                     struct region *region)
{
    /* Private pages lose the right to write on both sides. */
    pte_t lose = region->flags & REGION_SHARED ? 0 : PTE_WRITE | PTE_LAZY;
    vaddr_t va = region->start, end = region->end;
    pte_t *from;

    trace(SHARE, parent, child, va, end, !(region->flags & REGION_SHARED));
    while ((va = table_skip_holes(parent, va, end, &from)) < end) {
        vaddr_t stop = ALIGN_DOWN(va, pt_span(1)) + pt_span(1);
        stop = MIN(stop, end);
        pte_t *to = table_make(child, va);
        if (!to)
            return -ENOMEM;
        unsigned count = (unsigned)((stop - va) >> PAGE_SHIFT);
        share_entries(from, to, count, lose, child);
        if (unlikely(parent->swap_pages != 0) &&
            !share_swapped(from, to, count, child))
            return -ENOMEM;
        va = stop;
        sched_point();
    }
    return 0;
}

static int copy_regions(struct address_space *parent,
                        struct address_space *child)
    MUST_HOLD(parent->lock, child->lock);
static int copy_regions(struct address_space *parent,
                        struct address_space *child)
{
    for (struct region *r = region_first_locked(parent); r;
         r = region_next_locked(r)) {
        if (r->flags & REGION_DONTFORK)
            continue;
        struct region *copy = region_create(child, r->start, r->end, r->prot,
                                            r->flags & ~REGION_LOCK_FLAGS,
                                            r->mapping, r->first_index);
        if (!copy)
            return -ENOMEM;
        region_insert_locked(child, copy);
        if (cow_share_region(parent, child, r) != 0)
            return -ENOMEM;
    }
    return 0;
}

static void copy_layout(struct address_space *child,
                        const struct address_space *parent)
{
    child->mmap_base = parent->mmap_base;
    child->mmap_hint = parent->mmap_hint;
    child->brk_start = parent->brk_start;
    child->brk = parent->brk;
    child->stack_top = parent->stack_top;
    child->arg_start = parent->arg_start;
    child->arg_end = parent->arg_end;
    child->env_start = parent->env_start;
    child->env_end = parent->env_end;
    child->code_start = parent->code_start;
    child->code_end = parent->code_end;
    child->data_start = parent->data_start;
    child->data_end = parent->data_end;
    child->limit_as = parent->limit_as;
    child->limit_stack = parent->limit_stack;
}

static struct address_space *fork_once(struct address_space *parent)
{
    struct address_space *child = as_create_in_family(parent->family);

    if (!child)
        return NULL;
    mutex_lock(&parent->lock);
    copy_layout(child, parent);
    /* The child is not running and not in reach of anybody but the auditor and
     * truncation, which take its lock. */
    mutex_lock_nested(&child->lock);
    int err = copy_regions(parent, child);
    if (err == 0)
        err = pool_inherit(child, parent);
    mutex_unlock(&child->lock);
    /* The parent's old rights go from the TLBs before anyone may rely on the
     * sharing, also when fork fails half-way. */
    uint32_t self = 1u << this_cpu->id;
    cpu_write_cr3(cpu_read_cr3());
    uint32_t others = parent->cpu_mask & ~self;
    if (others)
        tlb_flush_remote(others, 0, USER_END);
    mutex_unlock(&parent->lock);
    if (err == 0)
        return child;
    as_put(child);
    return NULL;
}

struct address_space *as_fork(struct address_space *parent)
{
    struct address_space *child;

    reclaim_wake_if_low();
    do
        child = fork_once(parent);
    while (!child && frame_is_low() && reclaim_direct());
    return child;
}

/* Told before the old frame may be free. */
static TRACE_ASIDE void trace_copy(struct address_space *as, vaddr_t va,
                                   const struct frame *old, pte_t pte)
{
    trace(COW_COPY, as, va, frame_pfn(old), frame_pfn(pte_frame(pte)),
          old->refs);
    trace(MAP, as, va, pte);
}

int cow_break(struct address_space *as, struct region *region, vaddr_t va,
              pte_t *pte)
{
    struct frame *old = pte_frame(*pte);
    struct frame *copy = anon_frame_alloc(as, region_index(region, va));

    if (!copy)
        return -ENOMEM;
    page_copy(frame_bytes(copy), frame_bytes(old));
    *pte =
        frame_phys(copy) | pte_user_bits(region->prot) | PTE_WRITE | PTE_DIRTY;
    if (unlikely(trace_mask & (TRACE_BIT(COW_COPY) | TRACE_BIT(MAP))))
        trace_copy(as, va, old, *pte);
    rss_add(as, old, -1);
    rss_add(as, copy, 1);
    pool_enter(as, region, copy, true);
    table_flush_page(as, va, old);
    return 0;
}

void cow_take_back(struct address_space *as, vaddr_t va, pte_t *pte)
{
    struct frame *f = pte_frame(*pte);

    if (unlikely(frame_has_flags(f, FRAME_F_SWAP_CACHE))) {
        /* Its slot will not have these bytes any more. */
        if (!swap_cache_remove(f))
            return; /* the disk has just got it: at the next fault a copy */
    }
    *pte |= PTE_WRITE | PTE_DIRTY;
    /* A stale read-only entry on another CPU only causes one more fault there
     * (row 12). */
    cpu_invlpg(va);
}
