/*
 * Address space that is only reserved costs nothing: protecting, forking,
 * moving and unmapping tens of terabytes with two pages in them take no longer
 * than those pages need, and the pages come through.
 *
 * Bad input: huge lengths that are valid.
 */
/* smp: 1 2 */
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "common/child.h"

#define TERABYTE (1ul << 40)

enum { WHOLE = 60, PART = 20, MOST_MS = 300, MOST_MOVE_MS = 5000 };

static char *memory;

/* Processor time of this process, which other load does not change. */
static long now_ms(void)
{
    struct timespec t;
    NEED(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == 0);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static char *reserve(size_t bytes)
{
    return mmap(NULL, bytes, PROT_NONE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

/* One page that holds `mark`, far from everything. */
static void put_page(char *at, char mark)
{
    NEED(mprotect(at, PAGE, PROT_READ | PROT_WRITE) == 0);
    *at = mark;
    NEED(mprotect(at, PAGE, PROT_NONE) == 0);
}

static void check_protects(void)
{
    long start = now_ms();
    CHECK_EQ(mprotect(memory, WHOLE * TERABYTE, PROT_READ), 0,
             "mprotect of all to read");
    CHECK(now_ms() - start < MOST_MS, "... in no time");
    CHECK_EQ(memory[PART / 2 * TERABYTE], 'a', "a page in it is readable");
}

static void check_forks(void)
{
    int status = -1;
    long start = now_ms();
    pid_t pid = fork();
    if (pid == 0) {
        _exit(memory[PART / 2 * TERABYTE] == 'a' ? 0 : 1);
    }
    CHECK(now_ms() - start < MOST_MS, "fork in no time");
    CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0,
          "a child sees the page");
}

static void check_unmaps(void)
{
    long start = now_ms();
    CHECK_EQ(munmap(memory + PART * TERABYTE, (WHOLE - PART) * TERABYTE), 0,
             "munmap of most");
    CHECK(now_ms() - start < MOST_MS, "... in no time");
}

static void check_moves(void)
{
    char *target = reserve(PART * TERABYTE);
    NEED(target != MAP_FAILED);
    long start = now_ms();
    char *moved = mremap(memory, PART * TERABYTE, PART * TERABYTE,
                         MREMAP_MAYMOVE | MREMAP_FIXED, target);
    CHECK(moved == target, "mremap of the rest");
    CHECK(now_ms() - start < MOST_MOVE_MS, "... in little time");
    CHECK_EQ(target[PART / 2 * TERABYTE], 'a', "the page has moved along");
    start = now_ms();
    CHECK_EQ(madvise(target, PART * TERABYTE, MADV_DONTNEED), 0, "madvise");
    CHECK(now_ms() - start < MOST_MS, "... in no time");
    CHECK_EQ(target[PART / 2 * TERABYTE], 0, "the page is fresh");
    CHECK_EQ(munmap(target, PART * TERABYTE), 0, "munmap of what moved");
}

int main(void)
{
    check_start();
    memory = reserve(WHOLE * TERABYTE);
    NEED(memory != MAP_FAILED);
    put_page(memory + PART / 2 * TERABYTE, 'a');
    put_page(memory + (WHOLE - 1) * TERABYTE, 'z');
    check_protects();
    check_forks();
    check_unmaps();
    check_moves();
    return check_done();
}
