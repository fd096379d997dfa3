/*
 * Two processes that share one address space (clone with CLONE_VM) run on two
 * CPUs: first touches, copy-on-write after fork, munmap and mprotect meet each
 * other, and no write is lost or seen where it must not be.
 *
 * Bad input: rows 85, 86, 92, 93.  Security: 11.  Argument: rounds.
 */
/* smp: 1 2 4 */
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"
#include "common/raw.h"

enum { PAGES = 16, STACK = 32768 };

static char *memory;
static volatile int go, stop, arrived;
static char stacks[2][STACK] __attribute__((aligned(16)));

/* The sharers use no C library: it has one errno for all of them. */
static void yield(void)
{
    RAW1(SYS_sched_yield, 0);
}

static pid_t start_sharer(int (*body)(void *), int index)
{
    pid_t pid = clone(body, stacks[index] + STACK, CLONE_VM | SIGCHLD,
                      (void *)(intptr_t)index);
    NEED(pid > 0);
    return pid;
}

static int adds_to_pages(void *which)
{
    int index = (int)(intptr_t)which;
    __atomic_fetch_add(&arrived, 1, __ATOMIC_SEQ_CST);
    while (!go) {
        yield();
    }
    for (size_t i = 0; i < PAGES; i++) {
        *(volatile int *)(void *)(memory + i * PAGE + 64 * (size_t)index) += 1;
    }
    return 0;
}

/* Row 92: both touch first; row 85: both write first after a fork. */
static int run_pair(bool fork_between)
{
    pid_t pids[2], snapshot = 0;
    int status, wrong = 0, before = 0;
    struct gate gate;
    go = arrived = 0;
    gate_make(&gate);
    before = *(int *)(void *)memory;
    for (int i = 0; i < 2; i++) {
        pids[i] = start_sharer(adds_to_pages, i);
    }
    while (arrived < 2) {
        yield();
    }
    if (fork_between) {
        snapshot = fork();
        if (snapshot == 0) {
            gate_pass(&gate);
            for (size_t i = 0; i < PAGES; i++) {
                wrong += *(int *)(void *)(memory + i * PAGE) != before;
            }
            _exit(wrong != 0);
        }
    }
    go = 1;
    for (int i = 0; i < 2; i++) {
        wrong += waitpid(pids[i], &status, 0) != pids[i] || status != 0;
    }
    for (size_t i = 0; i < 2 * PAGES; i++) {
        char *at = memory + i / 2 * PAGE + 64 * (i % 2);
        wrong += *(int *)(void *)at != before + 1;
    }
    if (fork_between) {
        gate_open(&gate);
        wrong += waitpid(snapshot, &status, 0) != snapshot || status != 0;
    }
    gate_close(&gate);
    return wrong;
}

static int writes_all_the_time(void *unused)
{
    for (int value = 1; !stop; value++) {
        for (size_t i = 0; i < PAGES; i++) {
            memset(memory + i * PAGE, value & 0x7f, 64);
        }
        arrived = 1;
    }
    return 0;
}

/* Row 86: the child's copy stands still while a sharer writes. */
static int run_snapshots(int rounds)
{
    char first[PAGES][64];
    int status, wrong = 0;
    stop = arrived = 0;
    pid_t writer = start_sharer(writes_all_the_time, 0);
    while (!arrived) {
        yield();
    }
    for (int n = 0; n < rounds; n++) {
        pid_t pid = fork();
        if (pid == 0) {
            for (size_t i = 0; i < PAGES; i++) {
                memcpy(first[i], memory + i * PAGE, 64);
            }
            for (int k = 0; k < 20; k++) {
                sched_yield();
            }
            for (size_t i = 0; i < PAGES; i++) {
                wrong += memcmp(first[i], memory + i * PAGE, 64) != 0;
            }
            _exit(wrong != 0);
        }
        wrong += waitpid(pid, &status, 0) != pid || status != 0;
    }
    stop = 1;
    wrong += waitpid(writer, &status, 0) != writer || status != 0;
    return wrong;
}

static int touches_until_it_faults(void *unused)
{
    arrived = 1;
    for (;;) {
        for (size_t i = 0; i < PAGES; i++) {
            memory[i * PAGE + 100]++;
        }
    }
    return 0;
}

/* Row 93: munmap or mprotect stops a sharer on another CPU; frames that are
 * used for `other` next are not touched by it. */
static int run_unmap(bool protect)
{
    int status, wrong = 0;
    char *other = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    arrived = 0;
    pid_t pid = start_sharer(touches_until_it_faults, 0);
    while (!arrived) {
        yield();
    }
    if (protect) {
        wrong += mprotect(memory, PAGES * PAGE, PROT_READ) != 0;
    } else {
        wrong += munmap(memory, PAGES * PAGE) != 0;
    }
    char now = protect ? memory[100] : 0;
    for (size_t i = 0; i < PAGES; i++) {
        other[i * PAGE + 200] = 1;
    }
    wrong += waitpid(pid, &status, 0) != pid || (status & 0x7f) != SIGSEGV;
    wrong += protect && memory[100] != now;
    for (size_t i = 0; i < PAGES; i++) {
        wrong += other[i * PAGE + 100] != 0;
    }
    if (protect) {
        munmap(memory, PAGES * PAGE);
    }
    memory = other;
    return wrong;
}

static void map_fresh(void)
{
    if (memory) {
        munmap(memory, PAGES * PAGE);
    }
    memory = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    NEED(memory != MAP_FAILED);
}

int main(int argc, char **argv)
{
    int rounds = (int)check_rounds(argc, argv, 25), wrong = 0;
    check_start();
    for (int i = 0; i < rounds; i++) {
        map_fresh();
        wrong += run_pair(false);
    }
    CHECK_EQ(wrong, 0, "two CPUs touch the same pages first");
    wrong = 0;
    for (int i = 0; i < rounds; i++) {
        map_fresh();
        memset(memory, 0, PAGES * PAGE);
        wrong += run_pair(true);
    }
    CHECK_EQ(wrong, 0, "two CPUs write the same pages first after fork");
    map_fresh();
    CHECK_EQ(run_snapshots(rounds), 0, "fork while another CPU writes");
    wrong = 0;
    for (int i = 0; i < rounds; i++) {
        map_fresh();
        wrong += run_unmap(i % 2);
    }
    CHECK_EQ(wrong, 0, "munmap and mprotect reach the other CPU");
    return check_done();
}
