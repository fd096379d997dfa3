/*
 * vm/advise.c - what madvise, mincore and msync say and do about pages that are
 * mapped already.
 *
 * Locks: as->lock, not across copies to user memory.
 */
#include "abi/errno.h"
#include "abi/mman.h"
#include "sched/sched.h"
#include "vm/address_space.h"
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
        return true;
    default:
        return false;
    }
}

static int advise_region(struct address_space *as, struct region *r,
                         vaddr_t start, vaddr_t end, int advice)
    MUST_HOLD(as->lock);
static int advise_region(struct address_space *as, struct region *r,
                         vaddr_t start, vaddr_t end, int advice)
{
    struct tlb_batch batch;

    if (advice == MADV_FREE && r->mapping)
        return -EINVAL;
    if (advice == MADV_DONTNEED || advice == MADV_FREE) {
        tlb_batch_init(&batch, as);
        table_unmap_range(as, &batch, start, end);
        tlb_batch_finish(&batch);
    } else if (advice == MADV_DONTFORK || advice == MADV_DOFORK) {
        if (region_split_at(as, start) != 0 || region_split_at(as, end) != 0)
            return -ENOMEM;
        r = region_find_locked(as, start);
        r->flags &= ~(uint32_t)REGION_DONTFORK;
        if (advice == MADV_DONTFORK)
            r->flags |= REGION_DONTFORK;
        region_merge_around(as, r);
    }
    return 0;
}

int64_t vm_madvise(struct address_space *as, vaddr_t addr, uint64_t bytes,
                   int advice)
{
    int64_t result = 0;

    if ((addr & ~PAGE_MASK) || !advice_is_known(advice))
        return -EINVAL;
    if (bytes > USER_END)
        return -EINVAL;
    bytes = ALIGN_UP(bytes, PAGE_SIZE);
    if (addr + bytes < addr)
        return -EINVAL;
    mutex_lock(&as->lock);
    vaddr_t va = addr, end = addr + bytes;
    while (va < end) {
        struct region *r = region_find_from_locked(as, va);
        if (!r || r->start > va)
            result = -ENOMEM; /* holes are skipped, then told */
        if (!r || r->start >= end)
            break;
        va = MAX(va, r->start);
        vaddr_t stop = MIN(end, r->end);
        int err = advise_region(as, r, va, stop, advice);
        if (err != 0) {
            result = err;
            break;
        }
        va = stop;
    }
    mutex_unlock(&as->lock);
    return result;
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
    for (uint64_t done = 0; done < pages;) {
        uint64_t n = MIN(pages - done, sizeof(chunk));
        mutex_lock(&as->lock);
        for (uint64_t i = 0; i < n; i++) {
            vaddr_t va = addr + ((done + i) << PAGE_SHIFT);
            if (!region_find_locked(as, va)) {
                mutex_unlock(&as->lock);
                return -ENOMEM;
            }
            pte_t *pte = table_find(as, va);
            chunk[i] = pte && pte_has_frame(*pte);
        }
        mutex_unlock(&as->lock);
        if (copy_to_user(vec + done, chunk, n) != 0)
            return -EFAULT;
        done += n;
        sched_point();
    }
    return 0;
}

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
