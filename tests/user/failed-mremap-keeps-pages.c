/*
 * mremap() that finds no memory changes nothing: the pages stay where they
 * were with what they hold, and no page table is left at the target (when the
 * process ends the kernel finds one that belongs to nothing).
 * /proc/sys/vm/fail_nth makes the n-th allocation of the writing thread fail.
 *
 * Bad input: row 83.
 */
/* host: no */
/* smp: 1 2 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "common/child.h"

/* The pages moved lie in three page tables of 2 MiB. */
enum { STEP = 2 << 20, PAGES = 3, MOST_ALLOCATIONS = 20 };
#define TARGET ((char *)0x300000000000)

struct attempt {
    int n;      /* allocation that fails */
    bool whole; /* the region, or its middle */
    bool fixed; /* to TARGET, or where the kernel likes */
};

static void fail_after(int fd, int n)
{
    char text[12];
    int length = snprintf(text, sizeof(text), "%d", n);
    if (write(fd, text, (size_t)length) != length) {
        _exit(9);
    }
}

static bool pages_are_there(const char *at)
{
    for (size_t i = 0; i < PAGES; i++) {
        if (at[i * STEP] != (char)('a' + i)) {
            return false;
        }
    }
    return true;
}

/* 0: moved, 1: ENOMEM and nothing changed, 2: wrong. */
static int child_moves(void *argument)
{
    const struct attempt *try = argument;
    size_t bytes = PAGES * STEP, edge = try->whole ? 0 : PAGE;
    int fd = open("/proc/sys/vm/fail_nth", O_WRONLY);
    char *base = mmap(NULL, bytes + 2 * edge, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (fd < 0 || base == MAP_FAILED) {
        return 2;
    }
    base += edge;
    for (size_t i = 0; i < PAGES; i++) {
        base[i * STEP] = (char)('a' + i);
    }
    errno = 0;
    fail_after(fd, try->n);
    char *moved = try->fixed ? mremap(base, bytes, bytes,
                                      MREMAP_MAYMOVE | MREMAP_FIXED, TARGET)
                             : mremap(base, bytes, 2 * bytes, MREMAP_MAYMOVE);
    int error = errno;
    fail_after(fd, 0);
    if (moved != MAP_FAILED) {
        return pages_are_there(moved) ? 0 : 2;
    }
    return error == ENOMEM && pages_are_there(base) ? 1 : 2;
}

static void check_attempts(bool whole, bool fixed)
{
    int errors = 0, odd = 0, status = 1 << 8;
    for (int n = 1; n <= MOST_ALLOCATIONS && status != 0; n++) {
        struct attempt try = { n, whole, fixed };
        status = child_run(child_moves, &try);
        errors += status == 1 << 8;
        odd += status != 0 && status != 1 << 8;
    }
    CHECK_EQ(odd, 0, "%s to %s: %d errors", whole ? "a region" : "its middle",
             fixed ? "a given place" : "any place", errors);
    CHECK_EQ(status, 0, "... then it moves");
}

int main(void)
{
    check_start();
    for (int i = 0; i < 4; i++) {
        check_attempts(i & 1, i & 2);
    }
    return check_done();
}
