/*
 * The out-of-memory killer's rule: who has the most goes, not who asks; the
 * adjustment counts; who shares the memory goes too; one that cannot go does
 * not hold up the others; the memory comes back.
 */
/* host: no */
/* mem: 64M */
/* smp: 1 2 4 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"

enum { SLACK = 256, ROOM = 64 << 20, STACK = 16384, TRIES = 4 };

static long free_pages(void)
{
    struct sysinfo info;
    NEED(sysinfo(&info) == 0);
    return (long)(info.freeram * info.mem_unit / PAGE);
}

static void adjust(int value)
{
    char text[16];
    snprintf(text, sizeof(text), "%d", value);
    NEED(check_write_file("/proc/self/oom_score_adj", text, strlen(text)) == 0);
}

static char *map(size_t bytes)
{
    char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    NEED(memory != MAP_FAILED);
    return memory;
}

static void touch(char *memory, long pages)
{
    for (long i = 0; i < pages; i++) {
        memory[(size_t)i * PAGE] = 1;
    }
}

/* One that holds `pages` and waits, and one that wants `more` afterwards. */
struct pair {
    long pages, more;
    int holds_adjust, wants_adjust;
    struct gate held;
};

static int child_holds(void *argument)
{
    struct pair *pair = argument;
    adjust(pair->holds_adjust);
    touch(map((size_t)pair->pages * PAGE), pair->pages);
    gate_open(&pair->held);
    pause();
    return 0;
}

static int child_wants(void *argument)
{
    struct pair *pair = argument;
    adjust(pair->wants_adjust);
    touch(map((size_t)pair->more * PAGE), pair->more);
    return 0;
}

static void check_back(long before, const char *name)
{
    long now = 0;
    for (int i = 0; i < 3000; i++) {
        now = free_pages();
        if (now + SLACK >= before) {
            break;
        }
        usleep(10000);
    }
    CHECK(now + SLACK >= before, "%s: memory is back (%ld of %ld)", name, now,
          before);
}

/* One that holds and is not chosen is ended by SIGTERM. */
static bool run_pair(struct pair *pair, int holds_status, int wants_status,
                     const char *name)
{
    gate_make(&pair->held);
    pid_t holds = child_start(child_holds, pair);
    gate_pass(&pair->held);
    int wanted = child_wait(child_start(child_wants, pair));
    if (holds_status == SIGTERM) {
        kill(holds, SIGTERM);
    }
    int held = child_wait(holds);
    gate_close(&pair->held);
    if (held != holds_status || wanted != wants_status) {
        check_note("%s: who holds %#x, who wants %#x", name, (unsigned)held,
                   (unsigned)wanted);
        return false;
    }
    return true;
}

/* The first holds two thirds and the second wants half.  Another one is chosen
 * when the machine stands still for seconds while the first ends: tries. */
static void check_pair(int holds_adjust, int wants_adjust, int holds_status,
                       int wants_status, const char *name)
{
    long before = free_pages();
    struct pair pair = { .pages = before * 2 / 3,
                         .more = before / 2,
                         .holds_adjust = holds_adjust,
                         .wants_adjust = wants_adjust };
    bool right = false;
    for (int i = 0; i < TRIES && !right; i++) {
        right = run_pair(&pair, holds_status, wants_status, name);
        check_back(before, name);
    }
    CHECK(right, "%s: who is killed", name);
}

/* ---- sharers --------------------------------------------------------------- */

static volatile long *shared;

static int sleeper(void *unused)
{
    pause();
    return 0;
}

static void *sleeping_thread(void *unused)
{
    pause();
    return unused;
}

/* Another process and another thread in its memory, which runs out. */
static int child_shares_and_hogs(void *unused)
{
    pthread_t thread;
    adjust(0);
    NEED(pthread_create(&thread, NULL, sleeping_thread, NULL) == 0);
    shared[0] = clone(sleeper, map(STACK) + STACK, CLONE_VM | SIGCHLD, NULL);
    NEED(shared[0] > 0);
    touch(map(ROOM), ROOM / PAGE);
    return 1;
}

static void check_sharers(void)
{
    long before = free_pages();
    shared = shared_memory(PAGE);
    CHECK_DIES(child_shares_and_hogs, NULL, SIGKILL, "who hogs");
    int gone = 0;
    for (int i = 0; i < 3000 && !gone; i++) {
        gone = kill((pid_t)shared[0], 0) != 0;
        usleep(10000);
    }
    CHECK(gone, "who shares its memory goes too");
    munmap((void *)shared, PAGE);
    check_back(before, "sharers");
}

/* ---- one that cannot go ---------------------------------------------------- */

/* Waits for the lock of a file position, which nothing interrupts, once memory
 * is nearly out. */
static int child_waits_for_lock(void *argument)
{
    struct pair *pair = argument;
    adjust(0);
    touch(map((size_t)pair->pages * PAGE), pair->pages);
    gate_open(&pair->held);
    while (free_pages() > pair->more) {
        sched_yield();
    }
    lseek(3, 0, SEEK_CUR);
    pause();
    return 0;
}

/* Has that lock while it faults. */
static int child_reads(void *argument)
{
    char *memory = map(ROOM / 2);
    adjust(0);
    (void)!read(3, memory, ROOM / 2);
    (void)argument;
    return 0;
}

static void check_blocked_victim(void)
{
    long before = free_pages();
    struct pair pair = { .pages = before * 2 / 3, .more = before / 4 };
    int fd = open("sparse", O_CREAT | O_RDWR | O_TRUNC, 0644);
    NEED(fd >= 0 && ftruncate(fd, ROOM) == 0 && dup2(fd, 3) == 3);
    gate_make(&pair.held);
    pid_t waits = child_start(child_waits_for_lock, &pair);
    gate_pass(&pair.held);
    pid_t reads = child_start(child_reads, NULL);
    int status = child_wait(reads);
    CHECK(status == 0 || status == SIGKILL, "who has the lock: %x", status);
    CHECK_EQ(child_wait(waits), SIGKILL, "who waits for it");
    gate_close(&pair.held);
    close(3);
    unlink("sparse");
    check_back(before, "blocked");
}

/* ---- who asks -------------------------------------------------------------- */

static void check_allocating_task(void)
{
    static const char file[] = "/proc/sys/vm/oom_kill_allocating_task";
    NEED(check_write_file(file, "1", 1) == 0);
    check_pair(0, 0, SIGTERM, SIGKILL, "oom_kill_allocating_task");
    NEED(check_write_file(file, "0", 1) == 0);
}

int main(void)
{
    check_start();
    if (free_pages() > 100000) {
        check_skip("out of memory", "this machine has too much memory");
        return check_done();
    }
    check_enter_scratch();
    adjust(-500);
    check_pair(0, 0, SIGKILL, 0, "most");
    check_pair(-1000, 0, SIGTERM, SIGKILL, "never");
    check_pair(0, 1000, SIGTERM, SIGKILL, "volunteer");
    check_sharers();
    check_blocked_victim();
    check_allocating_task();
    return check_done();
}
