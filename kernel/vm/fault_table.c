/*
 * vm/fault_table.c - what a page fault means, as a table.
 *
 * fault_classify() has the same rows in the same order; first match wins.  It is
 * pure: no locks, no side effects, so tests/unit/fault_classify.c can try
 * every combination of facts on the host.
 *
 *    # | condition                                  | action
 *   ---+--------------------------------------------+--------------------------
 *    1 | reserved bit set in the error code         | kernel bug
 *    2 | kernel mode, kernel address                | kernel bug
 *    3 | kernel mode, user address, not in usercopy | kernel bug
 *    4 | no region, and no stack that may grow      | SEGV (MAPERR)
 *    5 | stack growth within its limit              | extend region, go on
 *    6 | region forbids the access                  | SEGV (ACCERR)
 *    7 | not present, swapped out                   | bring it in, go on
 *    8 | not present, region has a mapping          | its frame; write to a
 *      |                                            | private one: a copy
 *    9 | not present, private anonymous             | write: zeroed frame
 *      |                                            | read: the zero frame
 *   9b | write to the shared zero frame             | zeroed frame
 *  10a | shared region grants what the PTE lacks    | set it
 *   10 | write, private, frame has other holders    | copy the frame
 *   11 | write, private, we are the last holder     | take it back in place
 *   12 | PTE already permits the access             | nothing: stale TLB
 *   13 | anything else                              | contradiction: kernel bug
 */
#include "vm/fault.h"

#include "vm/address_space.h"

__debug_stop enum fault_action fault_classify(const struct fault_facts *f)
{
    /* 1, 2, 3 */
    if (f->reserved)
        return ACTION_KERNEL_BUG;
    if (f->kernel_mode && (!f->user_address || !f->in_usercopy))
        return ACTION_KERNEL_BUG;
    /* 4, 5 */
    if (!f->has_region)
        return f->can_grow_stack ? ACTION_GROW_STACK : ACTION_NO_REGION;
    /* 6 */
    uint32_t need = f->write ? VM_WRITE : f->exec ? VM_EXEC : VM_READ;
    if (need == VM_READ ? !(f->region_prot & (VM_READ | VM_WRITE | VM_EXEC))
                        : !(f->region_prot & need))
        return ACTION_FORBIDDEN;
    /* 7, 8, 9 */
    if (!f->pte_present) {
        if (f->pte_swapped)
            return ACTION_SWAP_IN;
        if (f->region_has_mapping)
            return ACTION_FILL_MAPPING;
        return f->write ? ACTION_FILL_ZERO : ACTION_MAP_ZERO;
    }
    if (f->write && !f->pte_writable) {
        /* 9b, 10a, 10, 11 */
        if (f->frame_is_zero)
            return ACTION_REPLACE_ZERO;
        if (f->region_shared)
            return ACTION_SET_RIGHT;
        return f->frame_refs > 1 ? ACTION_COPY_FRAME : ACTION_TAKE_BACK;
    }
    /* 12 */
    if (!f->exec || f->pte_executable)
        return ACTION_NOTHING;
    /* 13 */
    return ACTION_CONTRADICTION;
}
