/*
 * Files: open flags, offsets, pread and pwrite, O_APPEND, truncation, holes,
 * vectors, dup, and errors.
 *
 * Bad input: rows 33, 111, 32 (in part).
 */
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include "common/badptr.h"
#include "common/child.h"
#include "common/raw.h"

static void check_open(void)
{
    struct stat status;
    int fd;
    CHECK_ERRNO(open("absent", O_RDONLY), ENOENT, "no such file");
    CHECK_ERRNO(open("", O_RDONLY), ENOENT, "no name");
    umask(022);
    CHECK((fd = open("file", O_CREAT | O_EXCL | O_RDWR, 0666)) >= 0, "O_CREAT");
    NEED(fstat(fd, &status) == 0);
    CHECK_EQ(status.st_mode & 07777, 0644, "mode less umask");
    CHECK_EQ(status.st_size, 0, "empty");
    CHECK_EQ(status.st_nlink, 1, "one link");
    CHECK(S_ISREG(status.st_mode), "a regular file");
    CHECK_ERRNO(open("file", O_CREAT | O_EXCL | O_RDWR, 0666), EEXIST,
                "O_EXCL");
    CHECK_EQ(write(fd, "hello world", 11), 11, "write");
    close(fd);
    fd = open("file", O_RDONLY);
    CHECK_ERRNO(write(fd, "x", 1), EBADF, "write to O_RDONLY");
    close(fd);
    fd = open("file", O_WRONLY);
    CHECK_ERRNO(read(fd, &status, 1), EBADF, "read from O_WRONLY");
    close(fd);
    CHECK_ERRNO(open(".", O_WRONLY), EISDIR, "write to a folder");
    CHECK_ERRNO(open("file/x", O_RDONLY), ENOTDIR, "below a file");
    CHECK_ERRNO(open("file", O_RDONLY | O_DIRECTORY), ENOTDIR, "O_DIRECTORY");
    CHECK_ERRNO(open("no/file", O_CREAT | O_RDWR, 0644), ENOENT, "no folder");
    fd = open("file", O_RDWR | O_TRUNC);
    NEED(fstat(fd, &status) == 0);
    CHECK_EQ(status.st_size, 0, "O_TRUNC");
    close(fd);
    CHECK_ERRNO(close(fd), EBADF, "closing twice");
    CHECK_ERRNO(read(-1, &status, 1), EBADF, "read from -1");
    CHECK_ERRNO(read(INT_MAX, &status, 1), EBADF, "read from INT_MAX");
    fd = open(".", O_RDONLY);
    CHECK_ERRNO(read(fd, &status, 1), EISDIR, "read a folder");
    close(fd);
}

static void check_offsets(void)
{
    char bytes[20] = "";
    int fd = open("file", O_RDWR | O_TRUNC);
    NEED(write(fd, "0123456789", 10) == 10);
    CHECK_EQ(lseek(fd, 0, SEEK_CUR), 10, "the offset moves");
    CHECK_EQ(lseek(fd, 2, SEEK_SET), 2, "SEEK_SET");
    CHECK(read(fd, bytes, 3) == 3 && !memcmp(bytes, "234", 3), "read there");
    CHECK_EQ(lseek(fd, -1, SEEK_END), 9, "SEEK_END");
    CHECK_EQ(read(fd, bytes, 10), 1, "short at the end");
    CHECK_EQ(read(fd, bytes, 10), 0, "then 0");
    CHECK_EQ(pread(fd, bytes, 2, 4), 2, "pread");
    CHECK(!memcmp(bytes, "45", 2), "its bytes");
    CHECK_EQ(lseek(fd, 0, SEEK_CUR), 10, "pread leaves the offset");
    CHECK_EQ(pwrite(fd, "AB", 2, 1), 2, "pwrite");
    CHECK_ERRNO(lseek(fd, -1, SEEK_SET), EINVAL, "before the start");
    CHECK_ERRNO(lseek(fd, -11, SEEK_CUR), EINVAL, "before it again");
    CHECK_ERRNO(lseek(fd, 0, 9), EINVAL, "unknown whence");
    CHECK_ERRNO(lseek(fd, LONG_MIN, SEEK_SET), EINVAL, "offset 1 << 63");
    CHECK_ERRNO(pread(fd, bytes, 1, -1), EINVAL, "pread at -1");
    CHECK_ERRNO(pwrite(fd, bytes, 1, LONG_MIN), EINVAL, "pwrite at 1 << 63");
    CHECK_ERRNO(ftruncate(fd, -1), EINVAL, "ftruncate to -1");
    CHECK_EQ(lseek(fd, 50, SEEK_SET), 50, "seek beyond the end");
    CHECK_EQ(read(fd, bytes, 1), 0, "nothing there");
    CHECK_EQ(write(fd, "Z", 1), 1, "write there");
    memset(bytes, 'x', sizeof(bytes));
    CHECK_EQ(pread(fd, bytes, 15, 8), 15, "read over the hole");
    CHECK(!memcmp(bytes, "89\0\0\0\0\0\0\0\0\0\0\0\0\0", 15), "zeros");
    CHECK_EQ(lseek(fd, 0, SEEK_END), 51, "the size");
    CHECK_EQ(ftruncate(fd, 5), 0, "shrink");
    CHECK_EQ(ftruncate(fd, 12), 0, "grow");
    CHECK_EQ(pread(fd, bytes, 20, 0), 12, "the new size");
    CHECK(!memcmp(bytes, "0AB34\0\0\0\0\0\0\0", 12), "zeros after the cut");
    CHECK_EQ(truncate("file", 3), 0, "truncate");
    CHECK_EQ(lseek(fd, 0, SEEK_END), 3, "the size");
    CHECK_ERRNO(truncate("absent", 3), ENOENT, "truncate: no such file");
    CHECK_ERRNO(truncate(".", 3), EISDIR, "truncate a folder");
    close(fd);
}

static void check_append(void)
{
    char bytes[10] = "";
    int fd = open("file", O_RDWR | O_TRUNC | O_APPEND);
    NEED(write(fd, "one", 3) == 3);
    NEED(lseek(fd, 0, SEEK_SET) == 0);
    CHECK_EQ(write(fd, "two", 3), 3, "O_APPEND");
    CHECK_EQ(lseek(fd, 0, SEEK_CUR), 6, "writes at the end");
    CHECK_EQ(fcntl(fd, F_GETFL) & (O_APPEND | O_ACCMODE), O_APPEND | O_RDWR,
             "F_GETFL");
    CHECK_EQ(fcntl(fd, F_SETFL, 0), 0, "F_SETFL");
    NEED(lseek(fd, 0, SEEK_SET) == 0);
    NEED(write(fd, "ONE", 3) == 3);
    CHECK(pread(fd, bytes, 6, 0) == 6 && !memcmp(bytes, "ONEtwo", 6),
          "without O_APPEND at the offset");
    close(fd);
}

/* Row 33 */
static void check_vectors(void)
{
    char a[3] = "", b[10] = "";
    struct iovec parts[3] = { { a, 3 }, { NULL, 0 }, { b, 5 } };
    struct iovec bad[2] = { { a, 3 }, { (void *)0xffffffff80000000, 5 } };
    struct iovec wide[2] = { { a, LONG_MAX }, { b, LONG_MAX } };
    volatile int minus_one = -1, too_many = 1025, most = INT_MAX;
    int fd = open("file", O_RDWR | O_TRUNC);
    NEED(write(fd, "abcdefgh", 8) == 8 && lseek(fd, 0, SEEK_SET) == 0);
    CHECK_EQ(readv(fd, parts, 3), 8, "readv");
    CHECK(!memcmp(a, "abc", 3) && !memcmp(b, "defgh", 5), "its parts");
    CHECK_EQ(writev(fd, parts, 3), 8, "writev");
    CHECK_EQ(lseek(fd, 0, SEEK_END), 16, "appended");
    CHECK_EQ(readv(fd, parts, 0), 0, "no parts");
    CHECK_ERRNO(readv(fd, parts, minus_one), EINVAL, "-1 parts");
    CHECK_ERRNO(readv(fd, parts, too_many), EINVAL, "1025 parts");
    CHECK_ERRNO(writev(fd, parts, most), EINVAL, "INT_MAX parts");
    wide[0].iov_len = (size_t)-1;
    CHECK_ERRNO(writev(fd, wide, 2), EINVAL, "a length over SSIZE_MAX");
    NEED(lseek(fd, 0, SEEK_SET) == 0);
    ssize_t got = readv(fd, bad, 2);
    CHECK(got == 3 || (got == -1 && errno == EFAULT),
          "good, then bad base: part or EFAULT (%zd)", got);
    for (size_t i = 0; i < badptr_count(); i++) {
        CHECK_ERRNO(writev(fd, badptr(i), 1), EFAULT, "vector at %s",
                    badptr_name(i));
    }
    close(fd);
}

static void check_dup(void)
{
    int fd = open("file", O_RDWR | O_TRUNC), other;
    char byte;
    NEED(write(fd, "abc", 3) == 3 && lseek(fd, 0, SEEK_SET) == 0);
    CHECK((other = dup(fd)) > fd, "dup gives the lowest free number");
    CHECK(read(other, &byte, 1) == 1 && byte == 'a', "it reads");
    CHECK(read(fd, &byte, 1) == 1 && byte == 'b', "one offset");
    CHECK_EQ(dup2(fd, 30), 30, "dup2");
    CHECK_EQ(dup2(fd, fd), fd, "dup2 onto itself");
    CHECK_ERRNO(dup3(fd, fd, 0), EINVAL, "dup3 onto itself");
    CHECK_ERRNO(dup3(fd, 31, 1), EINVAL, "dup3: unknown flag");
    CHECK_ERRNO(dup2(fd, -1), EBADF, "dup2 to -1");
    CHECK_ERRNO(dup2(fd, INT_MAX), EBADF, "dup2 to INT_MAX");
    CHECK_ERRNO(dup2(99, 30), EBADF, "dup2 of nothing");
    CHECK_EQ(fcntl(30, F_GETFD), 0, "and leaves 30 open");
    CHECK_EQ(dup3(fd, 30, O_CLOEXEC), 30, "dup3");
    CHECK_EQ(fcntl(30, F_GETFD), FD_CLOEXEC, "O_CLOEXEC");
    CHECK_EQ(fcntl(30, F_SETFD, 0), 0, "F_SETFD");
    CHECK_EQ(fcntl(30, F_GETFD), 0, "cleared");
    CHECK_EQ(fcntl(fd, F_DUPFD, 40), 40, "F_DUPFD");
    CHECK_EQ(fcntl(fd, F_DUPFD, 40), 41, "F_DUPFD again");
    CHECK_EQ(fcntl(fd, F_DUPFD_CLOEXEC, 40), 42, "F_DUPFD_CLOEXEC");
    CHECK_EQ(fcntl(42, F_GETFD), FD_CLOEXEC, "its flag");
    CHECK_ERRNO(fcntl(fd, F_DUPFD, -1), EINVAL, "F_DUPFD to -1");
    CHECK_ERRNO(fcntl(fd, 9999), EINVAL, "unknown command");
    CHECK_ERRNO(fcntl(99, F_GETFD), EBADF, "fcntl of nothing");
    for (int i = 30; i < 43; i++) {
        close(i);
    }
    close(other);
    close(fd);
}

static void check_stat(void)
{
    struct stat a, b;
    int fd = open("file", O_RDWR | O_TRUNC);
    NEED(write(fd, "12345", 5) == 5);
    NEED(fstat(fd, &a) == 0 && stat("file", &b) == 0);
    CHECK(a.st_ino == b.st_ino && a.st_dev == b.st_dev && a.st_ino != 0,
          "fstat and stat: the same inode");
    CHECK_EQ(a.st_size, 5, "size");
    CHECK(a.st_blksize > 0, "block size");
    CHECK(a.st_mtime > 0, "time");
    CHECK_EQ(a.st_uid, getuid(), "owner");
    CHECK_EQ(fstatat(fd, "", &b, AT_EMPTY_PATH), 0, "AT_EMPTY_PATH");
    CHECK_EQ(b.st_ino, a.st_ino, "its inode");
    CHECK_ERRNO(fstatat(99, "x", &b, 0), EBADF, "fstatat: bad folder");
    CHECK_ERRNO(fstatat(fd, "x", &b, 0), ENOTDIR, "fstatat: not a folder");
    CHECK_EQ(chmod("file", 0600), 0, "chmod");
    NEED(stat("file", &b) == 0);
    CHECK_EQ(b.st_mode & 07777, 0600, "the mode");
    CHECK_EQ(access("file", R_OK | W_OK), 0, "access");
    CHECK_ERRNO(access("absent", F_OK), ENOENT, "access: no such file");
    NEED(stat("/dev/null", &b) == 0);
    CHECK(S_ISCHR(b.st_mode), "/dev/null is a character device");
    close(fd);
}

int main(void)
{
    check_start();
    check_enter_scratch();
    check_open();
    check_offsets();
    check_append();
    check_vectors();
    check_dup();
    check_stat();
    return check_done();
}
