/*
 * A page that is written keeps its place in the swap cache; its slot has other
 * bytes by then.
 *
 * file: kernel/vm/swap_fault.c
 * of: fault_swap_in@af7fba38390d
 * loses: pages-come-back
 */
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
    *at->pte |= PTE_WRITE | PTE_DIRTY;
    return FAULT_OK;
}
