/*
 * switch.c - the cost of going from one process to another: by yielding, and
 * with bytes through a pipe.
 */
#include "bench.h"

#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/measure.h"

enum { CHUNK = 64 * 1024 };

static char chunk[CHUNK];

enum { TURN_OURS, TURN_THEIRS, TURN_OVER };

static int whose(const int *turn)
{
    return __atomic_load_n(turn, __ATOMIC_ACQUIRE);
}

static void hand_over(int *turn, int to)
{
    __atomic_store_n(turn, to, __ATOMIC_RELEASE);
}

/* Two processes pass a turn back and forth, and yield while it is not theirs. */
static int bench_yield(const char *name)
{
    struct series s = { .count = 0 };
    int *turn = (int *)bench_get_memory(BENCH_PAGE, MAP_SHARED);
    enum { TURNS = 2000 };
    if (!turn)
        return -1;
    *turn = TURN_OURS;
    pid_t pid = bench_fork_partner();
    if (pid == 0) {
        for (int now; (now = whose(turn)) != TURN_OVER;) {
            if (now == TURN_THEIRS)
                hand_over(turn, TURN_OURS);
            sched_yield();
        }
        _exit(0);
    }
    while (pid > 0 && series_more(&s)) {
        uint64_t t = measure_clock();
        for (int i = 0; i < TURNS; i++) {
            hand_over(turn, TURN_THEIRS);
            while (whose(turn) != TURN_OURS)
                sched_yield();
        }
        series_add_time(&s, measure_clock() - t, 2 * TURNS);
    }
    hand_over(turn, TURN_OVER);
    return pid < 0 || bench_reap(pid) ? -1 : series_print(&s, name, "ns");
}

static int bench_pipe(const char *name)
{
    struct series s = { .count = 0 };
    int there[2], back[2];
    char c = 0;
    enum { TRIPS = 1000 };
    if (pipe(there) || pipe(back))
        return -1;
    pid_t pid = bench_fork_partner();
    if (pid == 0) {
        close(there[1]);
        while (read(there[0], &c, 1) == 1 && write(back[1], &c, 1) == 1)
            ;
        _exit(0);
    }
    while (pid > 0 && series_more(&s)) {
        uint64_t t = measure_clock();
        for (int i = 0; i < TRIPS; i++)
            if (write(there[1], &c, 1) != 1 || read(back[0], &c, 1) != 1)
                return -1;
        series_add_time(&s, measure_clock() - t, TRIPS);
    }
    close(there[1]);
    return pid < 0 || bench_reap(pid) ? -1 : series_print(&s, name, "ns");
}

/* Sends the bytes through a pipe from a child; the time is that of reading. */
static int bandwidth_round(struct series *s, size_t total)
{
    int ends[2];
    size_t got = 0;
    ssize_t n;
    char mark;
    if (pipe(ends))
        return -1;
    pid_t pid = bench_fork_partner();
    if (pid == 0) {
        close(ends[0]);
        if (write(ends[1], chunk, 1) != 1)
            _exit(1);
        for (size_t sent = 0; sent < total; sent += (size_t)n)
            if ((n = write(ends[1], chunk, sizeof chunk)) <= 0)
                _exit(1);
        _exit(0);
    }
    close(ends[1]);
    if (pid < 0 || read(ends[0], &mark, 1) != 1)
        return -1;
    uint64_t t = measure_clock();
    while ((n = read(ends[0], chunk, sizeof chunk)) > 0)
        got += (size_t)n;
    series_add_rate(s, measure_clock() - t, got);
    close(ends[0]);
    return bench_reap(pid) || got < total ? -1 : 0;
}

static int bench_bandwidth(const char *name)
{
    struct series s = { .count = 0 };
    while (series_more(&s))
        if (bandwidth_round(&s, 4 * BENCH_MIB))
            return -1;
    return series_print(&s, name, "MiB/s");
}

const struct bench switch_benches[] = {
    { "switch_yield", bench_yield, "switch to another process by yielding" },
    { "pipe_roundtrip", bench_pipe, "one byte to another process and back" },
    { "pipe_bandwidth", bench_bandwidth, "writes and reads of 64 KiB" },
    { NULL, NULL, NULL },
};
