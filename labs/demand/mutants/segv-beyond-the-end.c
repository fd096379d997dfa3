/*
 * A page beyond the end is SIGSEGV.
 *
 * file: kernel/vm/fault.c
 * of: fill_from_mapping@4525171fb354
 * loses: nothing-behind-the-end
 */
static enum fault_result fill_from_mapping(struct fault_place *at)
{
    struct frame *frame;

    if (!make_pte(at))
        return FAULT_NOMEM;
    int err = mapping_try_frame(at->region->mapping,
                                region_index(at->region, at->va), &frame);
    if (err == -ENOMEM)
        return FAULT_NOMEM;
    if (err == -EAGAIN) {
        at->mapping = at->region->mapping;
        at->index = region_index(at->region, at->va);
        mapping_get(at->mapping);
        return FAULT_WAIT_MAPPING;
    }
    if (err != 0)
        return FAULT_SEGV_MAPERR;
    bool private = !(at->region->flags & REGION_SHARED);
    enter_frame(at, at->va, at->pte, frame);
    if (at->write && private)
        return copy_frame(at);
    if (!at->write && !at->as->pool && !at->as->trace)
        map_around(at);
    return FAULT_OK;
}
