/*
 * What the region allows is not asked.
 *
 * file: kernel/vm/swap_fault.c
 * of: map_swapped@0b51f9fcd49c
 * loses: rights-stay
 */
static void map_swapped(struct fault_place *at, struct frame *frame)
{
    struct address_space *as = at->as;
    swap_entry_t entry = pte_swap_entry(*at->pte);

    swap_cache_own(frame, as, region_index(at->region, at->va));
    frame_get(frame);
    *at->pte = frame_phys(frame) | pte_user_bits(VM_READ | VM_WRITE | VM_EXEC);
    as->swap_pages--;
    rss_add(as, frame, 1);
    pool_enter(as, at->region, frame, at->write);
    swap_put(entry);
    trace(MAP, as, at->va, *at->pte);
}
