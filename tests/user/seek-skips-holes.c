/*
 * SEEK_DATA and SEEK_HOLE find the next data and the next hole of a file; a
 * hole of many terabytes takes them no time.
 */
#include <fcntl.h>
#include <unistd.h>
#include "check.h"

#ifndef SEEK_DATA
#define SEEK_DATA 3
#define SEEK_HOLE 4
#endif

#define HUGE (1l << 42)

int main(void)
{
    check_start();
    check_enter_scratch();
    int fd = open("sparse", O_CREAT | O_RDWR, 0644);
    CHECK(fd >= 0, "a file");
    CHECK_ERRNO(lseek(fd, 0, SEEK_DATA), ENXIO, "an empty file has no data");
    CHECK_ERRNO(lseek(fd, 0, SEEK_HOLE), ENXIO, "and no hole");
    CHECK_EQ(ftruncate(fd, HUGE), 0, "one hole");
    CHECK_ERRNO(lseek(fd, 0, SEEK_DATA), ENXIO, "without data");
    CHECK_EQ(lseek(fd, 5, SEEK_HOLE), 5, "the hole is everywhere");
    CHECK_ERRNO(lseek(fd, HUGE, SEEK_HOLE), ENXIO, "but not behind the end");

    CHECK_EQ(pwrite(fd, "x", 1, HUGE / 2), 1, "a byte in the middle");
    CHECK_EQ(pwrite(fd, "x", 1, HUGE / 2 + PAGE), 1, "one in the next page");
    CHECK_EQ(pwrite(fd, "x", 1, HUGE - 1), 1, "one at the end");
    CHECK_EQ(lseek(fd, 0, SEEK_DATA), HUGE / 2, "first data");
    CHECK_EQ(lseek(fd, HUGE / 2 + 7, SEEK_DATA), HUGE / 2 + 7, "within data");
    CHECK_EQ(lseek(fd, HUGE / 2 + 7, SEEK_HOLE), HUGE / 2 + 2 * (long)PAGE,
             "the hole behind it");
    CHECK_EQ(lseek(fd, HUGE / 2 + 2 * (long)PAGE, SEEK_DATA), HUGE - (long)PAGE,
             "last data");
    CHECK_EQ(lseek(fd, HUGE - 1, SEEK_HOLE), HUGE, "the end is a hole");
    CHECK_EQ(close(fd), 0, "close");
    return check_done();
}
