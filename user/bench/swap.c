/*
 * swap.c - what it costs to send pages to a swap area and to get them back.
 *
 * Counted is the thread's own processor time: while the disk works there is
 * nothing to count, and under --icount that time is not real. Without a swap
 * area these figures are left out; tools/bench gives the machine one.
 */
#include "bench.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum {
    PAGES = 512,      /* per round */
    CLUSTER = 8,      /* slots read at a time */
    POOL_FRAMES = 64, /* of the process whose pages are looked at */
    POLICY_BYTES = 64,
};

static uint64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* The file's text, cut to size - 1 bytes. Returns its length or -1. */
static ssize_t read_text(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        return -1;
    ssize_t n = read(fd, text, size - 1);
    close(fd);
    if (n >= 0)
        text[n] = 0;
    return n;
}

static int write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY);
    if (fd < 0)
        return -1;
    ssize_t n = write(fd, text, strlen(text));
    close(fd);
    return n < 0 ? -1 : 0;
}

/* A counter of /proc/vmstat, 0 if there is none of that name. */
static uint64_t counter(const char *name)
{
    char text[8192], key[64];
    if (read_text("/proc/vmstat", text, sizeof text) < 0)
        return 0;
    snprintf(key, sizeof key, "\n%s ", name);
    const char *at = strstr(text, key);
    return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

/* While it waits for a disk under --icount the guest's clock runs on to the next
 * alarm, whatever that is: so there must be no watchdog. */
static int has_swap(void)
{
    alarm(0);
    char text[512];
    ssize_t n = read_text("/proc/swaps", text, sizeof text);
    return n > 0 && strstr(text, "\n/") != NULL;
}

/* Pages that are all in the swap area and not in memory; NULL: no. */
static char *pages_out(uint64_t *ns)
{
    char *p = bench_get_memory(PAGES * BENCH_PAGE, MAP_PRIVATE);
    if (!p)
        return NULL;
    bench_write_pages(p, PAGES * BENCH_PAGE, 1);
    uint64_t t = cpu_ns();
    int err = madvise(p, PAGES * BENCH_PAGE, MADV_PAGEOUT);
    *ns = cpu_ns() - t;
    if (!err)
        return p;
    munmap(p, PAGES * BENCH_PAGE);
    return NULL;
}

static int bench_swap_out(const char *name)
{
    struct series s = { .count = 0 }, bytes = { .count = 0 };
    while (has_swap() && series_more(&s)) {
        uint64_t ns, before = counter("pswpout");
        char *p = pages_out(&ns);
        if (!p)
            return -1;
        series_add_time(&s, ns, PAGES);
        series_add_time(&bytes, (counter("pswpout") - before) * BENCH_PAGE,
                        PAGES);
        munmap(p, PAGES * BENCH_PAGE);
    }
    if (s.count == 0)
        return 0;
    return series_print(&s, name, "ns") |
           series_print(&bytes, "swap_out_bytes", "bytes");
}

/* Touch each `step`-th page; the time and the pages read for one touch. */
static int touch_rounds(const char *name, size_t step, const char *read_name)
{
    struct series s = { .count = 0 }, bytes = { .count = 0 };
    while (has_swap() && series_more(&s)) {
        uint64_t ns, before;
        char *p = pages_out(&ns);
        if (!p)
            return -1;
        unsigned sum = 0;
        before = counter("pswpin");
        uint64_t t = cpu_ns();
        for (size_t i = 0; i < PAGES; i += step)
            sum += *(volatile char *)(p + i * BENCH_PAGE);
        ns = cpu_ns() - t;
        if (sum != PAGES / step)
            return -1;
        series_add_time(&s, ns, PAGES / step);
        series_add_time(&bytes, (counter("pswpin") - before) * BENCH_PAGE,
                        PAGES / step);
        munmap(p, PAGES * BENCH_PAGE);
    }
    if (s.count == 0)
        return 0;
    return series_print(&s, name, "ns") |
           series_print(&bytes, read_name, "bytes");
}

static int bench_swap_in(const char *name)
{
    return touch_rounds(name, 1, "swap_in_bytes");
}

static int bench_major(const char *name)
{
    return touch_rounds(name, CLUSTER, "major_fault_bytes");
}

/* With a full pool, bring in PAGES new pages while all others are in use: the
 * time, and how many frames were looked at to find those that went. */
static int fill_full_pool(const char *policy, uint64_t *ns, uint64_t *looked_at)
{
    if (write_text("/proc/sys/vm/replacement", policy))
        return -1;
    char *old = bench_get_memory(POOL_FRAMES * BENCH_PAGE, MAP_PRIVATE);
    char *new = bench_get_memory(PAGES * BENCH_PAGE, MAP_PRIVATE);
    if (!old || !new)
        return -1;
    bench_write_pages(old, POOL_FRAMES * BENCH_PAGE, 1);
    uint64_t scanned = counter("pgscan_direct");
    uint64_t t = cpu_ns();
    bench_write_pages(new, PAGES * BENCH_PAGE, 1);
    *ns = cpu_ns() - t;
    *looked_at = counter("pgscan_direct") - scanned;
    munmap(old, POOL_FRAMES * BENCH_PAGE);
    munmap(new, PAGES * BENCH_PAGE);
    return 0;
}

/* The clock passes pages that were used, FIFO takes the first one: the
 * difference is the cost of passing. */
static int bench_scan(const char *name)
{
    struct series s = { .count = 0 };
    char own[POLICY_BYTES];
    int failed = 0;

    if (!has_swap() ||
        read_text("/proc/sys/vm/replacement", own, sizeof own) < 0)
        return 0;
    if (mlockall(MCL_CURRENT) || write_text("/proc/self/limit_frames", "64"))
        return -1;
    while (!failed && series_more(&s)) {
        uint64_t fifo_ns, fifo_scanned, ns, scanned;
        failed = fill_full_pool("fifo", &fifo_ns, &fifo_scanned) ||
                 fill_full_pool("clock", &ns, &scanned) ||
                 scanned <= fifo_scanned;
        if (!failed)
            series_add_time(&s, ns > fifo_ns ? ns - fifo_ns : 0,
                            scanned - fifo_scanned);
    }
    write_text("/proc/sys/vm/replacement", own);
    return failed ? -1 : series_print(&s, name, "ns");
}

const struct bench swap_benches[] = {
    { "swap_out", bench_swap_out, "a page to the swap area, one of many" },
    { "swap_in", bench_swap_in, "a page from it, with its neighbours" },
    { "major_fault", bench_major, "a fault that reads a cluster of pages" },
    { "reclaim_scan", bench_scan, "a frame looked at, and passed over" },
    { NULL, NULL, NULL },
};
