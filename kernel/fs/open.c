/*
 * fs/open.c - open() from a path to a struct file.
 *
 * Idea:   find_or_create() gives the inode; check_open() then says no in the
 *         order in which Linux does; only after that anything changes (the
 *         truncation, the count of writers).
 * Locks:  the directory's lock from the look-up of the last name to its
 *         creation, so that of several O_EXCL openers one wins.
 * Next:   fs/namei.c, fs/names.c, fs/file.c.
 */
#include "fs/open.h"

#include "abi/errno.h"
#include "abi/fcntl.h"
#include "core/panic.h"
#include "fs/file.h"
#include "fs/names.h"
#include "fs/page_file.h"

/* Flags that only say how to open; F_GETFL does not show them. */
#define OPEN_ONLY_FLAGS (O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC)

int inode_begin_write(struct inode *inode)
{
    int32_t count = __atomic_load_n(&inode->write_count, __ATOMIC_RELAXED);

    do {
        if (count < 0)
            return -ETXTBSY;
    } while (!__atomic_compare_exchange_n(&inode->write_count, &count,
                                          count + 1, true, __ATOMIC_ACQUIRE,
                                          __ATOMIC_RELAXED));
    return 0;
}

void inode_end_write(struct inode *inode)
{
    __atomic_fetch_sub(&inode->write_count, 1, __ATOMIC_RELEASE);
}

/* ---- finding the inode ------------------------------------------------- */

struct open_request {
    uint32_t flags;
    uint32_t mode;       /* of a new file, umask applied */
    bool created;        /* out */
    struct inode *inode; /* out: with reference */
};

/* The last name, made if it is missing. */
static int lookup_or_create(struct path_walk *walk, struct open_request *req)
{
    struct inode *dir = walk->at;

    if (walk->last_kind != LAST_NAME)
        return walk_last(walk, &req->inode);
    if (walk->trailing_slash)
        return -EISDIR;
    rwlock_write_lock(&dir->lock);
    int err =
        dir->nlink == 0
            ? -ENOENT
            : dir->ops->lookup(dir, walk->last, walk->last_length, &req->inode);
    if (err == -ENOENT) {
        err = names_create(walk, S_IFREG | req->mode, 0, &req->inode);
        req->created = err == 0;
    }
    rwlock_write_unlock(&dir->lock);
    if (err == 0)
        req->inode = walk_mounts(req->inode);
    return err;
}

/* Walk with O_CREAT: a link in last place is followed, and the file made where
 * it points to; with O_EXCL it counts as existing. */
static int walk_create(struct path_walk *walk, struct open_request *req)
{
    for (;;) {
        int err = walk_to_last(walk);
        if (err == 0)
            err = lookup_or_create(walk, req);
        if (err != 0)
            return err;
        if (!S_ISLNK(req->inode->mode) || (req->flags & (O_EXCL | O_NOFOLLOW)))
            return 0;
        err = walk_follow(walk, req->inode, &req->inode);
        if (err != 0 || req->inode != NULL)
            return err;
    }
}

static int find_or_create(struct inode *start, const char *path,
                          struct open_request *req)
{
    if (!(req->flags & O_CREAT)) {
        int flags = req->flags & O_NOFOLLOW ? WALK_NOFOLLOW : 0;
        if (req->flags & O_DIRECTORY)
            flags |= WALK_DIRECTORY;
        return vfs_lookup(start, path, flags, &req->inode);
    }
    struct path_walk walk;
    int err = walk_begin(&walk, start, path);
    if (err == 0)
        err = walk_create(&walk, req);
    walk_end(&walk);
    return err;
}

/* ---- may it be opened, and what will it do ----------------------------- */

static int wanted_rights(uint32_t flags)
{
    static const int rights[] = { MAY_READ, MAY_WRITE, MAY_READ | MAY_WRITE,
                                  MAY_READ | MAY_WRITE };

    return rights[flags & O_ACCMODE] | (flags & O_TRUNC ? MAY_WRITE : 0);
}

static int check_open(const struct open_request *req)
{
    struct inode *inode = req->inode;
    bool directory = S_ISDIR(inode->mode);
    uint32_t flags = req->flags;

    if ((flags & O_CREAT) && (flags & O_EXCL) && !req->created)
        return -EEXIST;
    if ((flags & O_CREAT) && directory)
        return -EISDIR;
    if ((flags & O_DIRECTORY) && !directory)
        return -ENOTDIR;
    if (flags & O_PATH)
        return 0;
    if (S_ISLNK(inode->mode))
        return -ELOOP;
    if (directory && (wanted_rights(flags) & MAY_WRITE))
        return -EISDIR;
    if ((flags & O_DIRECT) && !S_ISCHR(inode->mode))
        return -EINVAL; /* nothing can bypass a cache that is all there is */
    if (req->created)
        return 0;
    if ((flags & O_NOATIME) && inode_check_owner(inode) != 0)
        return -EPERM;
    return inode_permission(inode, wanted_rights(flags));
}

/* What open files of `inode` do; NULL: nothing (no such device, or a socket). */
static const struct file_ops *ops_of(const struct inode *inode, uint32_t flags)
{
    static const struct file_ops path_only_ops = { .seekable = false };

    if (flags & O_PATH)
        return &path_only_ops;
    if (inode->fops != NULL)
        return inode->fops;
    if ((S_ISCHR(inode->mode) || S_ISBLK(inode->mode)) &&
        vfs_device_ops != NULL)
        return vfs_device_ops(inode->mode, inode->rdev);
    return S_ISFIFO(inode->mode) ? vfs_fifo_ops : NULL;
}

/* The steps that change something: become a writer, truncate, open op. */
static int begin_use(struct file *file, const struct open_request *req)
{
    struct inode *inode = req->inode;
    bool regular = S_ISREG(inode->mode);
    bool truncate = regular && (req->flags & O_TRUNC) && !req->created;
    int err = 0;

    if (req->flags & O_PATH)
        return 0;
    if (regular && (truncate || file_may_write(file)))
        err = inode_begin_write(inode);
    if (err != 0)
        return err;
    if (file->ops->open != NULL)
        err = file->ops->open(inode, file);
    if (err == 0 && truncate && inode->fops == &page_file_ops)
        err = page_file_truncate(inode, 0);
    if (regular && truncate && !file_may_write(file))
        inode_end_write(inode);
    return err;
}

static int open_inode(const struct open_request *req, struct file **out)
{
    const struct file_ops *ops = ops_of(req->inode, req->flags);
    uint32_t flags = req->flags & ~(uint32_t)OPEN_ONLY_FLAGS;

    if (ops == NULL)
        return -ENXIO;
    if (flags & O_PATH)
        flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW;
    struct file *file = file_create(ops, req->inode, flags);
    if (file == NULL)
        return -ENOMEM;
    int err = begin_use(file, req);
    if (err != 0) {
        if (err == -ETXTBSY) /* file_put must not give back this right */
            file->flags |= O_PATH;
        file_discard(file);
        return err;
    }
    *out = file;
    return 0;
}

int vfs_open(struct inode *start, const char *path, int flags, uint32_t mode,
             struct file **out)
{
    struct open_request req = {
        .flags = (uint32_t)flags,
        .mode = vfs_apply_umask(mode & 07777),
    };

    if ((req.flags & O_TMPFILE) == O_TMPFILE)
        return flags & O_ACCMODE ? -EOPNOTSUPP : -EINVAL;
    if (flags & O_PATH) /* Linux ignores the others beside it */
        req.flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    else
        req.flags |= O_LARGEFILE;
    int err = find_or_create(start, path, &req);
    if (err != 0)
        return err;
    err = check_open(&req);
    if (err == 0)
        err = open_inode(&req, out);
    inode_put(req.inode);
    return err;
}

/* ---- for execve -------------------------------------------------------- */

/* Count one more executor: below 0, the opposite of writers. */
static int begin_exec(struct inode *inode)
{
    int32_t count = __atomic_load_n(&inode->write_count, __ATOMIC_RELAXED);

    do {
        if (count > 0)
            return -ETXTBSY;
    } while (!__atomic_compare_exchange_n(&inode->write_count, &count,
                                          count - 1, true, __ATOMIC_ACQUIRE,
                                          __ATOMIC_RELAXED));
    return 0;
}

int vfs_open_exec(struct inode *start, const char *path, struct inode **out)
{
    struct inode *inode;
    int err = vfs_lookup(start, path, 0, &inode);

    if (err != 0)
        return err;
    if (!S_ISREG(inode->mode))
        err = -EACCES;
    if (err == 0)
        err = inode_permission(inode, MAY_EXEC);
    if (err == 0)
        err = begin_exec(inode);
    if (err != 0) {
        inode_put(inode);
        return err;
    }
    *out = inode;
    return 0;
}

void vfs_exec_close(struct inode *inode)
{
    __atomic_fetch_add(&inode->write_count, 1, __ATOMIC_RELEASE);
    inode_put(inode);
}
