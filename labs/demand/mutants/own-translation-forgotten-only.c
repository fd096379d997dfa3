/*
 * Other CPUs go on reading the frame of zeroes.
 *
 * file: kernel/vm/fault.c
 * of: fill_zero@f5735352a64d
 * loses: threads-see-the-new-page
 */
static enum fault_result fill_zero(struct fault_place *at)
{
    struct address_space *as = at->as;

    if (!make_pte(at))
        return FAULT_NOMEM;
    struct frame *frame =
        anon_frame_alloc(as, region_index(at->region, at->va));
    if (!frame)
        return FAULT_NOMEM;
    page_clear(frame_bytes(frame));
    pool_enter(as, at->region, frame, true);
    bool replaces_zero = *at->pte != 0;
    *at->pte = frame_phys(frame) | pte_user_bits(at->region->prot) | PTE_WRITE |
               PTE_DIRTY;
    as->rss_anon++;
    if (replaces_zero)
        cpu_invlpg(at->va);
    return FAULT_OK;
}
