/*
 * Only the first half of the page is copied.
 *
 * file: kernel/vm/cow.c
 * of: cow_break@a50e3749f3a3
 * loses: write-copies-one-page
 */
int cow_break(struct address_space *as, struct region *region, vaddr_t va,
              pte_t *pte)
{
    struct frame *old = pte_frame(*pte);
    struct frame *copy = anon_frame_alloc(as, region_index(region, va));

    if (!copy)
        return -ENOMEM;
    memcpy(frame_bytes(copy), frame_bytes(old), PAGE_SIZE / 2);
    memset((char *)frame_bytes(copy) + PAGE_SIZE / 2, 0, PAGE_SIZE / 2);
    *pte =
        frame_phys(copy) | pte_user_bits(region->prot) | PTE_WRITE | PTE_DIRTY;
    if (unlikely(trace_mask & (TRACE_BIT(COW_COPY) | TRACE_BIT(MAP))))
        trace_copy(as, va, old, *pte);
    rss_add(as, old, -1);
    rss_add(as, copy, 1);
    pool_enter(as, region, copy, true);
    table_flush_page(as, va, old);
    return 0;
}
