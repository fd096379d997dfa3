/*
 * SHM_RDONLY is not looked at.
 *
 * file: kernel/ipc/sysv_shm.c
 * of: sysv_shm_attach@15c2f7e51f26
 * loses: attached-memory-is-shared
 */
int64_t sysv_shm_attach(struct address_space *as, int id, vaddr_t address,
                        int flags)
{
    bool writes = true;
    uint32_t prot =
        VM_READ | (writes ? VM_WRITE : 0) | (flags & SHM_EXEC ? VM_EXEC : 0);
    unsigned rights =
        SYSV_READ | (writes ? SYSV_WRITE : 0) | (flags & SHM_EXEC ? 0111 : 0);
    struct sysv_object *object;
    uint32_t map_flags;

    int err = choose_place(&address, flags, &map_flags);
    if (err != 0)
        return err;
    mutex_lock(&segments.lock);
    err = sysv_find(&segments, id, rights, &object);
    if (err == 0)
        segment_of(object)->users++;
    mutex_unlock(&segments.lock);
    if (err != 0)
        return err;
    struct segment *s = segment_of(object);
    int64_t result =
        vm_mmap(as, address, s->bytes, prot, map_flags, &s->mapping, 0, writes);
    mutex_lock(&segments.lock);
    drop_user(s);
    mutex_unlock(&segments.lock);
    return result == -EEXIST ? -EINVAL : result;
}
