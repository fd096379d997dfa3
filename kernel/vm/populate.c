/*
 * vm/populate.c - bringing pages in before they are touched: MAP_POPULATE, mlock
 * and madvise.
 *
 * Idea:   a page fault for each page, as the touch would cause it.
 * Locks:  as->lock to look at a region; it may be another one when its pages
 *         are brought in, which the faults find out.
 * Next:   vm/fault.c, vm/mlock.c.
 */
#include "vm/populate.h"

#include "abi/errno.h"
#include "sched/sched.h"
#include "sched/thread.h"
#include "vm/fault.h"
#include "vm/region.h"
#include "x86/pte.h"

/* A part of the range in one region. */
struct run {
    vaddr_t start, end;
    uint32_t access; /* VM_READ, VM_WRITE; 0: leave it out */
};

/* What the pages of a region are brought in for; 0: nothing is permitted. */
static uint32_t access_to(const struct region *r, enum populate_how how)
{
    if (how == POPULATE_READ)
        return r->prot & VM_READ;
    if (how == POPULATE_WRITE)
        return r->prot & VM_WRITE;
    if ((r->prot & VM_WRITE) && !(r->flags & REGION_SHARED))
        return VM_WRITE;
    return r->prot ? VM_READ : 0;
}

/* The next part from `va` on: 0 or -errno; run->start == end: there is none. */
static int next_run(struct address_space *as, vaddr_t va, vaddr_t end,
                    enum populate_how how, struct run *run)
{
    bool strict = how == POPULATE_READ || how == POPULATE_WRITE;
    int err = 0;

    mutex_lock(&as->lock);
    const struct region *r = region_find_from_locked(as, va);
    *run = (struct run){ end, end, 0 };
    if (r && r->start < end) {
        run->start = MAX(va, r->start);
        run->end = MIN(r->end, end);
        run->access = access_to(r, how);
        if (!run->access)
            err = strict ? -EINVAL : -EFAULT;
        if (!strict && (r->flags & REGION_LOCK_ON_FAULT)) {
            run->access = 0;
            err = 0;
        }
    }
    if (strict && run->start > va)
        err = -ENOMEM;
    mutex_unlock(&as->lock);
    return err;
}

static int bring_in(struct address_space *as, vaddr_t va, uint32_t access)
{
    uint64_t error = PF_USER | (access == VM_WRITE ? PF_WRITE : 0);
    enum fault_result result;

    do
        result = vm_fault(as, va, error, 0, false);
    while (result == FAULT_NOMEM && vm_out_of_memory());
    if (thread_has_flag(thread_current(), THREAD_KILLED))
        return -EINTR;
    if (result == FAULT_NOMEM || result == FAULT_OVER_LIMIT)
        return -ENOMEM;
    return result == FAULT_OK ? 0 : -EFAULT;
}

static int bring_in_run(struct address_space *as, const struct run *run)
{
    int err = 0;

    for (vaddr_t va = run->start; err == 0 && va < run->end; va += PAGE_SIZE) {
        err = bring_in(as, va, run->access);
        sched_point();
    }
    return err;
}

int vm_populate(struct address_space *as, vaddr_t start, vaddr_t end,
                enum populate_how how)
{
    struct run run;

    if (as != thread_current()->space)
        return 0;
    for (vaddr_t va = start; va < end; va = run.end) {
        int err = next_run(as, va, end, how, &run);
        if (err == 0 && run.access)
            err = bring_in_run(as, &run);
        if (how == POPULATE_TRY)
            err = err == -EINTR ? err : 0;
        if (err != 0)
            return how == POPULATE_TRY ? 0 : err;
    }
    return 0;
}
