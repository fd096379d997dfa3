/*
 * syscall/sys_lock.c - flock, and the lock commands of fcntl.
 *
 * Idea:  struct flock counts from the start, the offset or the end of the
 *        file, forwards or backwards; the locks themselves know first and last
 *        byte only.
 * Locks: file->lock for a moment, to read the offset.  Next: fs/file_lock.c.
 */
#include "syscall/sys_lock.h"

#include "abi/errno.h"
#include "abi/unistd.h"
#include "fs/file_lock.h"
#include "proc/process.h"
#include "syscall/path_args.h"
#include "syscall/syscalls.h"
#include "vm/usercopy.h"

int64_t sys_flock(int fd, unsigned operation)
{
    static const short types[] = {
        [LOCK_SH] = F_RDLCK, [LOCK_EX] = F_WRLCK, [LOCK_UN] = F_UNLCK
    };
    unsigned what = operation & ~(unsigned)LOCK_NB;
    struct file *file = fd_get_usable(fd);
    int err = -EINVAL;

    if (!file)
        return -EBADF;
    if (what != LOCK_SH && what != LOCK_EX && what != LOCK_UN)
        err = -EINVAL;
    else if (what != LOCK_UN && !file_may_read(file) && !file_may_write(file))
        err = -EBADF;
    else if (file->inode)
        err = file_lock_whole(file, types[what], process_current()->pid,
                              !(operation & LOCK_NB));
    file_put(file);
    return err;
}

/* Where l_whence counts from, or -EINVAL. */
static int64_t range_base(struct file *file, short whence)
{
    switch (whence) {
    case SEEK_SET:
        return 0;
    case SEEK_CUR:
        return file->ops->seekable ? file_seek(file, 0, SEEK_CUR) : 0;
    case SEEK_END:
        return (int64_t)file->inode->mapping.size;
    default:
        return -EINVAL;
    }
}

/* First and last byte of what `user` means: 0, -EINVAL, -EOVERFLOW. */
static int range_of(struct file *file, const struct flock *user,
                    struct file_lock *lock)
{
    int64_t start = range_base(file, user->l_whence), end = INT64_MAX;

    if (start < 0)
        return -EINVAL;
    if (__builtin_add_overflow(start, user->l_start, &start))
        return -EOVERFLOW;
    if (start < 0)
        return -EINVAL;
    if (user->l_len > 0) {
        if (__builtin_add_overflow(start, user->l_len - 1, &end))
            return -EOVERFLOW;
    } else if (user->l_len < 0) {
        end = start - 1;
        start += user->l_len;
        if (start < 0)
            return -EINVAL;
    }
    lock->start = (uint64_t)start;
    lock->end = (uint64_t)end;
    return 0;
}

/* The request in `user`, for the process or the open file. */
static int request_of(struct file *file, const struct flock *user, bool by_file,
                      struct file_lock *want)
{
    if (user->l_type != F_RDLCK && user->l_type != F_WRLCK &&
        user->l_type != F_UNLCK)
        return -EINVAL;
    if (by_file && user->l_pid != 0)
        return -EINVAL;
    want->type = user->l_type;
    want->owner = by_file ? (void *)file : (void *)fd_current_table();
    want->pid = by_file ? FILE_LOCK_NO_PID : process_current()->pid;
    return range_of(file, user, want);
}

/* What F_GETLK tells of the lock that it found. */
static void describe(const struct file_lock *lock, struct flock *user)
{
    user->l_type = lock->type;
    if (lock->type == F_UNLCK)
        return;
    user->l_whence = SEEK_SET;
    user->l_start = (off_t)lock->start;
    user->l_len =
        lock->end == FILE_LOCK_END ? 0 : (off_t)(lock->end - lock->start + 1);
    user->l_pid = lock->pid;
}

/* Set the lock, and take it back if another thread has closed `fd` meanwhile:
 * nobody else would. */
static int set_lock(int fd, struct file *file, struct file_lock *want,
                    bool wait)
{
    if (want->type == F_RDLCK && !file_may_read(file))
        return -EBADF;
    if (want->type == F_WRLCK && !file_may_write(file))
        return -EBADF;
    int err = file_lock_set(file->inode, want, wait);
    if (err != 0 || want->type == F_UNLCK || want->owner == file)
        return err;
    struct file *now = fd_get(fd);
    if (now != file) {
        file_lock_closed(file, want->owner);
        err = -EBADF;
    }
    if (now)
        file_put(now);
    return err;
}

int64_t fcntl_lock(int fd, struct file *file, unsigned command,
                   struct flock __user *argument)
{
    bool by_file = command >= F_OFD_GETLK && command <= F_OFD_SETLKW;
    bool wait = command == F_SETLKW || command == F_OFD_SETLKW;
    struct file_lock want;
    struct flock user;

    if (!by_file && (command < F_GETLK || command > F_SETLKW))
        return -EINVAL;
    if (file->flags & O_PATH)
        return -EBADF;
    if (!file->inode)
        return -EINVAL;
    if (copy_from_user(&user, argument, sizeof(user)) != 0)
        return -EFAULT;
    int err = request_of(file, &user, by_file, &want);
    if (err != 0)
        return err;
    if (command != F_GETLK && command != F_OFD_GETLK)
        return set_lock(fd, file, &want, wait);
    if (want.type == F_UNLCK)
        return -EINVAL;
    file_lock_test(file->inode, &want);
    describe(&want, &user);
    return copy_to_user(argument, &user, sizeof(user)) == 0 ? 0 : -EFAULT;
}
