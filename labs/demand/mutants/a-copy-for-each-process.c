/*
 * Each process gets a copy of the file's page.
 *
 * file: kernel/vm/fault.c
 * of: enter_frame@3e08ef5b2580
 * loses: file-pages-are-shared
 */
static void enter_frame(struct fault_place *at, vaddr_t va, pte_t *pte,
                        struct frame *frame)
{
    pte_t bits = pte_user_bits(at->region->prot);

    if ((at->region->flags & REGION_SHARED) && (at->region->prot & VM_WRITE))
        bits |= PTE_WRITE;
    struct frame *copy = frame_alloc(0, FRAME_MAPPING);
    if (!copy) {
        frame_put(frame);
        return;
    }
    page_copy(frame_bytes(copy), frame_bytes(frame));
    frame_put(frame);
    frame = copy;
    *pte = frame_phys(frame) | bits;
    rss_add(at->as, frame, 1);
    pool_enter(at->as, at->region, frame, false);
}
