/*
 * A private page of a file may be written at once: the write goes to the
 * file.
 *
 * file: kernel/vm/fault.c
 * of: enter_frame@3e08ef5b2580
 * loses: file-pages-are-shared private-writes-stay-private
 */
static void enter_frame(struct fault_place *at, vaddr_t va, pte_t *pte,
                        struct frame *frame)
{
    pte_t bits = pte_user_bits(at->region->prot);

    if ((at->region->prot & VM_WRITE))
        bits |= PTE_WRITE;
    *pte = frame_phys(frame) | bits;
    rss_add(at->as, frame, 1);
    pool_enter(at->as, at->region, frame, false);
}
