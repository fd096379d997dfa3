/*
 * A shared operation on private memory means all processes that have it at
 * this address.
 *
 * file: kernel/ipc/futex.c
 * of: name_shared_locked@cc52bc85a62c
 * loses: words-of-a-process-are-its-own
 */
static int name_shared_locked(struct address_space *space,
                              const struct region *r, vaddr_t address,
                              uint32_t access, struct futex_key *key)
{
    if (!r || !(r->prot & (VM_READ | VM_WRITE)))
        return -EFAULT;
    if (access == VM_WRITE && !(r->prot & VM_WRITE))
        return -EFAULT;
    if (!(r->flags & REGION_SHARED) && (r->prot & VM_WRITE)) {
        key->object = 0;
        key->place = address | PLACE_SPACE;
        return 0;
    }
    if (!r->mapping)
        return -EFAULT; /* nobody can ever change it */
    uint64_t offset = (r->first_index << PAGE_SHIFT) + (address - r->start);
    if (offset >= ALIGN_UP(r->mapping->size, PAGE_SIZE))
        return -EFAULT;
    key->object = r->mapping->id;
    key->place = offset | PLACE_MAPPING;
    return 0;
}
