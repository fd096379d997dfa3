/*
 * fs/block_file.c - read, write, mmap and ioctl of disks and partitions.
 *
 * Idea:  file->private is the device's page cache; reading copies from its
 *        pages, several of which are read from the disk together.
 * Locks: none of its own.
 * Next:  fs/block_cache.c.
 */
#include "fs/block_file.h"

#include "abi/block.h"
#include "abi/errno.h"
#include "fs/block_cache.h"
#include "sched/sched.h"
#include "vm/usercopy.h"

/* Pages read ahead of who reads on where the last reader stopped. */
enum { READ_AHEAD = 16, READ_MAX = 64 };

static int block_open(struct inode *inode, struct file *file)
{
    struct block_device *device = block_find((uint32_t)inode->rdev);

    if (!device || !device->cache)
        return -ENXIO;
    file->private = device->cache;
    __atomic_fetch_add(&block_cache_of(device)->files, 1, __ATOMIC_ACQ_REL);
    return 0;
}

/* The last close writes what mappings changed, and gives the memory back. */
static void block_release(struct file *file)
{
    struct block_cache *cache = file->private;

    if (__atomic_sub_fetch(&cache->files, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    if (!cache->device->read_only)
        (void)block_cache_sync(cache); /* close() tells no errors */
    block_cache_drop(cache);
}

static uint64_t block_size(struct file *file)
{
    const struct block_cache *cache = file->private;

    return cache->device->sectors * SECTOR_BYTES;
}

/* Is page `index` there? */
static bool is_cached(struct block_cache *cache, uint64_t index)
{
    struct frame *frame;

    mapping_peek_cached(&cache->mapping, index, 1, &frame);
    if (frame)
        frame_put(frame);
    return frame != NULL;
}

/* `wanted` pages from `index` on are about to be read. */
static void read_ahead(struct block_cache *cache, uint64_t index,
                       uint64_t wanted)
{
    bool goes_on =
        __atomic_load_n(&cache->next_index, __ATOMIC_RELAXED) == index;
    uint64_t count = MIN(goes_on ? MAX(wanted, (uint64_t)READ_AHEAD) : wanted,
                         (uint64_t)READ_MAX);

    if (count > 1 && !is_cached(cache, index))
        block_cache_read_ahead(cache, index, count);
}

/* Copy from the page at *offset; bytes, or -errno. */
static int64_t read_page(struct block_cache *cache, struct uio *uio,
                         uint64_t offset, size_t n)
{
    struct mapping *m = &cache->mapping;
    struct frame *frame;
    int err = mapping_get_frame(m, offset >> PAGE_SHIFT, true, &frame);

    if (err == -ENOMEM) { /* the cache may be what fills memory */
        block_cache_drop(cache);
        err = mapping_get_frame(m, offset >> PAGE_SHIFT, true, &frame);
    }
    if (err)
        return err == -ENOMEM ? err : -EIO;
    size_t copied =
        uio_copy_to(uio, (char *)frame_bytes(frame) + offset % PAGE_SIZE, n);
    frame_put(frame);
    return copied == n ? (int64_t)n : -EFAULT;
}

static int64_t block_read(struct file *file, struct uio *uio, uint64_t *offset)
{
    struct block_cache *cache = file->private;
    uint64_t size = block_size(file);
    size_t want = uio->left;
    int64_t n = 0;

    while (n >= 0 && uio->left > 0 && *offset < size) {
        uint64_t index = *offset >> PAGE_SHIFT;
        uint64_t end = MIN(*offset + uio->left, size);
        read_ahead(cache, index, ((end - 1) >> PAGE_SHIFT) - index + 1);
        n = read_page(cache, uio, *offset,
                      MIN(PAGE_SIZE - *offset % PAGE_SIZE, end - *offset));
        *offset += n > 0 ? (uint64_t)n : 0;
        __atomic_store_n(&cache->next_index,
                         (*offset + PAGE_SIZE - 1) >> PAGE_SHIFT,
                         __ATOMIC_RELAXED);
        sched_point();
    }
    inode_note_read(file->inode);
    return n >= 0 || uio->left < want ? (int64_t)(want - uio->left) : n;
}

static int64_t block_write(struct file *file, struct uio *uio, uint64_t *offset)
{
    struct block_cache *cache = file->private;

    if (cache->device->read_only)
        return -EPERM;
    if (file->flags & O_APPEND)
        *offset = block_size(file);
    int64_t n = block_cache_write(cache, uio, *offset);
    if (n > 0)
        *offset += (uint64_t)n;
    return n;
}

static struct mapping *block_mmap(struct file *file)
{
    struct block_cache *cache = file->private;

    mapping_get(&cache->mapping);
    if (file_may_write(file) && !cache->device->read_only)
        block_cache_note_mmap(cache);
    return &cache->mapping;
}

static int block_fsync(struct file *file)
{
    struct block_cache *cache = file->private;

    if (cache->device->read_only)
        return 0;
    int err = block_cache_sync(cache);
    return err ? err : block_flush(cache->device) ? -EIO : 0;
}

static int64_t put_value(uint64_t argument, uint64_t value, size_t bytes)
{
    return copy_to_user((void __user *)argument, &value, bytes) ? -EFAULT : 0;
}

static int64_t flush_buffers(struct block_cache *cache)
{
    uint32_t uid = 0, gid;

    if (vfs_current_ids)
        vfs_current_ids(&uid, &gid);
    if (uid != 0)
        return -EACCES;
    int err = cache->device->read_only ? 0 : block_cache_sync(cache);
    block_cache_drop(cache);
    return err;
}

static int64_t block_ioctl(struct file *file, unsigned command,
                           uint64_t argument)
{
    struct block_cache *cache = file->private;
    const struct block_device *d = cache->device;

    switch (command) {
    case BLKROGET:
        return put_value(argument, d->read_only, sizeof(int));
    case BLKGETSIZE:
        return put_value(argument, d->sectors, sizeof(long));
    case BLKGETSIZE64:
        return put_value(argument, d->sectors * SECTOR_BYTES, sizeof(uint64_t));
    case BLKSSZGET:
    case BLKPBSZGET:
        return put_value(argument, block_unit_bytes(d), sizeof(int));
    case BLKBSZGET:
        return put_value(argument, PAGE_SIZE, sizeof(int));
    case BLKFLSBUF:
        return flush_buffers(cache);
    default:
        return -ENOTTY;
    }
}

const struct file_ops block_file_ops = {
    .read = block_read,
    .write = block_write,
    .ioctl = block_ioctl,
    .mmap = block_mmap,
    .open = block_open,
    .release = block_release,
    .fsync = block_fsync,
    .size = block_size,
    .seekable = true,
};
