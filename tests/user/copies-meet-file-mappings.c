/*
 * System calls whose buffers lie in mappings of the very files they work on:
 * no deadlock, the right bytes, EFAULT where there are none.
 *
 * Bad input: rows 29, 87, 99.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include "common/child.h"

enum { PAGES = 8, BYTES = PAGES * 4096 };

static int fd;

/* A new file: page i is full of 'a' + i. */
static void fresh(void)
{
    static char page[4096];
    NEED((fd = open("file", O_CREAT | O_RDWR | O_TRUNC, 0644)) >= 0);
    for (int i = 0; i < PAGES; i++) {
        memset(page, 'a' + i, sizeof(page));
        NEED(write(fd, page, sizeof(page)) == sizeof(page));
    }
}

static char *map(int flags)
{
    char *memory = mmap(NULL, 3 * BYTES, PROT_READ | PROT_WRITE, flags, fd, 0);
    NEED(memory != MAP_FAILED);
    return memory;
}

static void drop(char *memory)
{
    munmap(memory, 3 * BYTES);
    close(fd);
    unlink("file");
}

static void check_read(int flags, const char *name)
{
    fresh();
    char *memory = map(flags);
    CHECK_EQ(pread(fd, memory + 4 * PAGE, 4 * PAGE, 0), 4 * PAGE,
             "%s: read into an untouched mapping of the file", name);
    CHECK(memory[4 * PAGE] == 'a' && memory[8 * PAGE - 1] == 'd',
          "%s: the right bytes", name);
    CHECK_EQ(pread(fd, memory, 4 * PAGE, 100), 4 * PAGE,
             "%s: a page onto itself, moved", name);
    CHECK_ERRNO(pread(fd, memory + BYTES, PAGE, 0), EFAULT,
                "%s: read to behind the end", name);
    ssize_t got = pread(fd, memory + BYTES - PAGE, 2 * PAGE, 0);
    CHECK(got == (ssize_t)PAGE || (got == -1 && errno == EFAULT),
          "%s: read across the end: %zd", name, got);
    drop(memory);
}

static void check_write(int flags, const char *name)
{
    char byte;
    fresh();
    char *memory = map(flags);
    CHECK_EQ(pwrite(fd, memory, 4 * PAGE, 4 * PAGE), 4 * PAGE,
             "%s: write from an untouched mapping of the file", name);
    NEED(pread(fd, &byte, 1, 5 * PAGE) == 1);
    CHECK_EQ(byte, 'b', "%s: the right bytes", name);
    CHECK_EQ(pwrite(fd, memory, BYTES, BYTES), BYTES,
             "%s: append the file to itself", name);
    CHECK_EQ(memory[BYTES], 'a', "%s: the mapping has grown", name);
    CHECK_ERRNO(pwrite(fd, memory + 2 * BYTES, 10, 0), EFAULT,
                "%s: write from behind the end", name);
    drop(memory);
}

static void check_pipe(void)
{
    int ends[2];
    NEED(pipe(ends) == 0);
    fresh();
    char *memory = map(MAP_SHARED);
    CHECK_EQ(write(ends[1], memory + PAGE, 2 * PAGE), 2 * PAGE,
             "pipe from untouched pages");
    CHECK_EQ(read(ends[0], memory + 5 * PAGE, 2 * PAGE), 2 * PAGE,
             "pipe to untouched pages");
    CHECK(memory[5 * PAGE] == 'b' && memory[7 * PAGE - 1] == 'c',
          "the right bytes");
    NEED(write(ends[1], "x", 1) == 1);
    CHECK_ERRNO(read(ends[0], memory + BYTES, 1), EFAULT, "behind the end");
    CHECK(read(ends[0], memory, 1) == 1 && memory[0] == 'x', "kept");
    close(ends[0]);
    close(ends[1]);
    drop(memory);
}

static void check_others(void)
{
    struct stat *status;
    fresh();
    char *memory = map(MAP_PRIVATE);
    status = (struct stat *)(void *)(memory + 2 * PAGE - 64);
    CHECK_EQ(fstat(fd, status), 0, "fstat across two untouched pages");
    CHECK_EQ(status->st_size, BYTES, "the size");
    strcpy(memory + 3 * PAGE - 3, "file");
    CHECK_EQ(access(memory + 3 * PAGE - 3, F_OK), 0, "a name on two pages");
    struct iovec *parts = (void *)(memory + 4 * PAGE - 16);
    parts[0] = (struct iovec){ memory + 5 * PAGE, 10 };
    parts[1] = (struct iovec){ memory + 6 * PAGE - 5, 10 };
    CHECK_EQ(preadv(fd, parts, 2, 0), 20, "vectors in the mapping");
    CHECK(!memcmp(memory + 6 * PAGE - 5, "aaaaaaaaaa", 10), "the bytes");
    CHECK(getcwd(memory + 7 * PAGE - 4, 200) != NULL, "getcwd");
    char byte;
    NEED(pread(fd, &byte, 1, 7 * PAGE - 4) == 1);
    CHECK_EQ(byte, 'g', "the file does not change by private writes");
    drop(memory);
}

int main(void)
{
    check_start();
    check_enter_scratch();
    check_read(MAP_SHARED, "shared");
    check_read(MAP_PRIVATE, "private");
    check_write(MAP_SHARED, "shared");
    check_write(MAP_PRIVATE, "private");
    check_pipe();
    check_others();
    return check_done();
}
