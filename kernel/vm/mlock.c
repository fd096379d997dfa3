/*
 * vm/mlock.c - regions whose pages stay in memory.
 *
 * 1 Idea      A flag of the region, which reclaim respects (unmap_at).  Locking
 *             sets it, takes the pages that are there out of their pools, and
 *             then brings in the others by page faults.
 * 2 Locking   as->lock for the flags; not while pages are brought in: from the
 *             moment that the flag is set none goes any more.
 * 3 Failure   A range is locked up to the first hole; pages that cannot be
 *             brought in leave it locked, too.  That is Linux's way.
 * 4 Shared    A page that another space has locked may be in a pool after it was
 *             unlocked here: reclaim notices when it is chosen.
 */
#include "vm/mlock.h"

#include "abi/errno.h"
#include "abi/mman.h"
#include "sched/sched.h"
#include "vm/pool.h"
#include "vm/populate.h"
#include "vm/region.h"
#include "vm/table.h"

#define MCL_KNOWN (MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)

uint64_t (*vm_lock_limit)(void);

/* Does the current process' limit allow so many locked pages? */
static bool limit_allows(uint64_t pages)
{
    uint64_t limit = vm_lock_limit();

    return limit == UINT64_MAX || pages <= limit >> PAGE_SHIFT;
}

bool mlock_has_room(const struct address_space *as, uint32_t region_flags,
                    uint64_t bytes)
{
    return likely(!(region_flags & REGION_LOCKED)) ||
           limit_allows(as->locked_pages + (bytes >> PAGE_SHIFT));
}

/* The pages of a region leave their pools, or come back. */
static void move_pages(struct address_space *as, const struct region *r)
    MUST_HOLD(as->lock);
static void move_pages(struct address_space *as, const struct region *r)
{
    vaddr_t va = r->start;
    pte_t *pte;

    for (; (va = table_skip_holes(as, va, r->end, &pte)) < r->end;
         va += PAGE_SIZE) {
        if (va % pt_span(1) == 0)
            sched_point();
        if (!pte_has_frame(*pte) || (pte_frame(*pte)->flags & FRAME_F_PINNED))
            continue;
        if (r->flags & REGION_LOCKED)
            pool_remove(pte_frame(*pte));
        else
            pool_add(as, pte_frame(*pte), true);
    }
}

static void set_flags(struct address_space *as, struct region *r,
                      uint32_t flags) MUST_HOLD(as->lock);
static void set_flags(struct address_space *as, struct region *r,
                      uint32_t flags)
{
    uint32_t old = r->flags;

    region_count_pages(as, r, -region_pages(r));
    r->flags = (old & ~REGION_LOCK_FLAGS) | flags;
    region_count_pages(as, r, region_pages(r));
    if (pools_on && ((old ^ flags) & REGION_LOCKED))
        move_pages(as, r);
    region_merge_around(as, r);
}

/* Regions of [start, end) get `flags`, up to the first hole: -ENOMEM. */
static int set_range(struct address_space *as, vaddr_t start, vaddr_t end,
                     uint32_t flags) MUST_HOLD(as->lock);
static int set_range(struct address_space *as, vaddr_t start, vaddr_t end,
                     uint32_t flags)
{
    for (vaddr_t va = start; va < end;) {
        struct region *r = region_find_locked(as, va);
        if (!r)
            return -ENOMEM;
        vaddr_t stop = MIN(r->end, end);
        if ((r->flags & REGION_LOCK_FLAGS) != flags) {
            if (region_split_at(as, va) != 0 || region_split_at(as, stop) != 0)
                return -ENOMEM;
            set_flags(as, region_find_locked(as, va), flags);
        }
        va = stop;
    }
    return 0;
}

static void set_all(struct address_space *as, uint32_t flags)
    MUST_HOLD(as->lock);
static void set_all(struct address_space *as, uint32_t flags)
{
    struct region *r;

    for (vaddr_t va = 0; (r = region_find_from_locked(as, va)) != NULL;) {
        va = r->end;
        if ((r->flags & REGION_LOCK_FLAGS) != flags)
            set_flags(as, r, flags);
    }
}

static uint64_t count_locked(struct address_space *as, vaddr_t start,
                             vaddr_t end) MUST_HOLD(as->lock);
static uint64_t count_locked(struct address_space *as, vaddr_t start,
                             vaddr_t end)
{
    struct region *r = region_find_from_locked(as, start);
    uint64_t bytes = 0;

    for (; r && r->start < end; r = region_next_locked(r))
        if (r->flags & REGION_LOCKED)
            bytes += MIN(r->end, end) - MAX(r->start, start);
    return bytes >> PAGE_SHIFT;
}

/* The pages that the bytes lie in; may wrap round as Linux's do. */
static void round_range(vaddr_t addr, uint64_t bytes, vaddr_t *start,
                        vaddr_t *end)
{
    *start = ALIGN_DOWN(addr, PAGE_SIZE);
    *end = *start + ALIGN_UP(bytes + (addr - *start), PAGE_SIZE);
}

static uint32_t lock_flags(bool on_fault)
{
    return on_fault ? REGION_LOCK_FLAGS : REGION_LOCKED;
}

int64_t vm_mlock(struct address_space *as, vaddr_t addr, uint64_t bytes,
                 int flags)
{
    vaddr_t start, end;
    int err = -ENOMEM;

    if (flags & ~MLOCK_ONFAULT)
        return -EINVAL;
    if (vm_lock_limit() == 0)
        return -EPERM;
    round_range(addr, bytes, &start, &end);
    mutex_lock(&as->lock);
    uint64_t pages = as->locked_pages + ((end - start) >> PAGE_SHIFT);
    if (limit_allows(pages) ||
        (end >= start && limit_allows(pages - count_locked(as, start, end))))
        err = end < start ? -EINVAL
                          : set_range(as, start, end,
                                      lock_flags(flags & MLOCK_ONFAULT));
    mutex_unlock(&as->lock);
    if (err != 0)
        return err;
    err = vm_populate(as, start, end, POPULATE_LOCKED);
    if (err == -ENOMEM)
        return -EAGAIN;
    return err == -EFAULT ? -ENOMEM : err;
}

int64_t vm_munlock(struct address_space *as, vaddr_t addr, uint64_t bytes)
{
    vaddr_t start, end;

    round_range(addr, bytes, &start, &end);
    if (end < start)
        return -EINVAL;
    mutex_lock(&as->lock);
    int err = set_range(as, start, end, 0);
    mutex_unlock(&as->lock);
    return err;
}

int64_t vm_mlockall(struct address_space *as, int flags)
{
    uint32_t set = lock_flags(flags & MCL_ONFAULT);
    bool now = flags & MCL_CURRENT;

    if (flags == 0 || (flags & ~MCL_KNOWN) || flags == MCL_ONFAULT)
        return -EINVAL;
    if (vm_lock_limit() == 0)
        return -EPERM;
    mutex_lock(&as->lock);
    bool allowed = !now || limit_allows(as->total_pages);
    if (allowed)
        as->future_flags = flags & MCL_FUTURE ? set : 0;
    if (allowed && now)
        set_all(as, set);
    mutex_unlock(&as->lock);
    if (!allowed)
        return -ENOMEM;
    return now ? vm_populate(as, 0, USER_END, POPULATE_TRY) : 0;
}

int64_t vm_munlockall(struct address_space *as)
{
    mutex_lock(&as->lock);
    as->future_flags = 0;
    set_all(as, 0);
    mutex_unlock(&as->lock);
    return 0;
}
