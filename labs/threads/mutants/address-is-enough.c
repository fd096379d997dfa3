/*
 * A private word is its address, in whatever address space.
 *
 * file: kernel/ipc/futex.c
 * of: futex_get_key@d64a061b27a0
 * loses: words-of-a-process-are-its-own
 */
int futex_get_key(vaddr_t address, bool is_shared, uint32_t access,
                  struct futex_key *key)
{
    struct address_space *space = thread_current()->space;

    if (address % sizeof(uint32_t) != 0)
        return -EINVAL;
    if (address >= USER_END)
        return -EFAULT;
    if (!is_shared) {
        key->object = 0;
        key->place = address | PLACE_PRIVATE;
        return 0;
    }
    mutex_lock(&space->lock);
    const struct region *r = region_find_locked(space, address);
    int err = name_shared_locked(space, r, address, access, key);
    mutex_unlock(&space->lock);
    return err;
}
