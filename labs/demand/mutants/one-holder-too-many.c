/*
 * Takes a reference of its own although the caller's is handed over.
 *
 * file: kernel/vm/fault.c
 * of: enter_frame@3e08ef5b2580
 * loses: file-pages-are-shared neighbours-come-along
 */
static void enter_frame(struct fault_place *at, vaddr_t va, pte_t *pte,
                        struct frame *frame)
{
    pte_t bits = pte_user_bits(at->region->prot);

    if ((at->region->flags & REGION_SHARED) && (at->region->prot & VM_WRITE))
        bits |= PTE_WRITE;
    frame_get(frame);
    *pte = frame_phys(frame) | bits;
    rss_add(at->as, frame, 1);
    pool_enter(at->as, at->region, frame, false);
}
