/*
 * A segment of 0 bytes is made.
 *
 * file: kernel/ipc/sysv_shm.c
 * of: create@d420f8742d53
 * loses: keys-and-ids
 */
static int64_t create(key_t key, size_t bytes, int flags)
{
    uint64_t pages = (bytes >> PAGE_SHIFT) + (bytes % PAGE_SIZE != 0);

    if ((flags & SHM_HUGETLB))
        return -EINVAL;
    if (pages > vfs_page_limit - all_pages)
        return -ENOSPC;
    struct segment *s = kmalloc_zeroed(sizeof(*s));
    if (!s)
        return -ENOMEM;
    mapping_init(&s->mapping, &segment_ops, pages << PAGE_SHIFT);
    s->bytes = bytes;
    s->creator = sysv_pid();
    s->ctime = sysv_now();
    int id = sysv_add(&segments, &s->object, key, flags);
    if (id < 0)
        kfree(s);
    else
        all_pages += pages;
    return id;
}
