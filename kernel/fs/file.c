/*
 * fs/file.c - open files: reference counts, offsets, and the checks that every
 * read, write and seek has in common.
 *
 * Idea:   a struct file is what open() made; descriptors of several processes
 *         may share one, and with it the offset.  What it does is decided by
 *         file->ops; ops that are missing get their usual answer here.
 * Locks:  file->lock around everything that uses the offset, outermost of all
 *         locks; streams have no offset and take no lock here.
 * Next:   fs/fdtable.c, fs/open.c, fs/page_file.c.
 */
#include "fs/file.h"

#include "abi/errno.h"
#include "abi/unistd.h"
#include "base/string.h"
#include "fs/file_lock.h"
#include "fs/page_file.h"
#include "mem/slab.h"

static struct slab_cache file_cache;

void file_init(void)
{
    slab_cache_init(&file_cache, "file", sizeof(struct file));
}

struct file *file_create(const struct file_ops *ops, struct inode *inode,
                         uint32_t flags)
{
    struct file *file = slab_alloc(&file_cache);

    if (file == NULL)
        return NULL;
    file->refs = 1;
    file->flags = flags;
    file->ops = ops;
    file->inode = inode != NULL ? inode_get(inode) : NULL;
    mutex_init(&file->lock, "file", RANK_FILE_POS);
    file->offset = 0;
    file->private = NULL;
    return file;
}

void file_put(struct file *file)
{
    if (__atomic_sub_fetch(&file->refs, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    file_lock_file_gone(file);
    if (file->ops->release != NULL && !(file->flags & O_PATH))
        file->ops->release(file);
    if (file->inode != NULL && S_ISREG(file->inode->mode) &&
        file_may_write(file))
        __atomic_fetch_sub(&file->inode->write_count, 1, __ATOMIC_RELEASE);
    inode_put(file->inode);
    slab_free(&file_cache, file);
}

void file_discard(struct file *file)
{
    static const struct file_ops no_ops = { .seekable = false };

    file->ops = &no_ops;
    file_put(file);
}

static bool is_directory(const struct file *file)
{
    return file->inode != NULL && S_ISDIR(file->inode->mode);
}

/* What read gives before any op is asked; 0: go on. */
static int check_read(const struct file *file)
{
    if (!file_may_read(file))
        return -EBADF;
    if (is_directory(file))
        return -EISDIR;
    return file->ops->read == NULL ? -EINVAL : 0;
}

static int check_write(const struct file *file)
{
    if (!file_may_write(file))
        return -EBADF;
    return file->ops->write == NULL ? -EINVAL : 0;
}

static bool offset_overflows(uint64_t offset, size_t n)
{
    return offset > (uint64_t)INT64_MAX || n > (uint64_t)INT64_MAX - offset;
}

int64_t file_read(struct file *file, struct uio *uio)
{
    uint64_t no_offset = 0;
    int64_t result = check_read(file);

    if (result != 0)
        return result;
    if (!file->ops->seekable)
        return file->ops->read(file, uio, &no_offset);
    mutex_lock(&file->lock);
    result = offset_overflows(file->offset, uio->left)
                 ? -EINVAL
                 : file->ops->read(file, uio, &file->offset);
    mutex_unlock(&file->lock);
    return result;
}

int64_t file_write(struct file *file, struct uio *uio)
{
    uint64_t no_offset = 0;
    int64_t result = check_write(file);

    if (result != 0)
        return result;
    if (!file->ops->seekable)
        return file->ops->write(file, uio, &no_offset);
    mutex_lock(&file->lock);
    result = offset_overflows(file->offset, uio->left)
                 ? -EINVAL
                 : file->ops->write(file, uio, &file->offset);
    mutex_unlock(&file->lock);
    return result;
}

int64_t file_pread(struct file *file, struct uio *uio, int64_t offset)
{
    uint64_t position = (uint64_t)offset;

    if (offset < 0)
        return -EINVAL;
    if (!file->ops->seekable)
        return -ESPIPE;
    int err = check_read(file);
    if (err == 0 && offset_overflows(position, uio->left))
        err = -EINVAL;
    return err != 0 ? err : file->ops->read(file, uio, &position);
}

int64_t file_pwrite(struct file *file, struct uio *uio, int64_t offset)
{
    uint64_t position = (uint64_t)offset;

    if (offset < 0)
        return -EINVAL;
    if (!file->ops->seekable)
        return -ESPIPE;
    int err = check_write(file);
    if (err == 0 && offset_overflows(position, uio->left))
        err = -EINVAL;
    return err != 0 ? err : file->ops->write(file, uio, &position);
}

/* Where `whence` and `offset` lead, or -errno. */
static int64_t seek_target(struct file *file, int64_t offset, int whence)
{
    struct inode *inode = file->inode;
    uint64_t size = file->ops->size != NULL ? file->ops->size(file)
                    : inode != NULL         ? inode->mapping.size
                                            : 0;
    int64_t target;

    switch (whence) {
    case SEEK_SET:
        return offset >= 0 ? offset : -EINVAL;
    case SEEK_CUR:
    case SEEK_END:
        if (whence == SEEK_END && is_directory(file))
            return -EINVAL;
        target = (int64_t)(whence == SEEK_CUR ? file->offset : size);
        if (__builtin_add_overflow(target, offset, &target) || target < 0)
            return -EINVAL;
        return target;
    case SEEK_DATA:
    case SEEK_HOLE:
        if (inode == NULL || !S_ISREG(inode->mode))
            return -EINVAL;
        if (offset < 0)
            return -ENXIO;
        return page_file_seek(inode, (uint64_t)offset, whence == SEEK_HOLE);
    default:
        return -EINVAL;
    }
}

int64_t file_seek(struct file *file, int64_t offset, int whence)
{
    if (file->flags & O_PATH)
        return -EBADF;
    if (whence < SEEK_SET || whence > SEEK_HOLE)
        return -EINVAL;
    if (!file->ops->seekable)
        return -ESPIPE;
    mutex_lock(&file->lock);
    int64_t target = seek_target(file, offset, whence);
    if (target >= 0)
        file->offset = (uint64_t)target;
    mutex_unlock(&file->lock);
    return target;
}

int file_readdir(struct file *file, struct dir_emit *ctx,
                 int (*finish)(struct dir_emit *ctx))
{
    struct inode *dir = file->inode;

    if (file->flags & O_PATH)
        return -EBADF;
    if (!is_directory(file) || file->ops->readdir == NULL)
        return -ENOTDIR;
    mutex_lock(&file->lock);
    uint64_t offset = file->offset;
    rwlock_read_lock(&dir->lock);
    int err = dir->nlink == 0 ? -ENOENT : file->ops->readdir(file, ctx);
    rwlock_read_unlock(&dir->lock);
    if (err == 0)
        err = finish(ctx);
    if (err != 0)
        file->offset = offset;
    mutex_unlock(&file->lock);
    if (err == 0)
        inode_note_read(dir);
    return err;
}
