/*
 * The reference on what is not mapped is kept.
 *
 * file: kernel/vm/fault.c
 * of: map_around@a1860cff6dee
 * loses: neighbours-come-along
 */
static void map_around(struct fault_place *at)
{
    struct region *r = at->region;
    vaddr_t start = ALIGN_DOWN(at->va, FAULT_AROUND * PAGE_SIZE);
    vaddr_t end = start + FAULT_AROUND * PAGE_SIZE;
    struct frame *found[FAULT_AROUND];

    start = MAX(start, r->start);
    end = MIN(end, r->end);
    unsigned count = (unsigned)((end - start) >> PAGE_SHIFT);
    pte_t *pte = at->pte - ((at->va - start) >> PAGE_SHIFT);
    mapping_peek_cached(r->mapping, region_index(r, start), count, found);
    for (unsigned i = 0; i < count; i++) {
        if (!found[i])
            continue;
        if (pte[i] == 0)
            enter_frame(at, start + i * PAGE_SIZE, &pte[i], found[i]);
    }
    if (trace_is_on(MAP))
        for (unsigned i = 0; i < count; i++)
            trace(MAP, at->as, start + i * PAGE_SIZE, pte[i]);
}
