/*
 * memory.c - the cost of page faults of each kind.
 *
 * A round makes PAGES of them; the page is new, the zero page, a page of a
 * file, or one that parent and child share until one of them writes.
 */
#include "bench.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/measure.h"

#define DATA_PATH "/tmp/bench-data"

enum {
    PAGES = 1024, /* per round */
    CHUNK = 64 * 1024,
};

static char chunk[CHUNK];

static int bench_anonymous(const char *name)
{
    struct series s = { .count = 0 };
    while (series_more(&s)) {
        char *p = bench_get_memory(PAGES * BENCH_PAGE, MAP_PRIVATE);
        if (!p)
            return -1;
        uint64_t t = measure_clock();
        bench_write_pages(p, PAGES * BENCH_PAGE, 1);
        series_add_time(&s, measure_clock() - t, PAGES);
        munmap(p, PAGES * BENCH_PAGE);
    }
    return series_print(&s, name, "ns");
}

static int bench_zero(const char *name)
{
    struct series s = { .count = 0 };
    while (series_more(&s)) {
        char *p = bench_get_memory(PAGES * BENCH_PAGE, MAP_PRIVATE);
        if (!p)
            return -1;
        uint64_t t = measure_clock();
        unsigned sum = bench_read_pages(p, PAGES * BENCH_PAGE);
        series_add_time(&s, measure_clock() - t, PAGES);
        munmap(p, PAGES * BENCH_PAGE);
        if (sum)
            return -1;
    }
    return series_print(&s, name, "ns");
}

/* The child writes to every page and reports the time it took. */
static int cow_round(char *p, int channel[2], uint64_t *copies)
{
    pid_t pid = bench_fork_partner();
    if (pid < 0)
        return -1;
    if (pid == 0) {
        uint64_t t = measure_clock();
        bench_write_pages(p, PAGES * BENCH_PAGE, 2);
        t = measure_clock() - t;
        _exit(write(channel[1], &t, sizeof t) != sizeof t);
    }
    if (read(channel[0], copies, sizeof *copies) != sizeof *copies)
        return -1;
    return bench_reap(pid);
}

/* First the child copies; then the parent, the last owner, takes back. */
static int bench_cow(const char *name)
{
    struct series copy = { .count = 0 }, take = { .count = 0 };
    char *p = bench_get_memory(PAGES * BENCH_PAGE, MAP_PRIVATE);
    int channel[2];
    if (!p || pipe(channel))
        return -1;
    bench_write_pages(p, PAGES * BENCH_PAGE, 1);
    while (series_more(&copy)) {
        uint64_t copies;
        if (cow_round(p, channel, &copies))
            return -1;
        if (bench_read_pages(p, PAGES * BENCH_PAGE) != PAGES)
            return -1; /* the child's writes arrived here */
        uint64_t t = measure_clock();
        bench_write_pages(p, PAGES * BENCH_PAGE, 1);
        series_add_time(&take, measure_clock() - t, PAGES);
        series_add_time(&copy, copies, PAGES);
    }
    series_print(&copy, name, "ns");
    return series_print(&take, "fault_cow_takeback", "ns");
}

static int make_data(void)
{
    int fd = open(DATA_PATH, O_RDWR | O_CREAT | O_TRUNC, 0600);
    memset(chunk, 0x5a, sizeof chunk);
    for (size_t i = 0; fd >= 0 && i < PAGES * BENCH_PAGE; i += sizeof chunk)
        if (write(fd, chunk, sizeof chunk) != (ssize_t)sizeof chunk) {
            close(fd);
            return -1;
        }
    return fd;
}

static int bench_file(const char *name)
{
    struct series s = { .count = 0 };
    int fd = make_data();
    unlink(DATA_PATH);
    while (fd >= 0 && series_more(&s)) {
        char *p = mmap(NULL, PAGES * BENCH_PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
        if (p == MAP_FAILED)
            return -1;
        uint64_t t = measure_clock();
        unsigned sum = bench_read_pages(p, PAGES * BENCH_PAGE);
        series_add_time(&s, measure_clock() - t, PAGES);
        munmap(p, PAGES * BENCH_PAGE);
        if (sum != PAGES * 0x5a)
            return -1;
    }
    return series_print(&s, name, "ns");
}

const struct bench memory_benches[] = {
    { "fault_cow", bench_cow, "copy in the child; taking back in the parent" },
    { "fault_anonymous", bench_anonymous, "first write to a new page" },
    { "fault_zero", bench_zero, "first read of a new page" },
    { "fault_file", bench_file, "first read of a mapped file's page" },
    { NULL, NULL, NULL },
};
