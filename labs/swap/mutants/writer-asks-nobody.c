/*
 * Who writes gets the page for itself, whoever else has its slot.
 *
 * file: kernel/vm/swap_fault.c
 * of: fault_swap_in@af7fba38390d
 * loses: fork-shares-slots
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
    cow_take_back(at->as, at->va, at->pte);
    return FAULT_OK;
}
