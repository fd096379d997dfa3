/*
 * /dev/null, zero, full, random and urandom; getrandom; sendfile; poll and
 * select on what is always ready.
 */
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common/badptr.h"
#include "common/child.h"
#include "common/raw.h"

static int open_device(const char *path)
{
    int fd = open(path, O_RDWR);
    CHECK(fd >= 0, "open %s", path);
    return fd;
}

static void check_null_and_zero(void)
{
    char bytes[100];
    int fd = open_device("/dev/null");
    CHECK_EQ(write(fd, bytes, 100), 100, "null takes all");
    CHECK_EQ(read(fd, bytes, 100), 0, "null is empty");
    close(fd);
    fd = open_device("/dev/zero");
    memset(bytes, 'x', sizeof(bytes));
    CHECK_EQ(read(fd, bytes, 100), 100, "zero gives");
    CHECK(!bytes[0] && !memcmp(bytes, bytes + 1, 99), "zeros");
    CHECK_EQ(write(fd, bytes, 100), 100, "zero takes");
    char *map =
        mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    CHECK(map != MAP_FAILED && map[PAGE] == 0, "zero can be mapped");
    close(fd);
    fd = open_device("/dev/full");
    CHECK_ERRNO(write(fd, bytes, 1), ENOSPC, "full is full");
    CHECK_EQ(read(fd, bytes, 10), 10, "full gives zeros");
    close(fd);
}

static void check_random(void)
{
    unsigned char a[64], b[64];
    int fd = open_device("/dev/urandom");
    CHECK_EQ(read(fd, a, 64), 64, "urandom gives");
    CHECK(read(fd, b, 64) == 64 && memcmp(a, b, 64), "not twice the same");
    close(fd);
    fd = open_device("/dev/random");
    CHECK(read(fd, a, 64) > 0, "random gives");
    close(fd);
    CHECK_EQ(RAW3(SYS_getrandom, b, 64, 0), 64, "getrandom");
    CHECK_EQ(RAW3(SYS_getrandom, b, 64, 0x99), -EINVAL, "unknown flag");
    for (size_t i = 0; i < badptr_count(); i++) {
        CHECK_EQ(RAW3(SYS_getrandom, badptr(i), 64, 0), -EFAULT, "to %s",
                 badptr_name(i));
    }
}

static void check_sendfile(void)
{
    static char data[20000], back[20000];
    off_t offset = 100;
    struct stat status;
    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] = (char)(i * 7 + i / 256);
    }
    NEED(check_write_file("in", data, sizeof(data)) == 0);
    int in = open("in", O_RDONLY);
    int out = open("out", O_CREAT | O_RDWR | O_TRUNC, 0644);
    CHECK_EQ(sendfile(out, in, NULL, sizeof(data)), sizeof(data), "sendfile");
    CHECK_EQ(lseek(in, 0, SEEK_CUR), sizeof(data), "moves the offset");
    CHECK_EQ(sendfile(out, in, NULL, 10), 0, "0 at the end");
    CHECK_EQ(sendfile(out, in, &offset, 50), 50, "with an offset");
    CHECK_EQ(offset, 150, "which moves");
    NEED(fstat(out, &status) == 0);
    CHECK_EQ(status.st_size, sizeof(data) + 50, "all is there");
    NEED(pread(out, back, sizeof(back), 0) == sizeof(back));
    CHECK(!memcmp(data, back, sizeof(data)), "byte for byte");
    CHECK_ERRNO(sendfile(in, out, NULL, 10), EBADF, "to a read-only one");
    CHECK_ERRNO(sendfile(out, 99, NULL, 10), EBADF, "from nothing");
    offset = -1;
    CHECK_ERRNO(sendfile(out, in, &offset, 10), EINVAL, "offset -1");
    CHECK_ERRNO(sendfile(out, in, badptr(0), 10), EFAULT, "bad offset");
    close(in);
    close(out);
}

static void check_poll(void)
{
    struct pollfd entries[3];
    fd_set readable, writable;
    int file = open("in", O_RDONLY), null = open("/dev/null", O_RDWR);
    entries[0] = (struct pollfd){ .fd = file, .events = POLLIN | POLLOUT };
    entries[1] = (struct pollfd){ .fd = null, .events = POLLOUT };
    entries[2] = (struct pollfd){ .fd = -1, .events = POLLIN };
    CHECK_EQ(poll(entries, 3, -1), 2, "files and devices are ready");
    CHECK_EQ(entries[0].revents, POLLIN | POLLOUT, "both ways");
    CHECK_EQ(entries[2].revents, 0, "-1 is ignored");
    entries[2].fd = 99;
    CHECK_EQ(poll(&entries[2], 1, 0), 1, "a closed one");
    CHECK_EQ(entries[2].revents, POLLNVAL, "is POLLNVAL");
    CHECK_EQ(poll(NULL, 0, 1), 0, "none, a time-out");
    FD_ZERO(&readable);
    FD_ZERO(&writable);
    FD_SET(file, &readable);
    FD_SET(null, &writable);
    CHECK_EQ(select(null + 1, &readable, &writable, NULL, NULL), 2, "select");
    FD_SET(60, &readable);
    CHECK_ERRNO(select(61, &readable, NULL, NULL, NULL), EBADF, "bad fd");
    CHECK_ERRNO(select(-1, NULL, NULL, NULL, NULL), EINVAL, "-1 of them");
    for (size_t i = 0; i < badptr_count(); i++) {
        CHECK_EQ(RAW3(SYS_poll, badptr(i), 1, 0), -EFAULT, "poll %s",
                 badptr_name(i));
    }
    CHECK_EQ(RAW3(SYS_poll, entries, 1 << 30, 0), -EINVAL, "too many");
    close(file);
    close(null);
}

int main(void)
{
    check_start();
    check_enter_scratch();
    check_null_and_zero();
    check_random();
    check_sendfile();
    check_poll();
    return check_done();
}
