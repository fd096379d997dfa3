/*
 * The frame stays a page of the swap cache, so that it cannot go a second
 * time.
 *
 * file: kernel/vm/swap_fault.c
 * of: map_swapped@0b51f9fcd49c
 * loses: clean-pages-are-not-written
 */
static void map_swapped(struct fault_place *at, struct frame *frame)
{
    struct address_space *as = at->as;
    swap_entry_t entry = pte_swap_entry(*at->pte);

    frame_get(frame);
    *at->pte = frame_phys(frame) | pte_user_bits(at->region->prot);
    as->swap_pages--;
    rss_add(as, frame, 1);
    pool_enter(as, at->region, frame, at->write);
    swap_put(entry);
    trace(MAP, as, at->va, *at->pte);
}
