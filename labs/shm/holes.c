/*
 * labs/shm/holes.c - what the student starts from: no segments.
 *
 * shmget makes none, so that there is nothing to attach, to detach or to
 * remove.
 */

static void drop_user(struct segment *s)
{
    s->users--;
}

static int64_t create(key_t key, size_t bytes, int flags)
{
    return -ENOSPC;
}

int64_t sysv_shm_attach(struct address_space *as, int id, vaddr_t address,
                        int flags)
{
    uint32_t map_flags;
    int err = choose_place(&address, flags, &map_flags);

    return err != 0 ? err : -EINVAL;
}

int64_t sysv_shm_detach(struct address_space *as, vaddr_t address)
{
    mutex_lock(&as->lock);
    struct region *r = region_find_from_locked(as, address);
    int err = r && is_part(r, address) ? 0 : -EINVAL;
    mutex_unlock(&as->lock);
    return err;
}

static void mark_removed(struct segment *s)
{
    s->object.perm.mode |= SHM_DEST;
}
