/*
 * syscall/sys_stat.c - asking for and changing what an inode says of itself:
 * stat, access, readlink, mode, owner, times, size.
 *
 * Locks:  inode->lock for each change.  Next: fs/vfs.c.
 */
#include "abi/errno.h"
#include "abi/limits.h"
#include "abi/unistd.h"
#include "base/string.h"
#include "fs/names.h"
#include "fs/open.h"
#include "fs/page_file.h"
#include "mem/frame.h"
#include "mem/slab.h"
#include "proc/process.h"
#include "proc/signal.h"
#include "syscall/path_args.h"
#include "syscall/syscalls.h"
#include "vm/usercopy.h"
#include "x86/clock.h"

/* The inode of `file`, whose reference is taken over (NULL: bad descriptor). */
static int inode_of_file(struct file *file, struct inode **out)
{
    int err = -EBADF;

    if (file == NULL)
        return err;
    if (file->inode != NULL) {
        *out = inode_get(file->inode);
        err = 0;
    }
    file_put(file);
    return err;
}

/* The inode of an open file, with a reference; O_PATH files count. */
static int inode_of_fd(int fd, struct inode **out)
{
    return inode_of_file(fd_get(fd), out);
}

/* The same, but not of O_PATH files. */
static int inode_of_usable_fd(int fd, struct inode **out)
{
    return inode_of_file(fd_get_usable(fd), out);
}

/* WALK_* for the AT_* flags that every ...at() call may have. */
static int walk_flags(int flags)
{
    return (flags & AT_SYMLINK_NOFOLLOW ? WALK_NOFOLLOW : 0) |
           (flags & AT_EMPTY_PATH ? WALK_EMPTY_PATH : 0);
}

/* ---- stat -------------------------------------------------------------- */

/* Give stat's answer for `inode`, whose reference is taken over. */
static int64_t answer_stat(struct inode *inode, struct stat __user *out)
{
    struct stat st;

    inode_fill_stat(inode, &st);
    inode_put(inode);
    return copy_to_user(out, &st, sizeof(st));
}

int64_t sys_newfstatat(int dir_fd, const char __user *path,
                       struct stat __user *out, int flags)
{
    enum { STATX_SYNC_TYPE = 0x6000 }; /* no meaning without a network */
    struct inode *inode;

    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH |
                  STATX_SYNC_TYPE))
        return -EINVAL;
    int err = path_arg_lookup(dir_fd, path, walk_flags(flags), &inode);
    return err != 0 ? err : answer_stat(inode, out);
}

int64_t sys_stat(const char __user *path, struct stat __user *out)
{
    return sys_newfstatat(AT_FDCWD, path, out, 0);
}

int64_t sys_lstat(const char __user *path, struct stat __user *out)
{
    return sys_newfstatat(AT_FDCWD, path, out, AT_SYMLINK_NOFOLLOW);
}

int64_t sys_fstat(int fd, struct stat __user *out)
{
    struct inode *inode;
    int err = inode_of_fd(fd, &inode);

    return err != 0 ? err : answer_stat(inode, out);
}

/* ---- statfs ------------------------------------------------------------ */

static int64_t answer_statfs(struct inode *inode, struct statfs __user *out)
{
    struct statfs st;

    memset(&st, 0, sizeof(st));
    st.f_type = inode->magic;
    st.f_bsize = st.f_frsize = PAGE_SIZE;
    st.f_namelen = NAME_MAX;
    st.f_fsid.val[0] = (int)inode->dev;
    if (inode->magic == TMPFS_MAGIC) {
        uint64_t used = frame_count(FRAME_MAPPING);
        st.f_blocks = vfs_page_limit;
        st.f_bfree = used < vfs_page_limit ? vfs_page_limit - used : 0;
        st.f_bavail = st.f_bfree;
    }
    inode_put(inode);
    return copy_to_user(out, &st, sizeof(st));
}

int64_t sys_statfs(const char __user *path, struct statfs __user *out)
{
    struct inode *inode;
    int err = path_arg_lookup(AT_FDCWD, path, 0, &inode);

    return err != 0 ? err : answer_statfs(inode, out);
}

int64_t sys_fstatfs(int fd, struct statfs __user *out)
{
    struct inode *inode;
    int err = inode_of_fd(fd, &inode);

    return err != 0 ? err : answer_statfs(inode, out);
}

/* ---- access and readlink ----------------------------------------------- */

int64_t sys_faccessat2(int dir_fd, const char __user *path, int mode, int flags)
{
    struct inode *inode;

    if ((mode & ~(R_OK | W_OK | X_OK)) ||
        (flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)))
        return -EINVAL;
    int err = path_arg_lookup(dir_fd, path, walk_flags(flags), &inode);
    if (err != 0)
        return err;
    const struct credentials *who = &process_current()->credentials;
    if (flags & AT_EACCESS)
        err = inode_permission(inode, mode);
    else /* what the real user may do, not the program's rights */
        err = inode_permission_as(inode, mode, who->uid, who->gid);
    inode_put(inode);
    return err;
}

int64_t sys_faccessat(int dir_fd, const char __user *path, int mode)
{
    return sys_faccessat2(dir_fd, path, mode, 0);
}

int64_t sys_access(const char __user *path, int mode)
{
    return sys_faccessat2(AT_FDCWD, path, mode, 0);
}

static int64_t read_link(struct inode *inode, char __user *buf, size_t size)
{
    char *text = kmalloc(PATH_MAX);

    if (text == NULL)
        return -ENOMEM;
    int64_t length = inode->ops->readlink(inode, text, PATH_MAX);
    if (length >= 0) {
        length = MIN(length, (int64_t)size);
        if (copy_to_user(buf, text, (size_t)length) != 0)
            length = -EFAULT;
    }
    kfree(text);
    return length;
}

int64_t sys_readlinkat(int dir_fd, const char __user *path, char __user *buf,
                       size_t size)
{
    struct path_arg arg;
    struct inode *inode;

    if ((int)size <= 0)
        return -EINVAL;
    /* An empty path means the link that was opened with O_PATH. */
    int err = path_arg_get(&arg, dir_fd, path, PATH_MAY_BE_EMPTY);
    if (err != 0)
        return err;
    int64_t result = *arg.path == '\0' ? -ENOENT : -EINVAL;
    err = vfs_lookup(arg.start, arg.path, WALK_NOFOLLOW | WALK_EMPTY_PATH,
                     &inode);
    path_arg_put(&arg);
    if (err != 0)
        return err;
    if (S_ISLNK(inode->mode) && inode->ops->readlink != NULL)
        result = read_link(inode, buf, (size_t)(int)size);
    inode_put(inode);
    return result;
}

int64_t sys_readlink(const char __user *path, char __user *buf, size_t size)
{
    return sys_readlinkat(AT_FDCWD, path, buf, size);
}

/* ---- mode and owner ---------------------------------------------------- */

int64_t sys_umask(mode_t mask)
{
    return __atomic_exchange_n(&vfs_current_context()->umask, mask & 0777,
                               __ATOMIC_RELAXED);
}

/* Takes over the reference.  Nobody can give a file the rights of a group that
 * he is not in. */
static int64_t change_mode(struct inode *inode, mode_t mode)
{
    int err = inode_check_owner(inode);

    if (err == 0) {
        rwlock_write_lock(&inode->lock);
        if (!vfs_in_group(inode->gid))
            mode &= ~(mode_t)S_ISGID;
        inode->mode = (inode->mode & S_IFMT) | (mode & 07777);
        inode->ctime = vfs_now();
        rwlock_write_unlock(&inode->lock);
    }
    inode_put(inode);
    return err;
}

int64_t sys_fchmodat(int dir_fd, const char __user *path, mode_t mode)
{
    struct inode *inode;
    int err = path_arg_lookup(dir_fd, path, 0, &inode);

    return err != 0 ? err : change_mode(inode, mode);
}

int64_t sys_chmod(const char __user *path, mode_t mode)
{
    return sys_fchmodat(AT_FDCWD, path, mode);
}

int64_t sys_fchmod(int fd, mode_t mode)
{
    struct inode *inode;
    int err = inode_of_usable_fd(fd, &inode);

    return err != 0 ? err : change_mode(inode, mode);
}

/* Root may do all; an owner may only give the file to one of its groups; what
 * is not to be changed needs no right. */
static int check_chown(const struct inode *inode, uid_t uid, gid_t gid)
{
    uint32_t my_uid, my_gid;

    vfs_current_ids(&my_uid, &my_gid);
    bool owns = my_uid == inode->uid;
    bool owner_ok = uid == (uid_t)-1 || (owns && uid == inode->uid);
    bool group_ok =
        gid == (gid_t)-1 || (owns && (gid == inode->gid || gid == my_gid));
    return my_uid == 0 || (owner_ok && group_ok) ? 0 : -EPERM;
}

/* Takes over the reference. */
static int64_t change_owner(struct inode *inode, uid_t uid, gid_t gid)
{
    int err = check_chown(inode, uid, gid);

    if (err == 0) {
        rwlock_write_lock(&inode->lock);
        if (uid != (uid_t)-1)
            inode->uid = uid;
        if (gid != (gid_t)-1)
            inode->gid = gid;
        if (!S_ISDIR(inode->mode)) /* its rights were the old owner's */
            inode->mode &= ~(uint32_t)(S_ISUID | S_ISGID);
        inode->ctime = vfs_now();
        rwlock_write_unlock(&inode->lock);
    }
    inode_put(inode);
    return err;
}

int64_t sys_fchownat(int dir_fd, const char __user *path, uid_t uid, gid_t gid,
                     int flags)
{
    struct inode *inode;

    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    int err = path_arg_lookup(dir_fd, path, walk_flags(flags), &inode);
    return err != 0 ? err : change_owner(inode, uid, gid);
}

int64_t sys_chown(const char __user *path, uid_t uid, gid_t gid)
{
    return sys_fchownat(AT_FDCWD, path, uid, gid, 0);
}

int64_t sys_lchown(const char __user *path, uid_t uid, gid_t gid)
{
    return sys_fchownat(AT_FDCWD, path, uid, gid, AT_SYMLINK_NOFOLLOW);
}

int64_t sys_fchown(int fd, uid_t uid, gid_t gid)
{
    struct inode *inode;
    int err = inode_of_usable_fd(fd, &inode);

    return err != 0 ? err : change_owner(inode, uid, gid);
}

/* ---- times ------------------------------------------------------------- */

static bool time_is_valid(const struct timespec *time)
{
    return time->tv_nsec == UTIME_NOW || time->tv_nsec == UTIME_OMIT ||
           (time->tv_nsec >= 0 && time->tv_nsec < (long)NSEC_PER_SEC);
}

static void set_time(struct timespec *time, const struct timespec *wanted)
{
    if (wanted->tv_nsec == UTIME_NOW)
        *time = vfs_now();
    else if (wanted->tv_nsec != UTIME_OMIT)
        *time = *wanted;
}

/* "Now" is allowed to whoever may write; other times to the owner. */
static int set_times(struct inode *inode, const struct timespec times[2])
{
    bool now = times[0].tv_nsec == UTIME_NOW && times[1].tv_nsec == UTIME_NOW;
    int err = inode_check_owner(inode);

    if (err != 0 && now)
        err = inode_permission(inode, MAY_WRITE);
    if (err != 0)
        return err;
    rwlock_write_lock(&inode->lock);
    set_time(&inode->atime, &times[0]);
    set_time(&inode->mtime, &times[1]);
    inode->ctime = vfs_now();
    rwlock_write_unlock(&inode->lock);
    return 0;
}

int64_t sys_utimensat(int dir_fd, const char __user *path,
                      const struct timespec __user *user_times, int flags)
{
    struct timespec times[2] = { { .tv_nsec = UTIME_NOW },
                                 { .tv_nsec = UTIME_NOW } };
    struct inode *inode;
    int err;

    if (user_times != NULL &&
        copy_from_user(times, user_times, sizeof(times)) != 0)
        return -EFAULT;
    if (times[0].tv_nsec == UTIME_OMIT && times[1].tv_nsec == UTIME_OMIT)
        return 0;
    if (!time_is_valid(&times[0]) || !time_is_valid(&times[1]) ||
        (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)))
        return -EINVAL;
    if (path == NULL && dir_fd != AT_FDCWD)
        err = flags != 0 ? -EINVAL : inode_of_usable_fd(dir_fd, &inode);
    else
        err = path_arg_lookup(dir_fd, path, walk_flags(flags), &inode);
    if (err != 0)
        return err;
    err = set_times(inode, times);
    inode_put(inode);
    return err;
}

/* ---- size -------------------------------------------------------------- */

static int set_size(struct inode *inode, off_t length)
{
    uint64_t limit = process_current()->limits[RLIMIT_FSIZE].rlim_cur;

    if (inode->fops != &page_file_ops)
        return -EINVAL;
    if ((uint64_t)length > limit && (uint64_t)length > inode->mapping.size) {
        signal_send_process(process_current(), SIGXFSZ, NULL);
        return -EFBIG;
    }
    return page_file_truncate(inode, (uint64_t)length);
}

static int truncate_inode(struct inode *inode, off_t length)
{
    if (S_ISDIR(inode->mode))
        return -EISDIR;
    if (!S_ISREG(inode->mode))
        return -EINVAL;
    int err = inode_permission(inode, MAY_WRITE);
    if (err == 0)
        err = inode_begin_write(inode);
    if (err != 0)
        return err;
    err = set_size(inode, length);
    inode_end_write(inode);
    return err;
}

int64_t sys_truncate(const char __user *path, off_t length)
{
    struct inode *inode;

    if (length < 0)
        return -EINVAL;
    int err = path_arg_lookup(AT_FDCWD, path, 0, &inode);
    if (err != 0)
        return err;
    err = truncate_inode(inode, length);
    inode_put(inode);
    return err;
}

int64_t sys_ftruncate(int fd, off_t length)
{
    if (length < 0)
        return -EINVAL;
    struct file *file = fd_get_usable(fd);
    if (file == NULL)
        return -EBADF;
    int err = -EINVAL;
    if (file->inode != NULL && S_ISREG(file->inode->mode) &&
        file_may_write(file))
        err = set_size(file->inode, length);
    file_put(file);
    return err;
}
