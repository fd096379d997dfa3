/*
 * The frame keeps the bytes of whoever had it before.
 *
 * file: kernel/vm/fault.c
 * of: fill_zero@f5735352a64d
 * loses: fresh-pages-are-zero
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
    pool_enter(as, at->region, frame, true);
    bool replaces_zero = *at->pte != 0;
    *at->pte = frame_phys(frame) | pte_user_bits(at->region->prot) | PTE_WRITE |
               PTE_DIRTY;
    as->rss_anon++;
    if (replaces_zero)
        table_flush_page(at->as, at->va, NULL);
    return FAULT_OK;
}
