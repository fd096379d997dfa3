/*
 * The page is mapped and nobody counts it.
 *
 * file: kernel/vm/fault.c
 * of: enter_frame@3e08ef5b2580
 * loses: the-counts-are-right
 */
static void enter_frame(struct fault_place *at, vaddr_t va, pte_t *pte,
                        struct frame *frame)
{
    pte_t bits = pte_user_bits(at->region->prot);

    if ((at->region->flags & REGION_SHARED) && (at->region->prot & VM_WRITE))
        bits |= PTE_WRITE;
    *pte = frame_phys(frame) | bits;
    if (va == at->va)
        rss_add(at->as, frame, 1);
    pool_enter(at->as, at->region, frame, false);
}
