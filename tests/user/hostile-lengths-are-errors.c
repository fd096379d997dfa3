/*
 * Lengths that reach beyond the buffer, the address space or the sign bit:
 * an error or a short count, and not a byte behind a hole.
 *
 * Bad input: rows 29, 31, 32.
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include "common/badptr.h"
#include "common/child.h"
#include "common/raw.h"

static const unsigned long lengths[] = {
    1ul << 31, (1ul << 31) - 1, 1ul << 32, (1ul << 32) + 5, 1ul << 47,
    1ul << 62, 1ul << 63,       ~0ul,      ~0ul - 4095,
};

enum { FILE_BYTES = 3000 };

static int file, folder, ends[2];
static char *edge; /* one good page, then a hole */

static void check_result(long got, long most, const char *name,
                         unsigned long length)
{
    CHECK(raw_failed(got) || got <= most, "%s with length %lx: %ld", name,
          length, got);
}

/* Row 32 */
static void check_lengths(unsigned long n)
{
    check_result(RAW4(SYS_pread64, file, edge, n, 0), FILE_BYTES, "pread", n);
    check_result(RAW3(SYS_read, ends[0], edge, n), 4096, "read a pipe", n);
    check_result(RAW3(SYS_write, ends[1], edge + PAGE - 50, n), 50,
                 "write a pipe", n);
    check_result(RAW4(SYS_pwrite64, file, edge + PAGE - 50, n, 0), 50, "pwrite",
                 n);
    check_result(RAW2(SYS_getcwd, edge, n), 4096, "getcwd", n);
    check_result(RAW3(SYS_readlink, "link", edge, n), 10, "readlink", n);
    check_result(RAW3(SYS_getdents64, folder, edge, n), 4096, "getdents", n);
    check_result(RAW3(SYS_getrandom, edge, n, 1), 4096, "getrandom", n);
    check_result(RAW3(SYS_sendfile, ends[1], 99, n), 0, "sendfile", n);
    CHECK(raw_failed(RAW2(SYS_poll, edge, n | 1ul << 31)) || n > 1ul << 31,
          "poll of %lx descriptors", n);
    char byte;
    while (read(ends[0], &byte, 1) == 1) {
    }
}

/* Row 29 */
static void check_holes(void)
{
    static const int sizes[] = { 17, 100, 1000, 4000, 4096, 4097, 9000 };
    char back[9000];
    for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
        long size = sizes[i], good = size / 2 > 4096 ? 4096 : size / 2;
        char *at = edge + PAGE - good;
        memset(edge, 'g', PAGE);
        long got = RAW3(SYS_write, ends[1], at, size);
        CHECK(got == -EFAULT || (got > 0 && got <= good),
              "write %ld, %ld good: %ld", size, good, got);
        long left = read(ends[0], back, sizeof(back));
        CHECK(left == got || (left == -1 && got < 0), "that much is there");
        memset(back, 'p', sizeof(back));
        NEED(write(ends[1], back, (size_t)size) == size);
        got = RAW3(SYS_read, ends[0], at, size);
        CHECK(got == -EFAULT || (got > 0 && got <= good),
              "read %ld, %ld good: %ld", size, good, got);
        while (read(ends[0], back, sizeof(back)) > 0) {
        }
        got = RAW4(SYS_pread64, file, at, size, 0);
        CHECK(got == -EFAULT || (got > 0 && got <= good) ||
                  (good >= FILE_BYTES && got == FILE_BYTES),
              "pread %ld, %ld good: %ld", size, good, got);
    }
}

/* Row 31 */
static void check_paths(void)
{
    memset(edge, 'a', PAGE);
    CHECK_EQ(RAW3(SYS_open, edge + PAGE - 100, 0, 0), -EFAULT, "no NUL");
    CHECK_EQ(RAW2(SYS_mkdir, edge + PAGE - 1, 0755), -EFAULT, "one byte");
    memcpy(edge + PAGE - 5, "file", 5);
    long fd = RAW3(SYS_open, edge + PAGE - 5, 0, 0);
    CHECK(!raw_failed(fd), "NUL as the last byte");
    close((int)fd);
}

int main(void)
{
    static char content[FILE_BYTES];
    check_start();
    check_enter_scratch();
    edge = badptr_page_before_hole();
    NEED(check_write_file("file", content, sizeof(content)) == 0);
    NEED((file = open("file", O_RDWR)) >= 0 && symlink("file", "link") == 0);
    NEED((folder = open(".", O_RDONLY)) >= 0);
    NEED(pipe2(ends, O_NONBLOCK) == 0);
    for (size_t i = 0; i < ARRAY_LENGTH(lengths); i++) {
        check_lengths(lengths[i]);
    }
    check_holes();
    check_paths();
    return check_done();
}
