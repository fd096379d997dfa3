/*
 * lib/c/files.c - system calls on files, descriptors and directories.  Each
 * function is the call of its name; what it does is in POSIX.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>
#include <utime.h>

#include "cancel.h"

/* Without O_CREAT and O_TMPFILE there is no third argument; what is read
 * instead is not used. */
int open(const char *path, int flags, ...)
{
    va_list args;

    va_start(args, flags);
    mode_t mode = va_arg(args, mode_t);

    va_end(args);
    return (int)CALL(open, path, flags, mode);
}

int openat(int dir_fd, const char *path, int flags, ...)
{
    va_list args;

    va_start(args, flags);
    mode_t mode = va_arg(args, mode_t);

    va_end(args);
    return (int)CALL(openat, dir_fd, path, flags, mode);
}

int creat(const char *path, mode_t mode)
{
    return (int)CALL(creat, path, mode);
}

int fcntl(int fd, int command, ...)
{
    va_list args;

    va_start(args, command);
    unsigned long argument = va_arg(args, unsigned long);

    va_end(args);
    if (command == F_SETLKW)
        return (int)CANCEL_CALL(fcntl, fd, command, argument);
    return (int)CALL(fcntl, fd, command, argument);
}

int ioctl(int fd, unsigned long request, ...)
{
    va_list args;

    va_start(args, request);
    unsigned long argument = va_arg(args, unsigned long);

    va_end(args);
    return (int)CALL(ioctl, fd, request, argument);
}

int posix_fadvise(int fd, off_t offset, off_t length, int advice)
{
    return 0; /* advice may be ignored */
}

int close(int fd)
{
    return (int)CALL(close, fd);
}

ssize_t read(int fd, void *buf, size_t count)
{
    return CANCEL_CALL(read, fd, buf, count);
}

ssize_t write(int fd, const void *buf, size_t count)
{
    return CANCEL_CALL(write, fd, buf, count);
}

ssize_t pread(int fd, void *buf, size_t count, off_t offset)
{
    return CANCEL_CALL(pread64, fd, buf, count, offset);
}

ssize_t pwrite(int fd, const void *buf, size_t count, off_t offset)
{
    return CANCEL_CALL(pwrite64, fd, buf, count, offset);
}

ssize_t readv(int fd, const struct iovec *vec, int count)
{
    return CANCEL_CALL(readv, fd, vec, count);
}

ssize_t writev(int fd, const struct iovec *vec, int count)
{
    return CANCEL_CALL(writev, fd, vec, count);
}

ssize_t preadv(int fd, const struct iovec *vec, int count, off_t offset)
{
    return CANCEL_CALL(preadv, fd, vec, count, offset, 0);
}

ssize_t pwritev(int fd, const struct iovec *vec, int count, off_t offset)
{
    return CANCEL_CALL(pwritev, fd, vec, count, offset, 0);
}

ssize_t sendfile(int out_fd, int in_fd, off_t *offset, size_t count)
{
    return CALL(sendfile, out_fd, in_fd, offset, count);
}

off_t lseek(int fd, off_t offset, int whence)
{
    return CALL(lseek, fd, offset, whence);
}

int dup(int fd)
{
    return (int)CALL(dup, fd);
}

int dup2(int fd, int new_fd)
{
    return (int)CALL(dup2, fd, new_fd);
}

int dup3(int fd, int new_fd, int flags)
{
    return (int)CALL(dup3, fd, new_fd, flags);
}

int pipe(int fds[2])
{
    return (int)CALL(pipe, fds);
}

int pipe2(int fds[2], int flags)
{
    return (int)CALL(pipe2, fds, flags);
}

int truncate(const char *path, off_t length)
{
    return (int)CALL(truncate, path, length);
}

int ftruncate(int fd, off_t length)
{
    return (int)CALL(ftruncate, fd, length);
}

int fsync(int fd)
{
    return (int)CALL(fsync, fd);
}

int fdatasync(int fd)
{
    return (int)CALL(fdatasync, fd);
}

void sync(void)
{
    RAW_CALL(sync);
}

int stat(const char *path, struct stat *out)
{
    return (int)CALL(stat, path, out);
}

int fstat(int fd, struct stat *out)
{
    return (int)CALL(fstat, fd, out);
}

int lstat(const char *path, struct stat *out)
{
    return (int)CALL(lstat, path, out);
}

int fstatat(int dir_fd, const char *path, struct stat *out, int flags)
{
    return (int)CALL(newfstatat, dir_fd, path, out, flags);
}

int statfs(const char *path, struct statfs *out)
{
    return (int)CALL(statfs, path, out);
}

int fstatfs(int fd, struct statfs *out)
{
    return (int)CALL(fstatfs, fd, out);
}

int access(const char *path, int mode)
{
    return (int)CALL(access, path, mode);
}

int faccessat(int dir_fd, const char *path, int mode, int flags)
{
    if (flags == 0)
        return (int)CALL(faccessat, dir_fd, path, mode);
    return (int)CALL(faccessat2, dir_fd, path, mode, flags);
}

int eaccess(const char *path, int mode)
{
    return faccessat(AT_FDCWD, path, mode, AT_EACCESS);
}

int chmod(const char *path, mode_t mode)
{
    return (int)CALL(chmod, path, mode);
}

int fchmod(int fd, mode_t mode)
{
    return (int)CALL(fchmod, fd, mode);
}

int fchmodat(int dir_fd, const char *path, mode_t mode, int flags)
{
    if (flags != 0) {
        errno = ENOTSUP;
        return -1;
    }
    return (int)CALL(fchmodat, dir_fd, path, mode);
}

int chown(const char *path, uid_t uid, gid_t gid)
{
    return (int)CALL(chown, path, uid, gid);
}

int fchown(int fd, uid_t uid, gid_t gid)
{
    return (int)CALL(fchown, fd, uid, gid);
}

int lchown(const char *path, uid_t uid, gid_t gid)
{
    return (int)CALL(lchown, path, uid, gid);
}

int fchownat(int dir_fd, const char *path, uid_t uid, gid_t gid, int flags)
{
    return (int)CALL(fchownat, dir_fd, path, uid, gid, flags);
}

mode_t umask(mode_t mask)
{
    return (mode_t)RAW_CALL(umask, mask);
}

int utimensat(int dir_fd, const char *path, const struct timespec times[2],
              int flags)
{
    return (int)CALL(utimensat, dir_fd, path, times, flags);
}

int futimens(int fd, const struct timespec times[2])
{
    return (int)CALL(utimensat, fd, NULL, times, 0);
}

int utimes(const char *path, const struct timeval times[2])
{
    struct timespec precise[2];

    for (int i = 0; times != NULL && i < 2; i++) {
        precise[i].tv_sec = times[i].tv_sec;
        precise[i].tv_nsec = times[i].tv_usec * 1000;
    }
    return utimensat(AT_FDCWD, path, times != NULL ? precise : NULL, 0);
}

int utime(const char *path, const struct utimbuf *times)
{
    struct timeval both[2] = { { 0 } };

    if (times == NULL)
        return utimes(path, NULL);
    both[0].tv_sec = times->actime;
    both[1].tv_sec = times->modtime;
    return utimes(path, both);
}
