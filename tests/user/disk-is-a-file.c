/*
 * read, write, lseek, mmap and fsync of a disk, which does what a regular file
 * of the same contents does; only its size never changes.
 *
 * Without an argument the file is a regular one, for Linux to be the judge.
 * tests/test_disk.py runs it with /dev/vda, whose sectors begin with their
 * numbers, looks at the image afterwards, and gives the word "errors" for a
 * disk that is to fail on purpose.
 */
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>
#include "common/child.h"

enum { SECTOR = 512, SIZE = 1 << 20, LONG = 70000 };
/* Where what is written: test_disk.py knows these too. */
enum {
    AT_SMALL = 5096,
    AT_LONG = 131067,
    AT_SHARED = 512 * 1024 + 300,
    AT_PRIVATE = 600 * 1024,
    AT_CLOSED = 700 * 1024 + 1,
};

static char buffer[LONG], expected[LONG];
static char *volatile nowhere = (char *)8;

static void make_file(const char *path)
{
    char *bytes = calloc(1, SIZE);
    NEED(bytes != NULL);
    for (uint64_t i = 0; i < SIZE / SECTOR; i++)
        memcpy(bytes + i * SECTOR, &i, sizeof(i));
    NEED(check_write_file(path, bytes, SIZE) == 0);
    free(bytes);
}

static void check_read(int fd)
{
    uint64_t number;
    bool good = true;

    for (uint64_t i = 0; i < SIZE / SECTOR; i++)
        good = good && pread(fd, &number, 8, (off_t)i * SECTOR) == 8 &&
               number == i;
    CHECK(good, "each sector by itself");
    CHECK_EQ(lseek(fd, 100 * SECTOR, SEEK_SET), 100 * SECTOR, "lseek");
    CHECK_EQ(read(fd, buffer, LONG), LONG, "many sectors");
    number = 0;
    memcpy(&number, buffer + 3 * SECTOR, 8);
    CHECK_EQ(number, 103, "... in their order");
    CHECK_EQ(lseek(fd, 0, SEEK_CUR), 100 * SECTOR + LONG, "offset behind them");
}

static void check_write(int fd)
{
    memset(expected, 0xa5, 100);
    CHECK_EQ(pwrite(fd, expected, 100, AT_SMALL), 100, "part of a sector");
    CHECK_EQ(pread(fd, buffer, 100, AT_SMALL), 100, "... read back");
    CHECK(memcmp(buffer, expected, 100) == 0, "... the same");
    for (unsigned i = 0; i < LONG; i++)
        expected[i] = (char)(i * 7 + i / 256);
    struct iovec parts[] = { { expected, 1000 },
                             { expected + 1000, LONG - 1000 } };
    CHECK_EQ(pwritev(fd, parts, 2, AT_LONG), LONG, "many pages in two parts");
    CHECK_EQ(pread(fd, buffer, LONG, AT_LONG), LONG, "... read back");
    CHECK(memcmp(buffer, expected, LONG) == 0, "... the same");
    CHECK_ERRNO(pwrite(fd, nowhere, 4096, AT_LONG), EFAULT, "bad address");
    CHECK_EQ(fsync(fd), 0, "fsync");
    CHECK_EQ(fdatasync(fd), 0, "fdatasync");
}

static char *map(int fd, int flags, off_t at)
{
    char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, flags, fd,
                   at & ~(off_t)(PAGE - 1));
    NEED(p != MAP_FAILED);
    return p;
}

static void check_mmap(int fd)
{
    char *p = map(fd, MAP_SHARED, AT_SHARED);
    memcpy(p + AT_SHARED % PAGE, "shared store", 12);
    CHECK_EQ(pread(fd, buffer, 12, AT_SHARED), 12, "read what was stored");
    CHECK(memcmp(buffer, "shared store", 12) == 0, "... the same");
    CHECK_EQ(msync(p, 2 * PAGE, MS_SYNC), 0, "msync");
    CHECK_EQ(munmap(p, 2 * PAGE), 0, "munmap");
    p = map(fd, MAP_PRIVATE, AT_PRIVATE);
    memcpy(p + AT_PRIVATE % PAGE, "private store", 13);
    CHECK_EQ(pread(fd, buffer, 13, AT_PRIVATE), 13, "private stores ...");
    CHECK(memcmp(buffer, "private store", 13) != 0, "... stay private");
    /* From a mapping of the file into the file. */
    CHECK_EQ(pwrite(fd, p + AT_PRIVATE % PAGE + 8, 5, AT_PRIVATE + 5000), 5,
             "write from a mapping");
    CHECK_EQ(munmap(p, 2 * PAGE), 0, "munmap");
}

/* A store after the close must not be lost either. */
static void check_closed(const char *path)
{
    int fd = open(path, O_RDWR);
    NEED(fd >= 0);
    char *p = map(fd, MAP_SHARED, AT_CLOSED);
    NEED(close(fd) == 0);
    memcpy(p + AT_CLOSED % PAGE, "after close", 11);
    CHECK_EQ(munmap(p, 2 * PAGE), 0, "munmap after close");
    NEED((fd = open(path, O_RDONLY)) >= 0);
    CHECK_EQ(pread(fd, buffer, 11, AT_CLOSED), 11, "stored after close ...");
    CHECK(memcmp(buffer, "after close", 11) == 0, "... and not lost");
    CHECK_ERRNO(write(fd, "x", 1), EBADF, "open for reading only");
    CHECK_EQ(close(fd), 0, "close");
}

static void check_end(int fd, const struct stat *st)
{
    off_t end = lseek(fd, 0, SEEK_END);
    uint64_t bytes = 0;
    long sectors = 0;
    int value = -1;

    CHECK_EQ(end % SECTOR, 0, "whole sectors");
    CHECK_EQ(read(fd, buffer, 1), 0, "end of file");
    if (!S_ISBLK(st->st_mode)) {
        CHECK_ERRNO(ioctl(fd, BLKGETSIZE64, &bytes), ENOTTY, "no disk");
        return;
    }
    CHECK_EQ(st->st_size, 0, "st_size of a disk");
    CHECK_EQ(major(st->st_rdev), 254, "its major number");
    CHECK_ERRNO(pwrite(fd, "x", 1, end), ENOSPC, "write at the end");
    CHECK_EQ(pwrite(fd, expected, LONG, end - 1000), 1000, "write over it");
    CHECK_EQ(pread(fd, buffer, LONG, end - 1000), 1000, "read over it");
    CHECK(memcmp(buffer, expected, 1000) == 0, "... the same");
    CHECK_EQ(ioctl(fd, BLKGETSIZE64, &bytes), 0, "BLKGETSIZE64");
    CHECK_EQ(bytes, end, "... is its size");
    CHECK_EQ(ioctl(fd, BLKGETSIZE, &sectors), 0, "BLKGETSIZE");
    CHECK_EQ(sectors * SECTOR, end, "... is its size in sectors");
    CHECK_EQ(ioctl(fd, BLKSSZGET, &value), 0, "BLKSSZGET");
    CHECK_EQ(value, SECTOR, "... is a sector");
    CHECK_EQ(ioctl(fd, BLKROGET, &value), 0, "BLKROGET");
    CHECK_EQ(value, 0, "... is no");
    CHECK_EQ(ioctl(fd, BLKFLSBUF, 0), 0, "BLKFLSBUF");
    CHECK_ERRNO(ioctl(fd, 0x12ff, 0), ENOTTY, "unknown ioctl");
    CHECK_ERRNO(ftruncate(fd, 0), EINVAL, "ftruncate");
    CHECK_ERRNO(open("/dev/vda", O_RDWR | O_DIRECT), EINVAL, "O_DIRECT");
}

/* ---- disks that fail on purpose ------------------------------------------ */

static void order(const char *text)
{
    int fd = open("/proc/sys/dev/disk/fail", O_WRONLY);
    NEED(fd >= 0);
    CHECK_EQ(write(fd, text, strlen(text)), strlen(text), "%s", text);
    close(fd);
}

static int touch_page(void *page)
{
    return *(volatile char *)page;
}

static void check_errors(int fd)
{
    order("vda read all sector 80 sectors 8");
    CHECK_ERRNO(pread(fd, buffer, 1, 80 * SECTOR), EIO, "read of it");
    CHECK_EQ(pread(fd, buffer, LONG, 0), 80 * SECTOR, "read up to it");
    CHECK_EQ(pread(fd, buffer, 100, 88 * SECTOR), 100, "read behind it");
    char *p = mmap(NULL, 16 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
    NEED(p != MAP_FAILED);
    CHECK_DIES(touch_page, p + 80 * SECTOR, SIGBUS, "touch of it");
    CHECK_EXITS(touch_page, p + 88 * SECTOR, 88, "touch of the next");
    CHECK_ERRNO(pwrite(fd, p + 80 * SECTOR, 10, 0), EFAULT, "copy from it");
    CHECK_ERRNO(pwrite(fd, "x", 1, 80 * SECTOR), EIO, "write into it");
    order("vda read 0");
    CHECK_EXITS(touch_page, p + 80 * SECTOR, 80, "touch of what is well again");
    munmap(p, 16 * PAGE);
    order("vda write all sector 160 sectors 8");
    CHECK_ERRNO(pwrite(fd, "lost", 4, 160 * SECTOR), EIO, "write");
    CHECK_EQ(pwrite(fd, expected, LONG, 152 * SECTOR), 8 * SECTOR,
             "write up to it");
    CHECK_EQ(pread(fd, buffer, 4, 160 * SECTOR), 4, "read of it ...");
    CHECK(memcmp(buffer, "\240\0\0\0", 4) == 0, "... tells what is on disk");
    p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 160 * SECTOR);
    NEED(p != MAP_FAILED);
    p[0] = 7;
    CHECK_ERRNO(msync(p, PAGE, MS_SYNC), EIO, "msync");
    CHECK_ERRNO(fsync(fd), EIO, "fsync");
    order("vda write 0");
    CHECK_EQ(msync(p, PAGE, MS_SYNC), 0, "msync when it is well again");
    munmap(p, PAGE);
    order("vda flush 1");
    CHECK_ERRNO(fsync(fd), EIO, "fsync with a flush that fails");
    CHECK_EQ(fsync(fd), 0, "... and one that does not");
}

/* Until it is told. */
static int write_much(void *fd)
{
    while (pwrite(*(int *)fd, buffer, LONG, 0) == LONG) {
    }
    return errno;
}

/* Several at work while it is slow, and then goes. */
static void check_loss(int fd)
{
    pid_t pids[3];

    order("vda slow 20");
    for (unsigned i = 0; i < ARRAY_LENGTH(pids); i++)
        pids[i] = child_start(write_much, &fd);
    usleep(100000);
    order("vda gone");
    for (unsigned i = 0; i < ARRAY_LENGTH(pids); i++)
        CHECK_EQ(child_wait(pids[i]), EIO << 8, "writer %u is told", i);
    CHECK_ERRNO(pread(fd, buffer, 1, 500 * SECTOR), EIO, "read of no disk");
    CHECK_ERRNO(fsync(fd), EIO, "fsync of no disk");
    int bad = open("/proc/sys/dev/disk/fail", O_WRONLY);
    CHECK_ERRNO(write(bad, "vda read", 8), EINVAL, "half an order");
    CHECK_ERRNO(write(bad, "vda read 1 skip", 15), EINVAL, "half a rule");
    CHECK_ERRNO(write(bad, "vdz read 1", 10), ENODEV, "no such disk");
    close(bad);
}

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "file";
    struct stat st;

    check_start();
    check_enter_scratch();
    if (argc == 1)
        make_file(path);
    int fd = open(path, O_RDWR);
    NEED(fd >= 0 && fstat(fd, &st) == 0);
    if (argc > 2) {
        check_errors(fd);
        check_loss(fd);
        return check_done();
    }
    check_read(fd);
    check_write(fd);
    check_mmap(fd);
    check_closed(path);
    check_end(fd, &st);
    CHECK_EQ(close(fd), 0, "close");
    return check_done();
}
