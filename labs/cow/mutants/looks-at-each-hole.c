/*
 * Asks for each page of a mapping whether it is there, holes or not.
 *
 * file: kernel/vm/cow.c
 * of: cow_share_region@19f73f3b7a88
 * loses: fork-pays-for-what-is-there
 */
int cow_share_region(struct address_space *parent, struct address_space *child,
                     struct region *region)
{
    /* Private pages lose the right to write on both sides. */
    pte_t lose = region->flags & REGION_SHARED ? 0 : PTE_WRITE | PTE_LAZY;
    vaddr_t va = region->start, end = region->end;
    pte_t *from;

    trace(SHARE, parent, child, va, end, !(region->flags & REGION_SHARED));
    for (; va < end; va += PAGE_SIZE) {
        if (table_skip_holes(parent, va, va + PAGE_SIZE, &from) != va)
            continue;
        pte_t *to = table_make(child, va);
        if (!to)
            return -ENOMEM;
        share_entries(from, to, 1, lose, child);
        if (unlikely(parent->swap_pages != 0) &&
            !share_swapped(from, to, 1, child))
            return -ENOMEM;
        sched_point();
    }
    return 0;
}
