/*
 * Large files with holes: ends far apart, sizes beyond 32 bits, limits; holes
 * read as zero and take no memory.
 *
 * Bad input: row 111.
 */
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "common/child.h"

static const long far = 1l << 40;

static void check_far(int fd)
{
    char bytes[8192];
    struct stat status;
    CHECK_EQ(pwrite(fd, "end", 3, far), 3, "write at 1 TiB");
    NEED(fstat(fd, &status) == 0);
    CHECK_EQ(status.st_size, far + 3, "the size");
    CHECK(status.st_blocks < 1000, "few blocks: %ld", (long)status.st_blocks);
    memset(bytes, 'x', sizeof(bytes));
    CHECK_EQ(pread(fd, bytes, sizeof(bytes), far - 100), 103, "read there");
    CHECK(!bytes[0] && !memcmp(bytes + 100, "end", 3), "zeros, then the end");
    memset(bytes, 'x', sizeof(bytes));
    CHECK_EQ(pread(fd, bytes, sizeof(bytes), far / 2), sizeof(bytes), "a hole");
    CHECK(!bytes[0] && !memcmp(bytes, bytes + 1, sizeof(bytes) - 1), "is 0");
    CHECK_EQ(lseek(fd, 0, SEEK_END), far + 3, "SEEK_END");
    char *map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, far);
    NEED(map != MAP_FAILED);
    CHECK(!memcmp(map, "end", 3) && map[3] == 0, "mapped at 1 TiB");
    map[0] = 'E';
    CHECK(pread(fd, bytes, 1, far) == 1 && bytes[0] == 'E', "and written");
    munmap(map, PAGE);
}

static void check_limits(int fd)
{
    struct stat status;
    signal(SIGXFSZ, SIG_IGN);
    ssize_t got = pwrite(fd, "x", 1, LONG_MAX);
    CHECK(got == -1 && (errno == EFBIG || errno == EINVAL), "the last byte");
    CHECK_ERRNO(ftruncate(fd, LONG_MIN), EINVAL, "size 1 << 63");
    CHECK_ERRNO(lseek(fd, LONG_MAX, SEEK_END), EINVAL, "seek beyond the last");
    CHECK_EQ(ftruncate(fd, 10), 0, "cut");
    NEED(fstat(fd, &status) == 0);
    CHECK_EQ(status.st_size, 10, "the size");
    CHECK_EQ(ftruncate(fd, far), 0, "grow again");
    char byte = 'x';
    CHECK(pread(fd, &byte, 1, far - 1) == 1 && byte == 0, "zeros at the end");
}

int main(void)
{
    check_start();
    check_enter_scratch();
    int fd = open("sparse", O_CREAT | O_RDWR | O_TRUNC, 0644);
    NEED(fd >= 0);
    check_far(fd);
    check_limits(fd);
    close(fd);
    return check_done();
}
