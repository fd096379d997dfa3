/*
 * process.c - the cost of a system call, of fork and of exec.
 *
 * fork is measured with parents of several sizes: copy-on-write makes it cost
 * page tables, not pages. A program of 20 MiB shows that exec loads nothing
 * until it is touched.
 */
#include "bench.h"

#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/bigprogram.h"
#include "common/measure.h"

#define BIG_PATH  "/tmp/bench-20M"
#define BIG_VALUE 0x5a17c0deull

enum { BIG_WORDS = 20 * BENCH_MIB / 8 };

/* In the copy of this program that exec_20MiB runs, it is in the file. */
static uint64_t big_data[BIG_WORDS] __attribute__((aligned(BENCH_PAGE)));

/* ---- system calls ---- */

static int bench_syscall(const char *name)
{
    struct series s = { .count = 0 };
    enum { CALLS = 20000 };
    while (series_more(&s)) {
        uint64_t t = measure_clock();
        for (int i = 0; i < CALLS; i++)
            syscall(SYS_getppid);
        series_add_time(&s, measure_clock() - t, CALLS);
    }
    return series_print(&s, name, "ns");
}

/* ---- processes ---- */

/* fork, exit and wait while the parent has so much memory. */
static int fork_with(const char *name, size_t mib, int times)
{
    struct series s = { .count = 0 };
    if (mib) {
        char *p = bench_get_memory(mib * BENCH_MIB, MAP_PRIVATE);
        if (!p)
            return -1;
        bench_write_pages(p, mib * BENCH_MIB, 1);
    }
    while (series_more(&s)) {
        uint64_t t = measure_clock();
        for (int i = 0; i < times; i++) {
            pid_t pid = fork();
            if (pid == 0)
                _exit(0);
            if (pid < 0 || bench_reap(pid))
                return -1;
        }
        series_add_time(&s, measure_clock() - t, (uint64_t)times);
    }
    return series_print(&s, name, "ns");
}

static int bench_fork(const char *name)
{
    return fork_with(name, 0, 40);
}

static int bench_fork_1(const char *name)
{
    return fork_with(name, 1, 30);
}

static int bench_fork_16(const char *name)
{
    return fork_with(name, 16, 8);
}

static int bench_fork_64(const char *name)
{
    return fork_with(name, 64, 3);
}

/* fork, exec and wait. */
static int run_program(const char *name, const char *path, char *argument)
{
    struct series s = { .count = 0 };
    char program[] = "bench";
    char *arguments[] = { program, argument, NULL }, *nothing[] = { NULL };
    enum { TIMES = 20 };
    while (series_more(&s)) {
        uint64_t t = measure_clock();
        for (int i = 0; i < TIMES; i++) {
            pid_t pid = fork();
            if (pid == 0) {
                execve(path, arguments, nothing);
                _exit(126);
            }
            if (pid < 0 || bench_reap(pid))
                return -1;
        }
        series_add_time(&s, measure_clock() - t, TIMES);
    }
    return series_print(&s, name, "ns");
}

static int bench_exec(const char *name)
{
    return run_program(name, "/bin/true", NULL);
}

static int bench_exec_big(const char *name)
{
    char argument[] = "--noop";
    if (big_program_write(bench_self, BIG_PATH, big_data, BIG_WORDS, BIG_VALUE))
        return -1;
    int result = run_program(name, BIG_PATH, argument);
    unlink(BIG_PATH);
    return result;
}

/* It touches six of its pages. */
int bench_touch_big(void)
{
    for (size_t i = 0; i < 6; i++) {
        volatile uint64_t *p = &big_data[i * (BIG_WORDS / 6)];
        if (*p && *p != BIG_VALUE)
            return 1;
        if (i >= 4)
            *p = 1;
    }
    return 0;
}

const struct bench process_benches[] = {
    { "null_syscall", bench_syscall, "getppid" },
    { "fork_0MiB", bench_fork, "fork, exit, wait; small parent" },
    { "fork_1MiB", bench_fork_1, "the same, parent has 1 MiB" },
    { "fork_16MiB", bench_fork_16, "the same, 16 MiB" },
    { "fork_64MiB", bench_fork_64, "the same, 64 MiB" },
    { "fork_exec", bench_exec, "fork, exec of /bin/true, wait" },
    { "exec_20MiB", bench_exec_big, "the same with a program of 20 MiB" },
    { NULL, NULL, NULL },
};
