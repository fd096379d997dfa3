/*
 * vm/fault_place.h - one page fault on its way through vm/fault.c and
 * vm/swap_fault.c; of use to nobody else.
 */
#pragma once

#include "vm/address_space.h"
#include "vm/fault.h"
#include "vm/swap.h"
#include "vm/table.h"

/* Where the fault is: found by fault_collect, used by fault_resolve. */
struct fault_place {
    struct address_space *as;
    struct region *region;
    vaddr_t va; /* page-aligned */
    pte_t *pte; /* NULL: no table yet */
    bool write;
    bool for_kernel; /* nobody will step over an instruction */
    bool major;      /* it has waited for a disk */
    /* What came from there: kept until the fault is over, so that it is still
     * there at the next attempt. */
    struct frame *held; /* or NULL */
    /* What to wait for without the lock. */
    swap_entry_t entry;
    struct mapping *mapping; /* with a reference */
    uint64_t index;
    struct frame_pool *pool; /* which is full */
};

/* Who has the page of a frame, in memory or as its swap slot. */
static inline uint32_t fault_count_holders(const struct frame *frame)
{
    if (unlikely(frame_has_flags(frame, FRAME_F_SWAP_CACHE)))
        return swap_cache_holders(frame);
    return frame->refs;
}

/* Row 7: map the page if its bytes are there, else FAULT_WAIT_SWAP.  One that was
 * brought in for a write is rows 10 and 11's next. */
enum fault_result fault_swap_in(struct fault_place *at) MUST_HOLD(at->as->lock);

/* A disk has the page: wait for it without the lock.  0 or -errno. */
int fault_wait_for_disk(struct fault_place *at, enum fault_result result);

/* Keep `frame` (takes over the reference; NULL: none) for the next attempt. */
void fault_hold_frame(struct fault_place *at, struct frame *frame);

/* With pools on: the action in a space that may have a limit, where the page
 * that it would bring in may be one too many. */
enum fault_action fault_limit_action(enum fault_action action,
                                     struct fault_place *at)
    MUST_HOLD(at->as->lock);

/* With pools on: the page is there, but may have been kept from user mode
 * (vm/vmtrace.c); if the kernel has brought it into a traced space it has to be. */
void fault_let_in(struct fault_place *at) MUST_HOLD(at->as->lock);
