/*
 * vm/swap_fault.c - page faults where memory is smaller than the work.
 *
 * Idea:  a page in a swap slot comes back (row 7 of fault_table.c); a space with
 *        a limit loses a page for each that comes; pages of a traced space are
 *        kept from user mode.  A fault that finds memory, and what it needs there,
 *        calls nothing of this.
 * Locks: as->lock, but never while a disk works: what was waited for is looked
 *        up again, since others may have been faster.
 * Next:  vm/swap_cache.c, vm/reclaim.c.
 */
#include "abi/errno.h"
#include "core/trace.h"
#include "vm/cow.h"
#include "vm/fault_place.h"
#include "vm/pool.h"
#include "vm/reclaim.h"
#include "vm/region.h"
#include "vm/table.h"
#include "vm/vmtrace.h"
#include "x86/cpu.h"

/* Row 7, with the frame at hand: as the other private pages that are shared it
 * comes without the right to write; rows 10 and 11 decide about that.  The space
 * is locked. */
static void map_swapped(struct fault_place *at, struct frame *frame)
{
    struct address_space *as = at->as;
    swap_entry_t entry = pte_swap_entry(*at->pte);

    swap_cache_own(frame, as, region_index(at->region, at->va));
    frame_get(frame);
    *at->pte = frame_phys(frame) | pte_user_bits(at->region->prot);
    as->swap_pages--;
    rss_add(as, frame, 1);
    pool_enter(as, at->region, frame, at->write);
    swap_put(entry);
    trace(MAP, as, at->va, *at->pte);
}

void fault_hold_frame(struct fault_place *at, struct frame *frame)
{
    if (at->held)
        frame_put(at->held);
    at->held = frame;
}

enum fault_result fault_swap_in(struct fault_place *at)
{
    at->entry = pte_swap_entry(*at->pte);
    struct frame *frame = swap_cache_find(at->entry);

    if (!frame)
        return FAULT_WAIT_SWAP;
    bool ready = !frame_has_flags(frame, FRAME_F_READING | FRAME_F_FAILED);
    if (ready)
        map_swapped(at, frame);
    frame_put(frame);
    if (!ready)
        return FAULT_WAIT_SWAP;
    fault_hold_frame(at, NULL); /* or the page would look shared */
    if (!at->write)
        return FAULT_OK;
    if (fault_count_holders(frame) > 1)
        return cow_break(at->as, at->region, at->va, at->pte) == 0
                   ? FAULT_OK
                   : FAULT_NOMEM;
    cow_take_back(at->as, at->va, at->pte);
    return FAULT_OK;
}

__debug_stop enum fault_action fault_limit_action(enum fault_action action,
                                                  struct fault_place *at)
{
    const struct frame_pool *pool = at->pool = at->as->pool;

    if (!pool)
        return action;
    /* With a limit each page counts, untouched ones, too. */
    if (action == ACTION_MAP_ZERO)
        action = ACTION_FILL_ZERO;
    if (!at->region || (at->region->flags & REGION_LOCKED))
        return action;
    switch (action) {
    case ACTION_SWAP_IN:
    case ACTION_FILL_MAPPING:
    case ACTION_FILL_ZERO:
    case ACTION_REPLACE_ZERO:
    case ACTION_COPY_FRAME:
        return pool_is_full(pool) ? ACTION_WAIT_FOR_POOL : action;
    default:
        return action;
    }
}

void fault_let_in(struct fault_place *at)
{
    if (!at->pte || !(*at->pte & PTE_PRESENT))
        return;
    if (at->for_kernel && vmtrace_is_on(at->as) &&
        !(at->region->flags & REGION_LOCKED)) {
        pte_change(at->pte, PTE_USER, PTE_TRACED);
    } else if (*at->pte & PTE_TRACED) {
        pte_change(at->pte, PTE_TRACED, PTE_USER);
        cpu_invlpg(at->va);
    }
}

int fault_wait_for_disk(struct fault_place *at, enum fault_result result)
{
    struct frame *frame;
    int err;

    if (result == FAULT_WAIT_SWAP) {
        err = swap_read(at->entry, &frame);
    } else {
        err = mapping_get_frame(at->mapping, at->index, true, &frame);
        mapping_put(at->mapping);
    }
    if (err != 0)
        return err;
    fault_hold_frame(at, frame);
    at->major = true;
    return 0;
}

int vm_bring_back(struct address_space *as, vaddr_t va)
{
    struct fault_place at = { .as = as, .va = va };
    enum fault_result result;
    int err = 0;

    do {
        result = FAULT_OK;
        mutex_lock(&at.as->lock);
        at.region = region_find_locked(at.as, va);
        at.pte = at.region ? table_find(at.as, va) : NULL;
        table_settle(at.as);
        if (at.pte && pte_is_swap(*at.pte))
            result = fault_swap_in(&at);
        mutex_unlock(&at.as->lock);
        if (result == FAULT_WAIT_SWAP)
            err = fault_wait_for_disk(&at, result);
        if (err == -ENOENT || (err == -ENOMEM && reclaim_direct()))
            err = 0;
    } while (result != FAULT_OK && err == 0);
    fault_hold_frame(&at, NULL);
    return err;
}
