/*
 * Memory that a process gets is zero, whatever its frames held before: after
 * another process, pipes and files have used them.
 *
 * Security: 8.  Bad input: row 84 (in part: page tables by sparse touching).
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "common/child.h"

enum { DIRTY = 4 << 20 };

static char bss[64 * 4096];

static int child_dirties(void *unused)
{
    char *memory = malloc(DIRTY);
    int ends[2], fd = open("dirty", O_CREAT | O_RDWR | O_TRUNC, 0644);
    if (!memory || fd < 0 || pipe(ends) < 0) {
        return 1;
    }
    memset(memory, 0xa5, DIRTY);
    if (write(fd, memory, DIRTY / 4) < 0 || write(ends[1], memory, 4096) < 0) {
        return 2;
    }
    memset(bss, 0xa5, sizeof(bss));
    return unlink("dirty");
}

static int __attribute__((noinline)) deep_stack_is_zero(void)
{
    char room[128 * 1024];
    int found = 0;
    __asm__ volatile("" : "=m"(room));
    for (size_t i = 0; i < sizeof(room) - 40000; i++) {
        found += room[i] == (char)0xa5;
    }
    return found;
}

static int child_looks(void *unused)
{
    size_t dirty = 0;
    char *memory = mmap(NULL, DIRTY, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *shared = mmap(NULL, DIRTY / 4, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    char *heap = sbrk(64 * PAGE);
    if (memory == MAP_FAILED || shared == MAP_FAILED || heap == (void *)-1) {
        return 1;
    }
    for (size_t i = 0; i < DIRTY; i++) {
        if (i % PAGE == 0 && i / PAGE % 2) {
            memory[i + 8] = 0; /* every second page first by a write */
        }
        dirty += memory[i] != 0;
    }
    for (size_t i = 0; i < DIRTY / 4; i++) {
        dirty += shared[i] != 0;
    }
    for (size_t i = 0; i < 64 * PAGE; i++) {
        dirty += heap[i] != 0;
    }
    for (size_t i = 0; i < sizeof(bss); i++) {
        dirty += bss[i] != 0;
    }
    return dirty || deep_stack_is_zero() ? 2 : 0;
}

static void check_files(void)
{
    char bytes[8192];
    int dirty = 0, fd = open("holes", O_CREAT | O_RDWR | O_TRUNC, 0644);
    NEED(fd >= 0 && ftruncate(fd, 100000) == 0);
    NEED(pwrite(fd, "x", 1, 50000) == 1);
    for (int at = 0; at < 100000;) {
        ssize_t got = pread(fd, bytes, sizeof(bytes), at);
        NEED(got > 0);
        for (int i = 0; i < got; i++) {
            dirty += bytes[i] != (at + i == 50000 ? 'x' : 0);
        }
        at += (int)got;
    }
    CHECK_EQ(dirty, 0, "holes of a file are zero");
    char *map = mmap(NULL, 100000, PROT_READ, MAP_SHARED, fd, 0);
    NEED(map != MAP_FAILED);
    for (int i = 100000; i < 102400; i++) {
        dirty += map[i] != 0;
    }
    CHECK_EQ(dirty, 0, "the rest of a file's last page is zero");
    close(fd);
}

static void check_padding(void)
{
    union {
        struct stat status;
        unsigned char bytes[sizeof(struct stat)];
    } result;
    memset(&result, 0xa5, sizeof(result));
    NEED(stat("/", &result.status) == 0);
    int dirty = 0;
    for (size_t i = sizeof(result) - 24; i < sizeof(result); i++) {
        dirty += result.bytes[i] != 0 && result.bytes[i] != 0xa5;
    }
    CHECK_EQ(dirty, 0, "padding of struct stat is zero or untouched");
}

int main(void)
{
    check_start();
    check_enter_scratch();
    for (int i = 0; i < 4; i++) {
        CHECK_EXITS(child_dirties, NULL, 0, "one process dirties frames");
        CHECK_EXITS(child_looks, NULL, 0, "the next finds zeros");
    }
    check_files();
    check_padding();
    return check_done();
}
