/*
 * syscall/path_args.c - copy a path argument in and find where it begins.
 *
 * Idea:   the string is copied once, before anything is checked, and the copy
 *         is what is walked; the descriptor counts only for relative paths.
 * Locks:  none held.  Next: fs/namei.c.
 */
#include "syscall/path_args.h"

#include "abi/errno.h"
#include "abi/limits.h"
#include "mem/slab.h"
#include "vm/usercopy.h"

static int find_start(struct path_arg *arg, int dir_fd)
{
    arg->start = NULL;
    if (arg->path[0] == '/' || dir_fd == AT_FDCWD)
        return 0;
    struct file *file = fd_get(dir_fd);
    if (file == NULL)
        return -EBADF;
    if (file->inode != NULL)
        arg->start = inode_get(file->inode);
    file_put(file);
    return arg->start != NULL ? 0 : -ENOTDIR;
}

int path_arg_get(struct path_arg *arg, int dir_fd, const char __user *path,
                 enum path_arg_kind kind)
{
    arg->path = kmalloc(PATH_MAX);
    if (arg->path == NULL)
        return -ENOMEM;
    int64_t length = copy_string_from_user(arg->path, path, PATH_MAX);
    int err = length < 0 ? (int)length : 0;
    if (length == 0 && kind == PATH_NOT_EMPTY)
        err = -ENOENT;
    if (err == 0)
        err = find_start(arg, dir_fd);
    if (err != 0)
        kfree(arg->path);
    return err;
}

void path_arg_put(struct path_arg *arg)
{
    inode_put(arg->start);
    kfree(arg->path);
}

int path_arg_lookup(int dir_fd, const char __user *path, int flags,
                    struct inode **out)
{
    struct path_arg arg;
    int err = path_arg_get(&arg, dir_fd, path,
                           flags & WALK_EMPTY_PATH ? PATH_MAY_BE_EMPTY
                                                   : PATH_NOT_EMPTY);

    if (err != 0)
        return err;
    err = vfs_lookup(arg.start, arg.path, flags, out);
    path_arg_put(&arg);
    return err;
}

struct file *fd_get_usable(int fd)
{
    struct file *file = fd_get(fd);

    if (file != NULL && (file->flags & O_PATH)) {
        file_put(file);
        return NULL;
    }
    return file;
}
