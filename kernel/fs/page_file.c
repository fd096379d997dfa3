/*
 * fs/page_file.c - read, write and truncate over a mapping.
 *
 * Idea:   a file's bytes are the frames of its mapping, the same that mmap
 *         shows.  Reading looks frames up, and copies with no lock held but a
 *         reference on each frame; a missing frame is a hole and reads as
 *         zeroes.  Writing copies with page faults off while the inode is
 *         locked; when the source is not there it unlocks, faults it in and
 *         goes on, so that write() from a mapping of the same file works.
 * Locks:  inode->lock for writes and truncation (one at a time, and appends
 *         land behind each other); mapping->lock inside for single lookups.
 * Next:   vm/mapping.c, vm/uio.c, fs/file.c.
 */
#include "fs/page_file.h"

#include "abi/errno.h"
#include "abi/fcntl.h"
#include "base/string.h"
#include "sched/sched.h"

enum {
    READ_BATCH = 8,               /* frames looked up at once */
    FAULT_IN_BYTES = 1024 * 1024, /* of a source, at once */
};

#define FILE_SIZE_MAX ((uint64_t)INT64_MAX)

static uint64_t file_size(const struct inode *inode)
{
    return __atomic_load_n(&inode->mapping.size, __ATOMIC_ACQUIRE);
}

/* Copy from one frame (NULL: a hole); false when the target was bad. */
static bool read_page(struct uio *uio, struct frame *frame, uint64_t *offset,
                      uint64_t size)
{
    size_t in_page = *offset % PAGE_SIZE;
    size_t n = MIN(MIN(PAGE_SIZE - in_page, uio->left), size - *offset);
    size_t copied;

    if (frame != NULL)
        copied = uio_copy_to(uio, (char *)frame_bytes(frame) + in_page, n);
    else
        copied = uio_zero_to(uio, n);
    *offset += copied;
    return copied == n;
}

static int64_t page_file_read(struct file *file, struct uio *uio,
                              uint64_t *offset)
{
    struct inode *inode = file->inode;
    size_t want = uio->left;
    bool good = true;
    int err = 0;

    while (good && uio->left > 0 && *offset < file_size(inode)) {
        struct frame *batch[READ_BATCH];
        uint64_t size = file_size(inode);
        uint64_t end = *offset + MIN(uio->left, size - *offset);
        uint64_t first = *offset / PAGE_SIZE;
        unsigned count =
            (unsigned)MIN((end - 1) / PAGE_SIZE - first + 1, READ_BATCH);
        err = mapping_get_cached(&inode->mapping, first, count, batch);
        if (err != 0)
            break; /* swapped out, and it cannot be brought back */
        for (unsigned i = 0; i < count; i++) {
            good = good && read_page(uio, batch[i], offset, size);
            if (batch[i] != NULL)
                frame_put(batch[i]);
        }
        sched_point();
    }
    inode_note_read(inode);
    if (uio->left < want)
        return (int64_t)(want - uio->left);
    return good ? err : -EFAULT;
}

/* Copy into the page of *offset; bytes copied or -errno. */
static int64_t write_page(struct inode *inode, struct uio *uio, uint64_t offset,
                          size_t n)
{
    struct frame *frame;
    int err =
        mapping_get_frame_extend(&inode->mapping, offset / PAGE_SIZE, &frame);

    if (err != 0) /* memory is what this file system is made of */
        return err == -ENOMEM ? -ENOSPC : err;
    size_t copied = uio_copy_from_nofault(
        uio, (char *)frame_bytes(frame) + offset % PAGE_SIZE, n);
    frame_put(frame);
    return (int64_t)copied;
}

/* A mapping may have written behind the end in the last page; before the file
 * grows over it, that must read as zeroes. */
static int clear_behind_end(struct inode *inode) MUST_HOLD(inode->lock)
{
    size_t tail = file_size(inode) % PAGE_SIZE;
    struct frame *last;

    if (tail == 0)
        return 0;
    int err = mapping_get_cached(&inode->mapping, file_size(inode) / PAGE_SIZE,
                                 1, &last);
    if (err != 0 || last == NULL)
        return err;
    memset((char *)frame_bytes(last) + tail, 0, PAGE_SIZE - tail);
    frame_put(last);
    return 0;
}

/* Write as far as the source is present; 0 or -errno. */
static int write_present(struct inode *inode, struct uio *uio, uint64_t *offset)
    MUST_HOLD(inode->lock)
{
    uint64_t limit = MIN(uio->size_limit, FILE_SIZE_MAX);
    int64_t result = 0;

    if (*offset > file_size(inode))
        result = clear_behind_end(inode);
    while (result >= 0 && uio->left > 0) {
        if (*offset >= limit) {
            result = -EFBIG;
            break;
        }
        size_t n = MIN(MIN(PAGE_SIZE - *offset % PAGE_SIZE, uio->left),
                       limit - *offset);
        result = write_page(inode, uio, *offset, n);
        if (result < 0)
            break;
        *offset += (uint64_t)result;
        if ((size_t)result < n)
            break;
    }
    return result < 0 ? (int)result : 0;
}

/* A file that somebody else writes to is no longer to be trusted with the
 * rights of its owner. */
static void drop_set_id(struct inode *inode) MUST_HOLD(inode->lock)
{
    uint32_t uid = 0, gid;

    if (!(inode->mode & (S_ISUID | S_ISGID)) || vfs_current_ids == NULL)
        return;
    vfs_current_ids(&uid, &gid);
    if (uid != 0)
        inode->mode &= ~(uint32_t)(S_ISUID | S_ISGID);
}

static int64_t page_file_write(struct file *file, struct uio *uio,
                               uint64_t *offset)
{
    struct inode *inode = file->inode;
    bool append = file->flags & O_APPEND;
    size_t want = uio->left;
    int err = 0;

    if (want == 0)
        return 0;
    if (append) /* so that the loop below needs one round */
        (void)uio_fault_in_source(uio, MIN(want, FAULT_IN_BYTES));
    for (;;) {
        rwlock_write_lock(&inode->lock);
        if (append)
            *offset = file_size(inode);
        size_t before = uio->left;
        err = write_present(inode, uio, offset);
        if (uio->left < before) {
            if (*offset > file_size(inode))
                mapping_resize(&inode->mapping, *offset);
            inode_note_change(inode);
            drop_set_id(inode);
        }
        rwlock_write_unlock(&inode->lock);
        if (err != 0 || uio->left == 0)
            break;
        if (uio_fault_in_source(uio, FAULT_IN_BYTES) == 0) {
            err = -EFAULT;
            break;
        }
        sched_point();
    }
    return uio->left < want ? (int64_t)(want - uio->left) : err;
}

int page_file_truncate(struct inode *inode, uint64_t size)
{
    if (size > FILE_SIZE_MAX)
        return -EFBIG;
    rwlock_write_lock(&inode->lock);
    int err = size > file_size(inode) ? clear_behind_end(inode) : 0;
    if (err == 0) {
        mapping_resize(&inode->mapping, size);
        inode_note_change(inode);
        drop_set_id(inode);
    }
    rwlock_write_unlock(&inode->lock);
    return err;
}

int64_t page_file_seek(struct inode *inode, uint64_t offset, bool hole)
{
    uint64_t size = file_size(inode);
    uint64_t index = offset / PAGE_SIZE;

    if (offset >= size)
        return -ENXIO;
    uint64_t data = mapping_next_cached(&inode->mapping, index);
    while (hole && data == index) { /* ends: what has frames is in memory */
        data = mapping_next_cached(&inode->mapping, ++index);
        sched_point();
    }
    if (!hole)
        index = data;
    if (index > (size - 1) / PAGE_SIZE)
        return hole ? (int64_t)size : -ENXIO; /* the end counts as a hole */
    return (int64_t)MAX(index * PAGE_SIZE, offset);
}

static struct mapping *page_file_mmap(struct file *file)
{
    mapping_get(&file->inode->mapping);
    return &file->inode->mapping;
}

const struct file_ops page_file_ops = {
    .read = page_file_read,
    .write = page_file_write,
    .mmap = page_file_mmap,
    .seekable = true,
};
