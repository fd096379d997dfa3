/*
 * vm/remote.c - reading and writing the memory of another process.
 *
 * Idea:   what the program itself may do goes the way of its own page faults.
 *         What it may not (a breakpoint in its text, a look at PROT_NONE) is
 *         done here page by page: the frame is found, or made private by a copy,
 *         and reached through the kernel's own mapping, so that the page-table
 *         entry never grants the program what its region forbids.
 * Locks:  as->lock from the look at the entry to the last byte of the page; it
 *         is let go to bring pages in: RECHECK.
 * Next:   fault.c, cow.c; proc/ptrace.c; proc/stack.c, which writes with as_write.
 */
#include "vm/remote.h"

#include "abi/errno.h"
#include "base/string.h"
#include "vm/cow.h"
#include "vm/fault.h"
#include "vm/pool.h"
#include "vm/region.h"
#include "vm/table.h"
#include "vm/usercopy.h"

int as_write(struct address_space *as, vaddr_t va, const void *bytes, size_t n)
{
    const char *from = bytes;

    while (n > 0) {
        size_t offset = va & (PAGE_SIZE - 1);
        size_t part = MIN(n, PAGE_SIZE - offset);
        enum fault_result result =
            vm_fault(as, va, PF_WRITE | PF_USER, 0, false);
        if (result != FAULT_OK)
            return result == FAULT_NOMEM ? -ENOMEM : -EFAULT;
        mutex_lock(&as->lock);
        pte_t *pte = table_find(as, va);
        /* RECHECK: a sharer, or who cuts the file, may have unmapped it. */
        bool usable = pte && (*pte & PTE_PRESENT) && (*pte & PTE_WRITE);
        if (usable)
            memcpy((char *)frame_bytes(pte_frame(*pte)) + offset, from, part);
        mutex_unlock(&as->lock);
        if (!usable)
            continue;
        from += part;
        va += part;
        n -= part;
    }
    return 0;
}

/* The bytes of a frame that `va` is in. */
static char *place_in(struct frame *frame, vaddr_t va)
{
    return (char *)frame_bytes(frame) + (va & (PAGE_SIZE - 1));
}

/* Bring the page of `va` in, by a read of the program's if it may read.
 * 0 (try again), or -errno; 1: there is no page yet, and it may not touch it. */
static int bring_in(struct address_space *as, vaddr_t va)
{
    enum fault_result result = vm_fault(as, va, PF_USER, 0, false);

    if (result == FAULT_OK)
        return 0;
    if (result == FAULT_NOMEM)
        return -ENOMEM;
    if (result != FAULT_SEGV_ACCERR)
        return -EFAULT;
    mutex_lock(&as->lock);
    const pte_t *pte = table_find(as, va);
    bool swapped = pte && pte_is_swap(*pte);
    bool there = pte && pte_has_frame(*pte);
    mutex_unlock(&as->lock);
    if (swapped)
        return vm_bring_back(as, va);
    return there ? 0 : 1;
}

/* Is the untouched page of `va` one of zeroes? */
static bool is_zeroes(struct address_space *as, vaddr_t va)
{
    mutex_lock(&as->lock);
    const struct region *r = region_find_locked(as, va);
    bool zeroes = r && !r->mapping;
    mutex_unlock(&as->lock);
    return zeroes;
}

static int read_page(struct address_space *as, vaddr_t va, void *to, size_t n)
{
    int err = 0;

    while (err == 0) {
        mutex_lock(&as->lock);
        const pte_t *pte = table_find(as, va);
        bool there = pte && pte_has_frame(*pte);
        if (there)
            memcpy(to, place_in(pte_frame(*pte), va), n);
        mutex_unlock(&as->lock);
        if (there)
            return 0;
        err = bring_in(as, va); /* RECHECK: it may be gone again */
    }
    if (err < 0)
        return err;
    if (!is_zeroes(as, va))
        return -EFAULT;
    memset(to, 0, n);
    return 0;
}

/* Give the page of *pte a frame that is the space's own. */
static int make_private(struct address_space *as, struct region *r, vaddr_t va,
                        pte_t *pte) MUST_HOLD(as->lock);
static int make_private(struct address_space *as, struct region *r, vaddr_t va,
                        pte_t *pte)
{
    if (pte_frame(*pte) != zero_frame)
        return cow_break(as, r, va, pte);
    struct frame *frame = anon_frame_alloc(as, region_index(r, va));
    if (!frame)
        return -ENOMEM;
    page_clear(frame_bytes(frame));
    pool_enter(as, r, frame, true);
    *pte = frame_phys(frame) | pte_user_bits(r->prot) | PTE_DIRTY;
    as->rss_anon++;
    table_flush_page(as, va, NULL);
    return 0;
}

/* Write to a page that the program may not write.  0, -EAGAIN: it has to be
 * brought in, -EFAULT, -ENOMEM. */
static int force_write_locked(struct address_space *as, vaddr_t va,
                              const void *from, size_t n) MUST_HOLD(as->lock);
static int force_write_locked(struct address_space *as, vaddr_t va,
                              const void *from, size_t n)
{
    struct region *r = region_find_locked(as, va);

    if (!r || (r->flags & REGION_SHARED))
        return -EFAULT;
    pte_t *pte = table_find(as, va);
    if (!pte || !pte_has_frame(*pte))
        return -EAGAIN;
    struct frame *f = pte_frame(*pte);
    bool is_own = f->kind == FRAME_ANON && f->refs == 1 && f != zero_frame &&
                  !frame_has_flags(f, FRAME_F_SWAP_CACHE);
    if (!is_own && make_private(as, r, va, pte) != 0)
        return -ENOMEM;
    *pte |= PTE_DIRTY;
    if (*pte & PTE_WRITE && !(r->prot & VM_WRITE)) {
        *pte &= ~PTE_WRITE; /* left by the copy */
        table_flush_page(as, va, NULL);
    }
    memcpy(place_in(pte_frame(*pte), va), from, n);
    return 0;
}

static int write_page(struct address_space *as, vaddr_t va, const void *from,
                      size_t n)
{
    int err = as_write(as, va, from, n);

    while (err == -EFAULT || err == -EAGAIN) {
        mutex_lock(&as->lock);
        err = force_write_locked(as, va, from, n);
        mutex_unlock(&as->lock);
        if (err != -EAGAIN)
            break;
        err = bring_in(as, va);
        if (err >= 0)
            err = err == 0 ? -EAGAIN : -ENXIO;
    }
    return err == -ENXIO ? -EFAULT : err;
}

/* Page by page, up to `n` bytes; `read` or `write` is not NULL. */
static int for_each_page(struct address_space *as, vaddr_t va, char *read,
                         const char *write, size_t n)
{
    if (va >= USER_END || n > USER_END - va)
        return -EFAULT;
    for (size_t done = 0; done < n;) {
        size_t room = PAGE_SIZE - ((va + done) & (PAGE_SIZE - 1));
        size_t part = MIN(n - done, room);
        int err = read ? read_page(as, va + done, read + done, part)
                       : write_page(as, va + done, write + done, part);
        if (err != 0)
            return err;
        done += part;
    }
    return 0;
}

int as_read_any(struct address_space *as, vaddr_t va, void *bytes, size_t n)
{
    return for_each_page(as, va, bytes, NULL, n);
}

int as_write_any(struct address_space *as, vaddr_t va, const void *bytes,
                 size_t n)
{
    return for_each_page(as, va, NULL, bytes, n);
}
