/*
 * vm/mmap.c - what mmap, munmap, mprotect, brk and mremap do to an address
 * space.
 *
 * Idea:  check everything, then change: each call validates its range first
 *        and does what may fail (splits, a new region) before what may not.
 * Locks: as->lock for the whole call; mappings are referenced by the caller.
 */
#include "abi/errno.h"
#include "abi/mman.h"
#include "base/string.h"
#include "core/panic.h"
#include "core/trace.h"
#include "sched/sched.h"
#include "vm/address_space.h"
#include "vm/cow.h"
#include "vm/mlock.h"
#include "vm/populate.h"
#include "vm/region.h"
#include "vm/table.h"
#include "x86/cpu.h"

#define MAP_KNOWN                                                              \
    (MAP_SHARED | MAP_PRIVATE | MAP_SHARED_VALIDATE | MAP_FIXED |              \
     MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_DENYWRITE | MAP_EXECUTABLE |          \
     MAP_LOCKED | MAP_NORESERVE | MAP_POPULATE | MAP_NONBLOCK | MAP_STACK |    \
     MAP_FIXED_NOREPLACE)

/* Room under RLIMIT_AS and the number of regions for one more? */
static bool limits_allow(struct address_space *as, uint64_t bytes)
    MUST_HOLD(as->lock);
static bool limits_allow(struct address_space *as, uint64_t bytes)
{
    return (as->total_pages << PAGE_SHIFT) + bytes <= as->limit_as &&
           !region_count_is_full(as);
}

static int map_locked(struct address_space *as, vaddr_t start, uint64_t bytes,
                      uint32_t prot, uint32_t flags, struct mapping *mapping,
                      uint64_t first_index) MUST_HOLD(as->lock);
static int map_locked(struct address_space *as, vaddr_t start, uint64_t bytes,
                      uint32_t prot, uint32_t flags, struct mapping *mapping,
                      uint64_t first_index)
{
    struct region *prev = region_before_locked(as, start);

    /* Continue the region before: no new one is needed. */
    if (prev && prev->end == start && prev->prot == prot &&
        prev->flags == flags && prev->mapping == mapping &&
        region_index(prev, start) == first_index) {
        prev->end = start + bytes;
        region_count_pages(as, prev, (int64_t)(bytes >> PAGE_SHIFT));
        region_merge_around(as, prev);
        return 0;
    }
    struct region *r = region_create(as, start, start + bytes, prot, flags,
                                     mapping, first_index);
    if (!r)
        return -ENOMEM;
    region_insert_locked(as, r);
    region_merge_around(as, r);
    return 0;
}

int as_map_fixed(struct address_space *as, vaddr_t start, uint64_t bytes,
                 uint32_t prot, uint32_t flags, struct mapping *mapping,
                 uint64_t first_index)
{
    if (!region_range_ok(start, bytes) || bytes == 0)
        return -ENOMEM;
    mutex_lock(&as->lock);
    if (!mapping)
        first_index = start >> PAGE_SHIFT;
    int err = region_unmap_range(as, start, start + bytes);
    if (err == 0)
        err = map_locked(as, start, bytes, prot, flags, mapping, first_index);
    mutex_unlock(&as->lock);
    return err;
}

/* Where the new mapping goes; 0 and *err set when it cannot. */
static vaddr_t choose_address(struct address_space *as, vaddr_t addr,
                              uint64_t bytes, uint32_t map_flags, int *err)
    MUST_HOLD(as->lock);
static vaddr_t choose_address(struct address_space *as, vaddr_t addr,
                              uint64_t bytes, uint32_t map_flags, int *err)
{
    bool fixed = map_flags & (MAP_FIXED | MAP_FIXED_NOREPLACE);

    *err = -ENOMEM;
    if (fixed) {
        if (addr & ~PAGE_MASK) {
            *err = -EINVAL;
            return 0;
        }
        if (!region_range_ok(addr, bytes))
            return 0;
        if (addr < USER_MIN) {
            *err = -EPERM;
            return 0;
        }
        struct region *r = region_find_from_locked(as, addr);
        if ((map_flags & MAP_FIXED_NOREPLACE) && r && r->start < addr + bytes) {
            *err = -EEXIST;
            return 0;
        }
        return addr;
    }
    addr = ALIGN_DOWN(addr, PAGE_SIZE);
    if (addr >= USER_MIN && region_range_ok(addr, bytes)) {
        struct region *r = region_find_from_locked(as, addr);
        if (!r || r->start >= addr + bytes)
            return addr;
    }
    return region_find_room(as, bytes);
}

/* Bring the pages in now; failures show at the first access. */
static void populate(struct address_space *as, vaddr_t start, uint64_t bytes)
{
    if (vm_populate(as, start, start + bytes, POPULATE_TRY) != 0)
        return;
}

/* May a region of these flags come?  0, -EPERM, -EAGAIN. */
static int check_lock(const struct address_space *as, uint32_t map_flags,
                      uint32_t flags, uint64_t bytes) MUST_HOLD(as->lock);
static int check_lock(const struct address_space *as, uint32_t map_flags,
                      uint32_t flags, uint64_t bytes)
{
    if ((map_flags & MAP_LOCKED) && vm_lock_limit() == 0)
        return -EPERM;
    return mlock_has_room(as, flags, bytes) ? 0 : -EAGAIN;
}

/* The part of vm_mmap under the lock: the address or -errno; *flags gets what
 * mlockall() wants. */
static int64_t mmap_locked(struct address_space *as, vaddr_t addr,
                           uint64_t bytes, uint32_t prot, uint32_t map_flags,
                           uint32_t *flags, struct mapping *mapping,
                           uint64_t offset) MUST_HOLD(as->lock);
static int64_t mmap_locked(struct address_space *as, vaddr_t addr,
                           uint64_t bytes, uint32_t prot, uint32_t map_flags,
                           uint32_t *flags, struct mapping *mapping,
                           uint64_t offset)
{
    int err;

    *flags |= as->future_flags;
    if (!limits_allow(as, bytes))
        return -ENOMEM;
    vaddr_t start = choose_address(as, addr, bytes, map_flags, &err);
    if (start == 0)
        return err;
    err = check_lock(as, map_flags, *flags, bytes);
    if (err == 0)
        err = region_unmap_range(as, start, start + bytes);
    if (err == 0)
        err = map_locked(as, start, bytes, prot, *flags, mapping,
                         mapping ? offset >> PAGE_SHIFT : start >> PAGE_SHIFT);
    return err ? err : (int64_t)start;
}

int64_t vm_mmap(struct address_space *as, vaddr_t addr, uint64_t bytes,
                uint32_t prot, uint32_t map_flags, struct mapping *mapping,
                uint64_t offset, bool may_write)
{
    uint32_t type = map_flags & MAP_TYPE;
    bool shared = type == MAP_SHARED || type == MAP_SHARED_VALIDATE;
    uint32_t flags = shared ? REGION_SHARED : 0;
    struct mapping *own = NULL;

    if (bytes == 0 || (!shared && type != MAP_PRIVATE) || (offset & ~PAGE_MASK))
        return -EINVAL;
    if (type == MAP_SHARED_VALIDATE && (map_flags & ~MAP_KNOWN))
        return -EOPNOTSUPP;
    if (bytes > USER_END)
        return -ENOMEM;
    bytes = ALIGN_UP(bytes, PAGE_SIZE);
    if (offset + bytes < offset)
        return -EOVERFLOW;
    prot &= VM_READ | VM_WRITE | VM_EXEC;
    if (!shared || may_write || !mapping)
        flags |= REGION_MAY_WRITE;
    if (map_flags & MAP_GROWSDOWN)
        flags |= REGION_STACK;
    if (map_flags & MAP_LOCKED)
        flags |= REGION_LOCKED;
    if (shared && !mapping) {
        mapping = own = mapping_create_anonymous(bytes);
        if (!own)
            return -ENOMEM;
        offset = 0;
    }

    mutex_lock(&as->lock);
    int64_t start =
        mmap_locked(as, addr, bytes, prot, map_flags, &flags, mapping, offset);
    mutex_unlock(&as->lock);
    if (own)
        mapping_put(own);
    bool now = (map_flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE;
    if (start > 0 && (now || (flags & REGION_LOCKED)))
        populate(as, (vaddr_t)start, bytes);
    return start;
}

int64_t vm_munmap(struct address_space *as, vaddr_t addr, uint64_t bytes)
{
    if ((addr & ~PAGE_MASK) || bytes == 0 || !region_range_ok(addr, bytes))
        return -EINVAL;
    mutex_lock(&as->lock);
    int err = region_unmap_range(as, addr, addr + ALIGN_UP(bytes, PAGE_SIZE));
    mutex_unlock(&as->lock);
    return err;
}

/* Give the pages of `r` the bits that its new prot allows.  Private pages do
 * not get the right to write here: the first write decides (rows 10, 11). */
static void change_entries(struct address_space *as, struct tlb_batch *batch,
                           struct region *r) MUST_HOLD(as->lock);
static void change_entries(struct address_space *as, struct tlb_batch *batch,
                           struct region *r)
{
    pte_t bits = pte_user_bits(r->prot);
    vaddr_t va = r->start;
    pte_t *pte;

    /* An exclusive page stays writable while its region is. */
    pte_t keep = PTE_ADDRESS | PTE_DIRTY | (r->prot & VM_WRITE ? PTE_WRITE : 0);
    if ((r->flags & REGION_SHARED) && (r->prot & VM_WRITE))
        bits |= PTE_WRITE;
    while ((va = table_skip_holes(as, va, r->end, &pte)) < r->end) {
        vaddr_t stop = ALIGN_DOWN(va, pt_span(1)) + pt_span(1);
        stop = MIN(stop, r->end);
        for (; va < stop; va += PAGE_SIZE, pte++) {
            if (*pte == 0 || pte_is_swap(*pte))
                continue; /* it gets its bits when it comes back */
            pte_change(pte, ~keep, bits);
            tlb_batch_add(batch, va, NULL);
        }
        sched_point();
    }
}

/* May all of [start, end) get `prot`?  0, -ENOMEM (hole), -EACCES. */
static int check_protect(struct address_space *as, vaddr_t start, vaddr_t end,
                         uint32_t prot) MUST_HOLD(as->lock);
static int check_protect(struct address_space *as, vaddr_t start, vaddr_t end,
                         uint32_t prot)
{
    for (vaddr_t va = start; va < end;) {
        struct region *r = region_find_locked(as, va);
        if (!r)
            return -ENOMEM;
        if ((prot & VM_WRITE) && !(r->flags & REGION_MAY_WRITE))
            return -EACCES;
        va = r->end;
    }
    return 0;
}

int64_t vm_mprotect(struct address_space *as, vaddr_t addr, uint64_t bytes,
                    uint32_t prot)
{
    struct tlb_batch batch;

    if (addr & ~PAGE_MASK)
        return -EINVAL;
    if (prot & ~(uint32_t)(PROT_READ | PROT_WRITE | PROT_EXEC))
        return -EINVAL;
    if (bytes == 0)
        return 0;
    if (bytes > USER_END || !region_range_ok(addr, ALIGN_UP(bytes, PAGE_SIZE)))
        return -ENOMEM;
    vaddr_t end = addr + ALIGN_UP(bytes, PAGE_SIZE);

    mutex_lock(&as->lock);
    int err = check_protect(as, addr, end, prot);
    if (err == 0)
        err = region_split_at(as, addr);
    if (err == 0)
        err = region_split_at(as, end);
    if (err != 0)
        goto out_unlock;
    tlb_batch_init(&batch, as);
    struct region *r = region_find_locked(as, addr);
    while (r && r->start < end) {
        r->prot = prot;
        trace(PROTECT, as, r->start, r->end, prot);
        change_entries(as, &batch, r);
        r = region_next_locked(r);
    }
    tlb_batch_finish(&batch);
    /* Join what now continues its neighbour, from the left. */
    for (r = region_find_locked(as, addr); r && r->start <= end;) {
        region_merge_around(as, r);
        struct region *here = region_find_from_locked(as, addr);
        r = here && here->end < end ? region_next_locked(here) : NULL;
        addr = r ? r->start : end;
    }
out_unlock:
    mutex_unlock(&as->lock);
    return err;
}

int64_t vm_brk(struct address_space *as, vaddr_t new_brk, uint64_t data_limit)
{
    uint64_t grown = 0;

    mutex_lock(&as->lock);
    uint32_t flags = REGION_HEAP | REGION_MAY_WRITE | as->future_flags;
    vaddr_t old_end = ALIGN_UP(as->brk, PAGE_SIZE);
    vaddr_t new_end = ALIGN_UP(new_brk, PAGE_SIZE);

    if (new_brk < as->brk_start || new_brk > USER_END ||
        new_brk - as->brk_start > data_limit)
        goto out_unlock; /* the break stays */
    if (new_end < old_end) {
        if (region_unmap_range(as, new_end, old_end) != 0)
            goto out_unlock;
    } else if (new_end > old_end) {
        struct region *r = region_find_from_locked(as, old_end);
        if (r && r->start < new_end + PAGE_SIZE)
            goto out_unlock;
        uint64_t more = new_end - old_end;
        if (!limits_allow(as, more) || !mlock_has_room(as, flags, more) ||
            map_locked(as, old_end, more, VM_READ | VM_WRITE, flags, NULL,
                       old_end >> PAGE_SHIFT) != 0)
            goto out_unlock;
        grown = flags & REGION_LOCKED ? more : 0;
    }
    as->brk = new_brk;
out_unlock:
    new_brk = as->brk;
    mutex_unlock(&as->lock);
    if (grown)
        populate(as, old_end, grown);
    return (int64_t)new_brk;
}

/* Move the entries of [from, from+bytes) to `to`; tables of `to` exist. */
static void move_entries(struct address_space *as, vaddr_t from, vaddr_t to,
                         uint64_t bytes) MUST_HOLD(as->lock);
static void move_entries(struct address_space *as, vaddr_t from, vaddr_t to,
                         uint64_t bytes)
{
    vaddr_t va = from, end = from + bytes;
    struct tlb_batch batch;
    pte_t *source;

    trace(MOVE, as, from, end, to);
    tlb_batch_init(&batch, as);
    for (; (va = table_skip_holes(as, va, end, &source)) < end;
         va += PAGE_SIZE) {
        if (va % pt_span(1) == 0)
            sched_point();
        if (*source == 0)
            continue;
        *table_find(as, to + (va - from)) = *source;
        *source = 0;
        tlb_batch_add(&batch, va, NULL);
    }
    tlb_batch_finish(&batch);
}

/* Tables for every page of the target that will receive an entry. */
static int make_target_tables(struct address_space *as, vaddr_t from,
                              vaddr_t to, uint64_t bytes) MUST_HOLD(as->lock);
static int make_target_tables(struct address_space *as, vaddr_t from,
                              vaddr_t to, uint64_t bytes)
{
    vaddr_t va = from, end = from + bytes;
    pte_t *source;

    for (; (va = table_skip_holes(as, va, end, &source)) < end;
         va += PAGE_SIZE) {
        if (va % pt_span(1) == 0)
            sched_point();
        if (*source != 0 && !table_make(as, to + (va - from)))
            return -ENOMEM;
    }
    return 0;
}

/* All of moving region `r` that may fail: a region of new_bytes at `to`, with
 * page tables.  On error nothing is left of it. */
static int prepare_target(struct address_space *as, const struct region *r,
                          vaddr_t to, uint64_t new_bytes) MUST_HOLD(as->lock);
static int prepare_target(struct address_space *as, const struct region *r,
                          vaddr_t to, uint64_t new_bytes)
{
    uint64_t moved = MIN(r->end - r->start, new_bytes);
    struct tlb_batch batch;
    int err = make_target_tables(as, r->start, to, moved);

    if (err == 0)
        err = map_locked(as, to, new_bytes, r->prot,
                         r->flags & ~(uint32_t)REGION_HEAP, r->mapping,
                         r->first_index);
    if (err != 0) {
        tlb_batch_init(&batch, as);
        region_free_hole_tables(as, &batch, to, to + new_bytes);
        tlb_batch_finish(&batch);
    }
    return err;
}

/* Move [addr, addr + old_bytes) of one region to `to`, which is free, growing it
 * to new_bytes.  The index stays: the frames are found as before. */
static int64_t move_region(struct address_space *as, vaddr_t addr,
                           uint64_t old_bytes, vaddr_t to, uint64_t new_bytes)
    MUST_HOLD(as->lock);
static int64_t move_region(struct address_space *as, vaddr_t addr,
                           uint64_t old_bytes, vaddr_t to, uint64_t new_bytes)
{
    if (region_split_at(as, addr) != 0 ||
        region_split_at(as, addr + old_bytes) != 0)
        return -ENOMEM;
    struct region *r = region_find_locked(as, addr);
    int err = prepare_target(as, r, to, new_bytes);
    if (err != 0) {
        region_merge_around(as, r);
        return err;
    }
    move_entries(as, addr, to, MIN(old_bytes, new_bytes));
    err = region_unmap_range(as, addr, addr + old_bytes);
    assert(err == 0); /* there is nothing to split any more */
    return (int64_t)to;
}

/* Can `r`, whose end is at addr + old_bytes, grow in place? */
static bool can_extend(struct region *r, vaddr_t addr, uint64_t old_bytes,
                       uint64_t new_bytes)
{
    struct region *next = region_next_locked(r);

    return addr + old_bytes == r->end && region_range_ok(addr, new_bytes) &&
           (!next || next->start >= addr + new_bytes);
}

static int64_t remap_locked(struct address_space *as, vaddr_t addr,
                            uint64_t old_bytes, uint64_t new_bytes,
                            uint32_t flags, vaddr_t new_addr, bool *locked)
    MUST_HOLD(as->lock);
static int64_t remap_locked(struct address_space *as, vaddr_t addr,
                            uint64_t old_bytes, uint64_t new_bytes,
                            uint32_t flags, vaddr_t new_addr, bool *locked)
{
    struct region *r = region_find_locked(as, addr);

    if (!r || r->end - addr < old_bytes)
        return -EFAULT;
    *locked = r->flags & REGION_LOCKED;
    if (new_bytes > old_bytes &&
        !mlock_has_room(as, r->flags, new_bytes - old_bytes))
        return -EAGAIN;
    if (new_bytes > old_bytes && !limits_allow(as, new_bytes - old_bytes))
        return -ENOMEM;
    if (flags & MREMAP_FIXED) {
        int err = region_unmap_range(as, new_addr, new_addr + new_bytes);
        if (err != 0)
            return err;
        return move_region(as, addr, old_bytes, new_addr, new_bytes);
    }
    if (new_bytes <= old_bytes) {
        int err =
            new_bytes == old_bytes
                ? 0
                : region_unmap_range(as, addr + new_bytes, addr + old_bytes);
        return err ? err : (int64_t)addr;
    }
    if (can_extend(r, addr, old_bytes, new_bytes)) {
        region_count_pages(as, r,
                           (int64_t)((new_bytes - old_bytes) >> PAGE_SHIFT));
        r->end = addr + new_bytes;
        region_merge_around(as, r);
        return (int64_t)addr;
    }
    if (!(flags & MREMAP_MAYMOVE))
        return -ENOMEM;
    vaddr_t to = region_find_room(as, new_bytes);
    if (to == 0)
        return -ENOMEM;
    return move_region(as, addr, old_bytes, to, new_bytes);
}

int64_t vm_mremap(struct address_space *as, vaddr_t addr, uint64_t old_bytes,
                  uint64_t new_bytes, uint32_t flags, vaddr_t new_addr)
{
    if ((flags & ~(uint32_t)(MREMAP_MAYMOVE | MREMAP_FIXED)) ||
        ((flags & MREMAP_FIXED) && !(flags & MREMAP_MAYMOVE)))
        return -EINVAL;
    if ((addr & ~PAGE_MASK) || new_bytes == 0 || old_bytes == 0)
        return -EINVAL;
    if (old_bytes > USER_END ||
        !region_range_ok(addr, ALIGN_UP(old_bytes, PAGE_SIZE)))
        return -EFAULT;
    if (new_bytes > USER_END)
        return (flags & MREMAP_FIXED) ? -EINVAL : -ENOMEM;
    old_bytes = ALIGN_UP(old_bytes, PAGE_SIZE);
    new_bytes = ALIGN_UP(new_bytes, PAGE_SIZE);
    if (flags & MREMAP_FIXED) {
        if ((new_addr & ~PAGE_MASK) || !region_range_ok(new_addr, new_bytes) ||
            new_addr < USER_MIN)
            return -EINVAL;
        if (new_addr < addr + old_bytes && addr < new_addr + new_bytes)
            return -EINVAL;
    }
    mutex_lock(&as->lock);
    bool locked = false;
    int64_t result =
        remap_locked(as, addr, old_bytes, new_bytes, flags, new_addr, &locked);
    mutex_unlock(&as->lock);
    if (locked && result > 0 && new_bytes > old_bytes)
        populate(as, (vaddr_t)result + old_bytes, new_bytes - old_bytes);
    return result;
}
