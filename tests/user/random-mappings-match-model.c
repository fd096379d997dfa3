/*
 * A long random mix of mmap, munmap, mprotect, mremap, writes and fork over
 * one range of addresses, checked against a model of what each page holds.
 *
 * Bad input: rows 88, 90, 93 (without threads), 98.  Argument: number of
 * steps.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"

enum { PAGES = 64, SEEDS = 3 };

/* What we expect of a page; value is what its first and last byte hold. */
struct model {
    int mapped, prot;
    unsigned char value;
};

static struct model model[PAGES];
static char *room;
static sigjmp_buf out;
static unsigned long seed;

static unsigned int next_random(void)
{
    seed = seed * 6364136223846793005ul + 1442695040888963407ul;
    return (unsigned int)(seed >> 33);
}

static void on_fault(int number)
{
    siglongjmp(out, 1);
}

/* The page's byte, or -1 if reading faults. */
static int peek(int page)
{
    volatile char *at = room + (size_t)page * PAGE;
    if (sigsetjmp(out, 1)) {
        return -1;
    }
    int first = (unsigned char)at[0], last = (unsigned char)at[PAGE - 1];
    return first == last ? first : -2;
}

static bool poke(int page, int value)
{
    volatile char *at = room + (size_t)page * PAGE;
    if (sigsetjmp(out, 1)) {
        return false;
    }
    at[0] = (char)value;
    at[PAGE - 1] = (char)value;
    return true;
}

static int check_all(void)
{
    int wrong = 0;
    for (int i = 0; i < PAGES; i++) {
        bool readable = model[i].mapped && model[i].prot != PROT_NONE;
        wrong += peek(i) != (readable ? model[i].value : -1);
    }
    return wrong;
}

static void step_map(int first, int count)
{
    char *at = room + (size_t)first * PAGE;
    NEED(mmap(at, (size_t)count * PAGE, PROT_READ | PROT_WRITE,
              MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == at);
    for (int i = first; i < first + count; i++) {
        model[i] = (struct model){ 1, PROT_READ | PROT_WRITE, 0 };
    }
}

static void step_protect(int first, int count)
{
    static const int rights[] = { PROT_NONE, PROT_READ,
                                  PROT_READ | PROT_WRITE };
    int prot = rights[next_random() % 3];
    for (int i = first; i < first + count; i++) {
        if (!model[i].mapped) {
            return;
        }
    }
    NEED(mprotect(room + (size_t)first * PAGE, (size_t)count * PAGE, prot) ==
         0);
    for (int i = first; i < first + count; i++) {
        model[i].prot = prot;
    }
}

/* Move mapped pages of one kind to the other half of the range. */
static void step_move(int first, int count)
{
    int to = (first + PAGES / 2) % PAGES;
    for (int i = first; i < first + count; i++) {
        if (!model[i].mapped || model[i].prot != model[first].prot) {
            return;
        }
    }
    if (to + count > PAGES || abs(to - first) < count) {
        return;
    }
    char *got = mremap(room + (size_t)first * PAGE, (size_t)count * PAGE,
                       (size_t)count * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
                       room + (size_t)to * PAGE);
    if (got == MAP_FAILED) {
        return; /* areas that do not merge cannot move in one call */
    }
    for (int i = 0; i < count; i++) {
        model[to + i] = model[first + i];
        model[first + i].mapped = 0;
    }
}

static int step_fork(int depth, int steps);

static int one_step(int depth)
{
    int first = (int)(next_random() % PAGES);
    int count = 1 + (int)(next_random() % 8);
    count = first + count > PAGES ? PAGES - first : count;
    unsigned int what = next_random() % 20;
    if (what < 4) {
        step_map(first, count);
    } else if (what < 6) {
        NEED(munmap(room + (size_t)first * PAGE, (size_t)count * PAGE) == 0);
        for (int i = first; i < first + count; i++) {
            model[i].mapped = 0;
        }
    } else if (what < 9) {
        step_protect(first, count);
    } else if (what < 10) {
        step_move(first, count);
    } else if (what < 11) {
        return step_fork(depth, 20);
    } else {
        int value = (int)(next_random() & 0xff);
        bool may = model[first].mapped && (model[first].prot & PROT_WRITE);
        if (poke(first, value) != may) {
            return 1;
        }
        if (may) {
            model[first].value = (unsigned char)value;
        }
    }
    return 0;
}

/* A child goes on with the same memory in another way, we check ours. */
static int step_fork(int depth, int steps)
{
    int status = 0, wrong = 0;
    if (depth >= 3) {
        return 0;
    }
    pid_t pid = fork();
    NEED(pid >= 0);
    if (pid == 0) {
        alarm(100);
        seed += 12345;
        for (int i = 0; i < steps; i++) {
            wrong += one_step(depth + 1);
        }
        _exit(wrong + check_all() ? 1 : 0);
    }
    NEED(waitpid(pid, &status, 0) == pid);
    return status != 0 || check_all();
}

int main(int argc, char **argv)
{
    long steps = check_rounds(argc, argv, 300);
    check_start();
    signal(SIGSEGV, on_fault);
    room = mmap(NULL, PAGES * PAGE, PROT_NONE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    NEED(room != MAP_FAILED);
    for (int n = 1; n <= SEEDS; n++) {
        int wrong = 0;
        seed = (unsigned long)n;
        step_map(0, PAGES);
        for (long i = 0; i < steps; i++) {
            wrong += one_step(0);
            wrong += i % 50 == 0 ? check_all() : 0;
        }
        CHECK_EQ(wrong + check_all(), 0, "seed %d, %ld steps", n, steps);
    }
    return check_done();
}
