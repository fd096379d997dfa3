/*
 * Address space that is only reserved costs nothing: protecting, forking,
 * moving and unmapping tens of terabytes with two pages in them take no longer
 * than those pages need, and the pages come through.  A machine that stands
 * still counts that time, too: the shortest of several rounds is looked at.
 *
 * Bad input: huge lengths that are valid.
 */
/* smp: 1 2 */
#include <limits.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "common/child.h"

#define TERABYTE (1ul << 40)

enum { WHOLE = 60, PART = 20, ROUNDS = 5, MOST_MS = 300, MOST_MOVE_MS = 5000 };

static char *memory;

/* The shortest time that each step has taken so far. */
static struct step {
    const char *name;
    long most, least;
} steps[] = {
    { "mprotect", MOST_MS, LONG_MAX }, { "fork", MOST_MS, LONG_MAX },
    { "munmap", MOST_MS, LONG_MAX },   { "mremap", MOST_MOVE_MS, LONG_MAX },
    { "madvise", MOST_MS, LONG_MAX },
};
enum { PROTECT, FORK, UNMAP, MOVE, ADVISE };

/* Processor time of this process, which other load does not change. */
static long now_ms(void)
{
    struct timespec t;
    NEED(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == 0);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void took(int step, long since)
{
    long ms = now_ms() - since;
    if (ms < steps[step].least) {
        steps[step].least = ms;
    }
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
    took(PROTECT, start);
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
    took(FORK, start);
    CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0,
          "a child sees the page");
}

static void check_unmaps(void)
{
    long start = now_ms();
    CHECK_EQ(munmap(memory + PART * TERABYTE, (WHOLE - PART) * TERABYTE), 0,
             "munmap of most");
    took(UNMAP, start);
}

static void check_moves(void)
{
    char *target = reserve(PART * TERABYTE);
    NEED(target != MAP_FAILED);
    long start = now_ms();
    char *moved = mremap(memory, PART * TERABYTE, PART * TERABYTE,
                         MREMAP_MAYMOVE | MREMAP_FIXED, target);
    CHECK(moved == target, "mremap of the rest");
    took(MOVE, start);
    CHECK_EQ(target[PART / 2 * TERABYTE], 'a', "the page has moved along");
    start = now_ms();
    CHECK_EQ(madvise(target, PART * TERABYTE, MADV_DONTNEED), 0, "madvise");
    took(ADVISE, start);
    CHECK_EQ(target[PART / 2 * TERABYTE], 0, "the page is fresh");
    CHECK_EQ(munmap(target, PART * TERABYTE), 0, "munmap of what moved");
}

static bool all_were_short(void)
{
    for (size_t i = 0; i < ARRAY_LENGTH(steps); i++) {
        if (steps[i].least >= steps[i].most) {
            return false;
        }
    }
    return true;
}

static void run_round(void)
{
    memory = reserve(WHOLE * TERABYTE);
    NEED(memory != MAP_FAILED);
    put_page(memory + PART / 2 * TERABYTE, 'a');
    put_page(memory + (WHOLE - 1) * TERABYTE, 'z');
    check_protects();
    check_forks();
    check_unmaps();
    check_moves();
}

int main(void)
{
    check_start();
    for (int i = 0; i < ROUNDS && !all_were_short(); i++) {
        run_round();
    }
    for (size_t i = 0; i < ARRAY_LENGTH(steps); i++) {
        CHECK(steps[i].least < steps[i].most, "%s in no time: %ld ms",
              steps[i].name, steps[i].least);
    }
    return check_done();
}
