/*
 * syscall/sys_fd.c - descriptors: dup, fcntl, ioctl, sync.
 *
 * Locks:  none held.  Next: fs/fdtable.c.
 */
#include "abi/errno.h"
#include "abi/ioctl.h"
#include "fs/block_cache.h"
#include "fs/file.h"
#include "ipc/pipe.h"
#include "proc/process.h"
#include "syscall/path_args.h"
#include "syscall/sys_lock.h"
#include "syscall/syscalls.h"
#include "vm/usercopy.h"

/* Flags that F_SETFL may change. */
#define SETFL_FLAGS ((uint32_t)(O_APPEND | O_NONBLOCK | O_NOATIME))

static int64_t duplicate(int fd, int min, bool cloexec)
{
    struct file *file = fd_get(fd);

    if (file == NULL)
        return -EBADF;
    int new_fd = fd_install(file, min, cloexec);
    if (new_fd < 0)
        file_put(file);
    return new_fd;
}

static int64_t duplicate_to(int fd, int new_fd, bool cloexec)
{
    struct file *file = fd_get(fd);

    if (file == NULL)
        return -EBADF;
    int err = fd_install_at(file, new_fd, cloexec);
    if (err != 0)
        file_put(file);
    return err != 0 ? err : new_fd;
}

int64_t sys_dup(int fd)
{
    return duplicate(fd, 0, false);
}

int64_t sys_dup2(int fd, int new_fd)
{
    if (fd != new_fd)
        return duplicate_to(fd, new_fd, false);
    int err = fd_get_cloexec(fd);
    return err < 0 ? err : new_fd;
}

int64_t sys_dup3(int fd, int new_fd, int flags)
{
    if ((flags & ~O_CLOEXEC) || fd == new_fd)
        return -EINVAL;
    return duplicate_to(fd, new_fd, flags & O_CLOEXEC);
}

static int64_t set_status_flags(struct file *file, uint32_t flags)
{
    if (file->flags & O_PATH)
        return -EBADF;
    if (flags & O_DIRECT) /* no file here can bypass the page cache */
        return -EINVAL;
    uint32_t old = __atomic_load_n(&file->flags, __ATOMIC_RELAXED);
    uint32_t new;
    do {
        new = (old & ~SETFL_FLAGS) | (flags & SETFL_FLAGS);
    } while (!__atomic_compare_exchange_n(&file->flags, &old, new, true,
                                          __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return 0;
}

static bool is_root(void)
{
    return process_current()->credentials.euid == 0;
}

int64_t sys_fcntl(int fd, unsigned command, unsigned long argument)
{
    struct file *file = fd_get(fd);
    int64_t result = -EINVAL;

    if (file == NULL)
        return -EBADF;
    switch (command) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
        if (argument <= INT32_MAX)
            result = duplicate(fd, (int)argument, command == F_DUPFD_CLOEXEC);
        break;
    case F_GETFD:
        result = fd_get_cloexec(fd);
        break;
    case F_SETFD:
        result = fd_set_cloexec(fd, argument & FD_CLOEXEC);
        break;
    case F_GETFL:
        result = file->flags;
        break;
    case F_SETFL:
        result = set_status_flags(file, (uint32_t)argument);
        break;
    case F_GETPIPE_SZ:
        result = pipe_get_size(file);
        break;
    case F_SETPIPE_SZ:
        result = pipe_set_size(file, (uint32_t)argument, is_root());
        break;
    default:
        result = -EBADF;
        if (!(file->flags & O_PATH))
            result =
                fcntl_lock(fd, file, command, (struct flock __user *)argument);
    }
    file_put(file);
    return result;
}

static int64_t ioctl_nonblock(struct file *file, int __user *argument)
{
    int on;

    if (get_user(on, argument) != 0)
        return -EFAULT;
    uint32_t flags = file->flags & SETFL_FLAGS & ~(uint32_t)O_NONBLOCK;
    return set_status_flags(file, flags | (on ? O_NONBLOCK : 0));
}

/* How much read() would give at once: of regular files, the rest. */
static int64_t ioctl_bytes_left(struct file *file, int __user *argument)
{
    uint64_t size = file->inode->mapping.size;
    int left = file->offset < size
                   ? (int)MIN(size - file->offset, (uint64_t)INT32_MAX)
                   : 0;

    return put_user(left, argument);
}

int64_t sys_ioctl(int fd, unsigned request, unsigned long argument)
{
    struct file *file = fd_get_usable(fd);
    int64_t result = -ENOTTY;

    if (file == NULL)
        return -EBADF;
    bool regular = file->inode != NULL && S_ISREG(file->inode->mode);
    if (request == FIOCLEX || request == FIONCLEX)
        result = fd_set_cloexec(fd, request == FIOCLEX);
    else if (request == FIONBIO)
        result = ioctl_nonblock(file, (int __user *)argument);
    else if (request == FIONREAD && regular)
        result = ioctl_bytes_left(file, (int __user *)argument);
    else if (file->ops->ioctl != NULL)
        result = file->ops->ioctl(file, request, argument);
    file_put(file);
    return result;
}

/* Everything is in memory: what was written is as safe as it gets. */
int64_t sys_fsync(int fd)
{
    struct file *file = fd_get_usable(fd);

    if (file == NULL)
        return -EBADF;
    uint32_t mode = file->inode != NULL ? file->inode->mode : 0;
    int err = S_ISREG(mode) || S_ISDIR(mode) || S_ISBLK(mode) ? 0 : -EINVAL;
    if (file->ops->fsync != NULL)
        err = file->ops->fsync(file);
    file_put(file);
    return err;
}

int64_t sys_fdatasync(int fd)
{
    return sys_fsync(fd);
}

int64_t sys_sync(void)
{
    block_cache_sync_all();
    return 0;
}
