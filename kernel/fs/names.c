/*
 * fs/names.c - mkdir, mknod, symlink, link, unlink, rmdir and rename.
 *
 * Idea:   each walks to the directory of the last name, locks it, looks the
 *         name up, checks everything Linux checks in Linux's order, and calls
 *         the file system's op, which only has to change its tables.
 * Locks:  the directory; rename: vfs_rename_lock if there are two, then the
 *         upper directory before the lower one.
 * Next:   fs/namei.c, fs/tmpfs.c, fs/open.c (O_CREAT).
 */
#include "fs/names.h"

#include "abi/errno.h"
#include "abi/fcntl.h"
#include "core/panic.h"

uint32_t vfs_apply_umask(uint32_t mode)
{
    struct fs_context *context =
        vfs_current_context != NULL ? vfs_current_context() : NULL;

    if (context == NULL)
        return mode;
    return mode & ~__atomic_load_n(&context->umask, __ATOMIC_RELAXED);
}

/* Child by the last name of `walk`, mounts not crossed, dir->lock held. */
static int lookup_locked(struct path_walk *walk, struct inode **out)
    MUST_HOLD(walk->at->lock)
{
    if (walk->at->nlink == 0)
        return -ENOENT;
    return walk->at->ops->lookup(walk->at, walk->last, walk->last_length, out);
}

/* ---- making names ------------------------------------------------------ */

/* Walk to a name that is to be made.  On success its directory is locked, and
 * create_end() follows. */
static int create_begin(struct path_walk *walk, struct inode *start,
                        const char *path, bool directory) NO_LOCK_ANALYSIS
{
    struct inode *child;
    int err = walk_begin(walk, start, path);

    if (err == 0)
        err = walk_to_last(walk);
    if (err == 0 && walk->last_kind != LAST_NAME)
        err = -EEXIST;
    if (err != 0) {
        walk_end(walk);
        return err;
    }
    rwlock_write_lock(&walk->at->lock);
    err = lookup_locked(walk, &child);
    if (err == 0) {
        inode_put(child);
        err = -EEXIST;
    } else if (err == -ENOENT && walk->at->nlink > 0 &&
               (directory || !walk->trailing_slash)) {
        err = inode_permission(walk->at, MAY_WRITE | MAY_EXEC);
    }
    if (err != 0) {
        rwlock_write_unlock(&walk->at->lock);
        walk_end(walk);
    }
    return err;
}

static void create_end(struct path_walk *walk) NO_LOCK_ANALYSIS
{
    rwlock_write_unlock(&walk->at->lock);
    walk_end(walk);
}

int names_create(struct path_walk *walk, uint32_t mode, uint64_t rdev,
                 struct inode **out)
{
    struct inode *dir = walk->at;
    bool inherit = dir->mode & S_ISGID;

    assert_held(&dir->lock);
    if (dir->ops->create == NULL || dir->nlink == 0)
        return -ENOENT;
    int err = inode_permission(dir, MAY_WRITE | MAY_EXEC);
    if (err != 0)
        return err;
    if (inherit && S_ISDIR(mode))
        mode |= S_ISGID;
    else if (inherit && (mode & S_IXGRP) && !vfs_in_group(dir->gid))
        mode &= ~(uint32_t)S_ISGID; /* it would run with that group's rights */
    err = dir->ops->create(dir, walk->last, walk->last_length, mode, rdev, out);
    /* Nobody else finds it while the directory is locked. */
    if (err == 0 && inherit)
        (*out)->gid = dir->gid;
    return err;
}

static int create_node(struct inode *start, const char *path, uint32_t mode,
                       uint64_t rdev)
{
    struct path_walk walk;
    struct inode *child;
    int err = create_begin(&walk, start, path, S_ISDIR(mode));

    if (err != 0)
        return err;
    err = names_create(&walk, mode, rdev, &child);
    create_end(&walk);
    if (err == 0)
        inode_put(child);
    return err;
}

int vfs_mkdir(struct inode *start, const char *path, uint32_t mode)
{
    mode = vfs_apply_umask(mode & (0777 | S_ISVTX));
    return create_node(start, path, S_IFDIR | mode, 0);
}

int vfs_mknod(struct inode *start, const char *path, uint32_t mode,
              uint64_t rdev)
{
    uint32_t type = mode & S_IFMT;

    if (type == 0)
        type = S_IFREG;
    if (S_ISDIR(type))
        return -EPERM;
    if (!S_ISREG(type) && !S_ISFIFO(type) && !S_ISSOCK(type) &&
        !S_ISCHR(type) && !S_ISBLK(type))
        return -EINVAL;
    if (S_ISCHR(type) || S_ISBLK(type)) {
        uint32_t uid = 0, gid;
        if (vfs_current_ids != NULL)
            vfs_current_ids(&uid, &gid);
        if (uid != 0)
            return -EPERM;
    } else {
        rdev = 0;
    }
    return create_node(start, path, type | vfs_apply_umask(mode & 07777), rdev);
}

int vfs_symlink(const char *target, struct inode *start, const char *path)
{
    struct path_walk walk;

    if (*target == '\0')
        return -ENOENT;
    int err = create_begin(&walk, start, path, false);
    if (err != 0)
        return err;
    struct inode *dir = walk.at;
    err = dir->ops->symlink == NULL
              ? -EPERM
              : dir->ops->symlink(dir, walk.last, walk.last_length, target);
    create_end(&walk);
    return err;
}

int vfs_link(struct inode *inode, struct inode *start, const char *path)
{
    struct path_walk walk;
    int err = create_begin(&walk, start, path, false);

    if (err != 0)
        return err;
    struct inode *dir = walk.at;
    if (inode->dev != dir->dev)
        err = -EXDEV;
    else if (S_ISDIR(inode->mode) || dir->ops->link == NULL)
        err = -EPERM;
    else
        err = dir->ops->link(dir, walk.last, walk.last_length, inode);
    create_end(&walk);
    return err;
}

/* ---- taking names away ------------------------------------------------- */

/* May the caller take `child`, which must (not) be a directory, out of `dir`?
 * In a sticky directory only its owner and the child's may. */
static int check_delete(struct inode *dir, struct inode *child, bool directory)
{
    int err = inode_permission(dir, MAY_WRITE | MAY_EXEC);

    if (err != 0)
        return err;
    if ((dir->mode & S_ISVTX) && inode_check_owner(dir) != 0 &&
        inode_check_owner(child) != 0)
        return -EPERM;
    if (directory != (bool)S_ISDIR(child->mode))
        return directory ? -ENOTDIR : -EISDIR;
    if (child->mounted != NULL)
        return -EBUSY;
    return 0;
}

static int delete_locked(struct path_walk *walk, struct inode *child,
                         bool directory)
{
    struct inode *dir = walk->at;

    if (!directory && walk->trailing_slash)
        return S_ISDIR(child->mode) ? -EISDIR : -ENOTDIR;
    int err = check_delete(dir, child, directory);
    if (err != 0)
        return err;
    if (dir->ops->unlink == NULL)
        return -EPERM;
    return dir->ops->unlink(dir, walk->last, walk->last_length, directory);
}

/* What rmdir and unlink say to ".", ".." and "/". */
static int check_last_kind(enum last_kind kind, bool directory)
{
    if (kind == LAST_NAME)
        return 0;
    if (!directory)
        return -EISDIR;
    return kind == LAST_DOT ? -EINVAL
                            : (kind == LAST_DOTDOT ? -ENOTEMPTY : -EBUSY);
}

static int delete_name(struct inode *start, const char *path, bool directory)
{
    struct path_walk walk;
    struct inode *child = NULL;
    int err = walk_begin(&walk, start, path);

    if (err == 0)
        err = walk_to_last(&walk);
    if (err == 0)
        err = check_last_kind(walk.last_kind, directory);
    if (err == 0) {
        rwlock_write_lock(&walk.at->lock);
        err = lookup_locked(&walk, &child);
        if (err == 0)
            err = delete_locked(&walk, child, directory);
        rwlock_write_unlock(&walk.at->lock);
    }
    inode_put(child); /* frees the file here, not under the lock */
    walk_end(&walk);
    return err;
}

int vfs_unlink(struct inode *start, const char *path)
{
    return delete_name(start, path, false);
}

int vfs_rmdir(struct inode *start, const char *path)
{
    return delete_name(start, path, true);
}

/* ---- rename ------------------------------------------------------------ */

/* Is `upper` the directory `lower` or above it?  Same file system. */
static bool is_above(const struct inode *upper, const struct inode *lower)
{
    while (lower != NULL && lower != upper)
        lower = lower->parent;
    return lower != NULL;
}

/* Lock both directories; the upper one first, which is the order of every
 * walk down.  Unrelated ones are only ever locked together here. */
static void lock_two(struct inode *a, struct inode *b) NO_LOCK_ANALYSIS
{
    if (a == b) {
        rwlock_write_lock(&a->lock);
        return;
    }
    mutex_lock(&vfs_rename_lock);
    bool b_first = is_above(b, a);
    rwlock_write_lock(b_first ? &b->lock : &a->lock);
    rwlock_write_lock_nested(b_first ? &a->lock : &b->lock);
}

static void unlock_two(struct inode *a, struct inode *b) NO_LOCK_ANALYSIS
{
    rwlock_write_unlock(&a->lock);
    if (a == b)
        return;
    rwlock_write_unlock(&b->lock);
    mutex_unlock(&vfs_rename_lock);
}

/* Everything that forbids to rename `child` over `victim` (may be NULL). */
static int check_rename(struct path_walk *from, struct path_walk *to,
                        struct inode *child, struct inode *victim)
{
    bool directory = S_ISDIR(child->mode);
    bool moves = from->at != to->at;

    if (!directory && (from->trailing_slash || to->trailing_slash))
        return -ENOTDIR;
    if (directory && moves && is_above(child, to->at))
        return -EINVAL;
    if (victim != NULL && moves && S_ISDIR(victim->mode) &&
        is_above(victim, from->at))
        return -ENOTEMPTY;
    if (child == victim)
        return 0;
    int err = check_delete(from->at, child, directory);
    if (err == 0)
        err = victim != NULL ? check_delete(to->at, victim, directory)
                             : inode_permission(to->at, MAY_WRITE | MAY_EXEC);
    if (err == 0 && directory && moves) /* its ".." is written */
        err = inode_permission(child, MAY_WRITE);
    return err;
}

static int rename_locked(struct path_walk *from, struct path_walk *to,
                         unsigned flags, struct inode **victim) NO_LOCK_ANALYSIS
{
    struct inode *child;
    int err = lookup_locked(from, &child);

    if (err != 0)
        return err;
    err = lookup_locked(to, victim);
    if (err == -ENOENT && to->at->nlink > 0)
        err = 0;
    else if (err == 0 && (flags & RENAME_NOREPLACE))
        err = -EEXIST;
    if (err == 0)
        err = check_rename(from, to, child, *victim);
    if (err == 0 && from->at->ops->rename == NULL)
        err = -EPERM;
    if (err == 0 && child != *victim)
        err = from->at->ops->rename(from->at, from->last, from->last_length,
                                    to->at, to->last, to->last_length, flags);
    inode_put(child);
    return err;
}

int vfs_rename(struct inode *old_start, const char *old_path,
               struct inode *new_start, const char *new_path, unsigned flags)
{
    struct path_walk from, to;
    struct inode *victim = NULL;

    if (flags & ~(unsigned)RENAME_NOREPLACE)
        return -EINVAL;
    int err = walk_begin(&from, old_start, old_path);
    if (err == 0)
        err = walk_to_last(&from);
    if (err != 0)
        goto out_from;
    err = walk_begin(&to, new_start, new_path);
    if (err == 0)
        err = walk_to_last(&to);
    if (err == 0 && from.at->dev != to.at->dev)
        err = -EXDEV;
    else if (err == 0 && from.last_kind != LAST_NAME)
        err = -EBUSY;
    else if (err == 0 && to.last_kind != LAST_NAME)
        err = flags & RENAME_NOREPLACE ? -EEXIST : -EBUSY;
    if (err == 0) {
        lock_two(from.at, to.at);
        err = rename_locked(&from, &to, flags, &victim);
        unlock_two(from.at, to.at);
    }
    inode_put(victim); /* frees a replaced file here, not under the locks */
    walk_end(&to);
out_from:
    walk_end(&from);
    return err;
}
