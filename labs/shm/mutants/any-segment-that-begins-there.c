/*
 * Of two segments that begin at the address both go.
 *
 * file: kernel/ipc/sysv_shm.c
 * of: sysv_shm_detach@7c2fb1c63d51
 * loses: detach
 */
int64_t sysv_shm_detach(struct address_space *as, vaddr_t address)
{
    if (address % PAGE_SIZE != 0)
        return -EINVAL;
    mutex_lock(&as->lock);
    struct region *r = region_find_from_locked(as, address);
    while (r && !is_part(r, address))
        r = region_next_locked(r);
    int err = r ? 0 : -EINVAL;
    struct mapping *mapping = r ? r->mapping : NULL;
    vaddr_t end = r ? address + mapping->size : 0;
    while (err == 0 && r && r->start < end) {
        vaddr_t start = r->start, stop = r->end;
        if (is_part(r, address))
            err = region_unmap_range(as, start, stop);
        r = region_find_from_locked(as, stop);
    }
    mutex_unlock(&as->lock);
    return err;
}
