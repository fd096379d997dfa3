/*
 * What lies behind the first page table is not shared.
 *
 * file: kernel/vm/cow.c
 * of: cow_share_region@19f73f3b7a88
 * loses: fork-shares-frames
 */
int cow_share_region(struct address_space *parent, struct address_space *child,
                     struct region *region)
{
    /* Private pages lose the right to write on both sides. */
    pte_t lose = region->flags & REGION_SHARED ? 0 : PTE_WRITE | PTE_LAZY;
    vaddr_t va = region->start, end = region->end;
    pte_t *from;

    trace(SHARE, parent, child, va, end, !(region->flags & REGION_SHARED));
    while ((va = table_skip_holes(parent, va, end, &from)) < end) {
        vaddr_t stop = ALIGN_DOWN(va, pt_span(1)) + pt_span(1);
        stop = MIN(stop, end);
        pte_t *to = table_make(child, va);
        if (!to)
            return -ENOMEM;
        unsigned count = (unsigned)((stop - va) >> PAGE_SHIFT);
        share_entries(from, to, count, lose, child);
        if (unlikely(parent->swap_pages != 0) &&
            !share_swapped(from, to, count, child))
            return -ENOMEM;
        va = end;
        sched_point();
    }
    return 0;
}
