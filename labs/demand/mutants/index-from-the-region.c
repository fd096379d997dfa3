/*
 * Counts pages from the start of the region, not of the file.
 *
 * file: kernel/vm/fault.c
 * of: fill_from_mapping@4525171fb354
 * loses: file-pages-are-shared
 */
static enum fault_result fill_from_mapping(struct fault_place *at)
{
    struct frame *frame;

    if (!make_pte(at))
        return FAULT_NOMEM;
    int err =
        mapping_try_frame(at->region->mapping,
                          (at->va - at->region->start) >> PAGE_SHIFT, &frame);
    if (err == -ENOMEM)
        return FAULT_NOMEM;
    if (err == -EAGAIN) {
        at->mapping = at->region->mapping;
        at->index = region_index(at->region, at->va);
        mapping_get(at->mapping);
        return FAULT_WAIT_MAPPING;
    }
    if (err != 0)
        return FAULT_BUS;
    bool private = !(at->region->flags & REGION_SHARED);
    enter_frame(at, at->va, at->pte, frame);
    if (at->write && private)
        return copy_frame(at);
    if (!at->write && !at->as->pool && !at->as->trace)
        map_around(at);
    return FAULT_OK;
}
