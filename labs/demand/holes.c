/*
 * labs/demand/holes.c - what the student starts from: memory all at once, and
 * nothing shared.
 *
 * The first touch of anonymous memory fills what the page table has of the
 * region. A page of a file is copied for each process, MAP_SHARED or not, and
 * there is a page beyond the end, too. The machine boots and wastes memory.
 */

static enum fault_result fill_zero(struct fault_place *at)
{
    struct region *r = at->region;
    vaddr_t va = MAX(ALIGN_DOWN(at->va, pt_span(1)), r->start);
    vaddr_t end = MIN(ALIGN_DOWN(at->va, pt_span(1)) + pt_span(1), r->end);

    if (!make_pte(at))
        return FAULT_NOMEM;
    for (pte_t *pte = at->pte - ((at->va - va) >> PAGE_SHIFT); va < end;
         va += PAGE_SIZE, pte++) {
        struct frame *frame;
        if (*pte != 0)
            continue;
        frame = anon_frame_alloc(at->as, region_index(r, va));
        if (!frame)
            return FAULT_NOMEM;
        page_clear(frame_bytes(frame));
        *pte = frame_phys(frame) | pte_user_bits(r->prot) | PTE_DIRTY;
        if (r->prot & VM_WRITE)
            *pte |= PTE_WRITE;
        at->as->rss_anon++;
    }
    return FAULT_OK;
}

static enum fault_result map_zero(struct fault_place *at)
{
    return fill_zero(at);
}

static void enter_frame(struct fault_place *at, vaddr_t va, pte_t *pte,
                        struct frame *frame)
{
    struct region *r = at->region;
    struct frame *copy = anon_frame_alloc(at->as, region_index(r, va));

    if (copy) {
        page_copy(frame_bytes(copy), frame_bytes(frame));
        *pte = frame_phys(copy) | pte_user_bits(r->prot) | PTE_DIRTY;
        if (r->prot & VM_WRITE)
            *pte |= PTE_WRITE;
        at->as->rss_anon++;
    }
    frame_put(frame);
}

static void map_around(struct fault_place *at)
{
    (void)at;
}

static enum fault_result fill_from_mapping(struct fault_place *at)
{
    struct frame *frame;

    if (!make_pte(at))
        return FAULT_NOMEM;
    int err = mapping_try_frame(at->region->mapping,
                                region_index(at->region, at->va), &frame);
    if (err == -ENOMEM)
        return FAULT_NOMEM;
    if (err == -EAGAIN) { /* it has to be read from a disk, without the lock */
        at->mapping = at->region->mapping;
        at->index = region_index(at->region, at->va);
        mapping_get(at->mapping);
        return FAULT_WAIT_MAPPING;
    }
    if (err != 0)
        return fill_zero(at);
    enter_frame(at, at->va, at->pte, frame);
    map_around(at);
    return *at->pte ? FAULT_OK : FAULT_NOMEM;
}
