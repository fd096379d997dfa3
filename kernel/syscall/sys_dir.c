/*
 * syscall/sys_dir.c - directories: reading them, the working directory, and
 * the calls that make, remove and rename names.
 *
 * Locks:  none held.  Next: fs/names.c, fs/namei.c.
 */
#include "abi/dirent.h"
#include "abi/errno.h"
#include "abi/limits.h"
#include "base/string.h"
#include "fs/names.h"
#include "mem/slab.h"
#include "syscall/path_args.h"
#include "syscall/syscalls.h"
#include "vm/usercopy.h"

/* ---- getdents64 -------------------------------------------------------- */

enum { GETDENTS_BYTES = 4096 }; /* returned at once at most */

struct getdents {
    struct dir_emit emit;
    char *buf;         /* records, copied out at the end */
    size_t size, used; /* bytes */
    bool full;         /* a record did not fit */
    void __user *user;
};

static bool emit_dirent(struct dir_emit *emit, const char *name,
                        size_t name_len, uint64_t ino, unsigned type,
                        uint64_t next_offset)
{
    struct getdents *ctx = container_of(emit, struct getdents, emit);
    size_t bytes = ALIGN_UP(
        offsetof(struct linux_dirent64, d_name) + name_len + 1, (size_t)8);

    if (bytes > ctx->size - ctx->used) {
        ctx->full = true;
        return false;
    }
    struct linux_dirent64 *entry =
        (struct linux_dirent64 *)(void *)(ctx->buf + ctx->used);
    memset(entry, 0, bytes); /* padding goes to user space too */
    entry->d_ino = ino;
    entry->d_off = (int64_t)next_offset;
    entry->d_reclen = (unsigned short)bytes;
    entry->d_type = (unsigned char)type;
    memcpy(entry->d_name, name, name_len);
    ctx->used += bytes;
    return true;
}

static int finish_getdents(struct dir_emit *emit)
{
    struct getdents *ctx = container_of(emit, struct getdents, emit);

    if (ctx->used == 0)
        return ctx->full ? -EINVAL : 0;
    return copy_to_user(ctx->user, ctx->buf, ctx->used);
}

int64_t sys_getdents64(int fd, void __user *buf, size_t count)
{
    struct file *file = fd_get(fd);
    struct getdents ctx = {
        .emit.emit = emit_dirent,
        .size = MIN(count & UINT32_MAX, (size_t)GETDENTS_BYTES),
        .user = buf,
    };
    int err = -ENOMEM;

    if (file == NULL)
        return -EBADF;
    ctx.buf = kmalloc(GETDENTS_BYTES);
    if (ctx.buf != NULL)
        err = file_readdir(file, &ctx.emit, finish_getdents);
    kfree(ctx.buf);
    file_put(file);
    return err != 0 ? err : (int64_t)ctx.used;
}

/* ---- working directory ------------------------------------------------- */

int64_t sys_getcwd(char __user *buf, size_t size)
{
    char *path = kmalloc(PATH_MAX);

    if (path == NULL)
        return -ENOMEM;
    struct inode *cwd = fs_context_cwd(vfs_current_context());
    int64_t result = vfs_path_of(cwd, path, PATH_MAX);
    inode_put(cwd);
    if (result >= 0) {
        result++; /* with the terminator */
        if ((uint64_t)result > size)
            result = -ERANGE;
        else if (copy_to_user(buf, path, (size_t)result) != 0)
            result = -EFAULT;
    }
    kfree(path);
    return result;
}

static int change_directory(struct inode *dir)
{
    int err = inode_permission(dir, MAY_EXEC);

    if (err == 0)
        fs_context_set_cwd(vfs_current_context(), dir);
    return err;
}

int64_t sys_chdir(const char __user *path)
{
    struct inode *dir;
    int err = path_arg_lookup(AT_FDCWD, path, WALK_DIRECTORY, &dir);

    if (err != 0)
        return err;
    err = change_directory(dir);
    inode_put(dir);
    return err;
}

int64_t sys_fchdir(int fd)
{
    struct file *file = fd_get(fd);
    int err = -ENOTDIR;

    if (file == NULL)
        return -EBADF;
    if (file->inode != NULL && S_ISDIR(file->inode->mode))
        err = change_directory(file->inode);
    file_put(file);
    return err;
}

/* ---- making names ------------------------------------------------------ */

int64_t sys_mkdirat(int dir_fd, const char __user *path, mode_t mode)
{
    struct path_arg arg;
    int err = path_arg_get(&arg, dir_fd, path, PATH_NOT_EMPTY);

    if (err != 0)
        return err;
    err = vfs_mkdir(arg.start, arg.path, mode);
    path_arg_put(&arg);
    return err;
}

int64_t sys_mkdir(const char __user *path, mode_t mode)
{
    return sys_mkdirat(AT_FDCWD, path, mode);
}

/* Device numbers of 32 bits, as mknod passes them, are stored as they are. */
int64_t sys_mknodat(int dir_fd, const char __user *path, mode_t mode,
                    dev_t device)
{
    struct path_arg arg;
    int err = path_arg_get(&arg, dir_fd, path, PATH_NOT_EMPTY);

    if (err != 0)
        return err;
    err = vfs_mknod(arg.start, arg.path, mode, device & UINT32_MAX);
    path_arg_put(&arg);
    return err;
}

int64_t sys_mknod(const char __user *path, mode_t mode, dev_t device)
{
    return sys_mknodat(AT_FDCWD, path, mode, device);
}

int64_t sys_symlinkat(const char __user *target, int dir_fd,
                      const char __user *path)
{
    struct path_arg text, arg;
    int err = path_arg_get(&text, AT_FDCWD, target, PATH_NOT_EMPTY);

    if (err != 0)
        return err;
    err = path_arg_get(&arg, dir_fd, path, PATH_NOT_EMPTY);
    if (err == 0) {
        err = vfs_symlink(text.path, arg.start, arg.path);
        path_arg_put(&arg);
    }
    path_arg_put(&text);
    return err;
}

int64_t sys_symlink(const char __user *target, const char __user *path)
{
    return sys_symlinkat(target, AT_FDCWD, path);
}

int64_t sys_linkat(int from_fd, const char __user *from, int to_fd,
                   const char __user *to, int flags)
{
    struct path_arg arg;
    struct inode *inode;
    int walk = flags & AT_SYMLINK_FOLLOW ? 0 : WALK_NOFOLLOW;

    if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    if (flags & AT_EMPTY_PATH)
        walk |= WALK_EMPTY_PATH;
    int err = path_arg_lookup(from_fd, from, walk, &inode);
    if (err != 0)
        return err;
    err = path_arg_get(&arg, to_fd, to, PATH_NOT_EMPTY);
    if (err == 0) {
        err = vfs_link(inode, arg.start, arg.path);
        path_arg_put(&arg);
    }
    inode_put(inode);
    return err;
}

int64_t sys_link(const char __user *from, const char __user *to)
{
    return sys_linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

/* ---- taking names away, renaming --------------------------------------- */

int64_t sys_unlinkat(int dir_fd, const char __user *path, int flags)
{
    struct path_arg arg;

    if (flags & ~AT_REMOVEDIR)
        return -EINVAL;
    int err = path_arg_get(&arg, dir_fd, path, PATH_NOT_EMPTY);
    if (err != 0)
        return err;
    err = flags & AT_REMOVEDIR ? vfs_rmdir(arg.start, arg.path)
                               : vfs_unlink(arg.start, arg.path);
    path_arg_put(&arg);
    return err;
}

int64_t sys_unlink(const char __user *path)
{
    return sys_unlinkat(AT_FDCWD, path, 0);
}

int64_t sys_rmdir(const char __user *path)
{
    return sys_unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

int64_t sys_renameat2(int from_fd, const char __user *from, int to_fd,
                      const char __user *to, unsigned flags)
{
    struct path_arg old, new;

    /* RENAME_EXCHANGE and RENAME_WHITEOUT: as file systems without them. */
    if (flags & ~(unsigned)RENAME_NOREPLACE)
        return -EINVAL;
    int err = path_arg_get(&old, from_fd, from, PATH_NOT_EMPTY);
    if (err != 0)
        return err;
    err = path_arg_get(&new, to_fd, to, PATH_NOT_EMPTY);
    if (err == 0) {
        err = vfs_rename(old.start, old.path, new.start, new.path, flags);
        path_arg_put(&new);
    }
    path_arg_put(&old);
    return err;
}

int64_t sys_renameat(int from_fd, const char __user *from, int to_fd,
                     const char __user *to)
{
    return sys_renameat2(from_fd, from, to_fd, to, 0);
}

int64_t sys_rename(const char __user *from, const char __user *to)
{
    return sys_renameat2(AT_FDCWD, from, AT_FDCWD, to, 0);
}
