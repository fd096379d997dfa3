/*
 * park.c - very many threads that wait.
 *
 * 1 Idea.  Threads are cheap when one that waits costs little and when their
 *   number makes nothing slower.  For each number of threads a child makes them,
 *   lets them all wait at a channel, and looks at itself.
 * 2 Times.  create: until all wait.  switch: between two other threads, while
 *   they wait.  round: each of them once, from one channel to the next; it
 *   touches each stack, so that it shows the caches' and the TLB's part, too.
 *   All of it is CPU time.
 * 3 Memory.  Resident memory, page tables and regions of the process; what a
 *   region costs the kernel is in /proc/slabinfo, for root.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/report.h"
#include "threads.h"

enum { FIRST_STEP = 100, SWITCHES = 20000, OTHER_REGIONS = 200 };

struct facts {
    long resident_kib, table_kib, regions;
};

/* One row; in memory that the child shares. */
struct parking {
    long count;
    double create_ns, switch_ns, round_ns;
    struct facts before, after;
};

/* ---- what /proc says ------------------------------------------------------ */

static long number_after(const char *text, const char *name)
{
    const char *found = strstr(text, name);

    return found ? atol(found + strlen(name)) : 0;
}

/* The beginning of a file as a string. */
static void read_file(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY);
    ssize_t n = 0;
    size_t done = 0;

    while (fd >= 0 && (n = read(fd, text + done, size - 1 - done)) > 0)
        done += (size_t)n;
    text[done] = '\0';
    if (fd >= 0)
        close(fd);
}

static long count_lines(const char *path)
{
    static char piece[65536];
    int fd = open(path, O_RDONLY);
    long lines = 0;
    ssize_t n;

    while (fd >= 0 && (n = read(fd, piece, sizeof(piece))) > 0)
        for (ssize_t i = 0; i < n; i++)
            lines += piece[i] == '\n';
    if (fd >= 0)
        close(fd);
    return lines;
}

/* Of the regions of all processes: how many there are, and the bytes that the
 * kernel needs for one.  False: it does not say. */
static bool all_regions(long *count, long *bytes)
{
    static const char *const names[] = { "\nregion ", "\nvm_area_struct " };
    static char text[65536];
    long objects;

    read_file("/proc/slabinfo", text, sizeof(text));
    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *line = strstr(text, names[i]);
        if (line &&
            sscanf(line, " %*s %ld %ld %ld", count, &objects, bytes) == 3)
            return true;
    }
    return false;
}

/* Where maps would be too long for the kernel to build, of all processes. */
static long count_regions(void)
{
    long count = count_lines("/proc/self/maps"), bytes;

    if (count == 0 && !all_regions(&count, &bytes))
        count = 0;
    return count;
}

static struct facts look(void)
{
    static char text[4096];

    read_file("/proc/self/status", text, sizeof(text));
    return (struct facts){ number_after(text, "VmRSS:"),
                           number_after(text, "VmPTE:"), count_regions() };
}

/* ---- in the child --------------------------------------------------------- */

static struct uthread_channel *gates[2];
static volatile long arrived[2];

static void *waits_twice(void *unused)
{
    void *value;

    (void)unused;
    for (int i = 0; i < 2; i++) {
        __atomic_add_fetch(&arrived[i], 1, __ATOMIC_SEQ_CST);
        uthread_channel_receive(gates[i], &value);
    }
    return NULL;
}

static void await_all(int gate, long count)
{
    while (arrived[gate] < count)
        uthread_yield();
}

static void *yields(void *unused)
{
    (void)unused;
    for (int i = 0; i < SWITCHES; i++)
        uthread_yield();
    return NULL;
}

static double time_switch(void)
{
    struct uthread *other = must_create(yields, NULL);
    double start = cpu_ns();

    yields(NULL);
    double ns = (cpu_ns() - start) / (2.0 * SWITCHES);
    uthread_join(other);
    return ns;
}

static void *park(void *argument)
{
    struct parking *p = argument;
    struct uthread **threads = malloc((size_t)p->count * sizeof(*threads));

    if (!threads)
        return NULL;
    memset(threads, 0, (size_t)p->count * sizeof(*threads));
    gates[0] = uthread_channel_create(0);
    gates[1] = uthread_channel_create(0);
    p->before = look();
    double start = cpu_ns();
    for (long i = 0; i < p->count; i++)
        threads[i] = must_create(waits_twice, NULL);
    await_all(0, p->count);
    p->create_ns = (cpu_ns() - start) / (double)p->count;
    p->after = look();
    p->switch_ns = time_switch();
    start = cpu_ns();
    uthread_channel_close(gates[0]);
    await_all(1, p->count);
    p->round_ns = (cpu_ns() - start) / (double)p->count;
    uthread_channel_close(gates[1]);
    for (long i = 0; i < p->count; i++)
        uthread_join(threads[i]);
    free(threads);
    return NULL;
}

/* ---- the table ------------------------------------------------------------ */

static void show_row(const struct parking *p)
{
    double n = (double)p->count;

    printf("%7ld  %6.0f ns  %6.0f ns  %6.0f ns  %6.0f B  %5.0f B  %4.2f\n",
           p->count, p->create_ns, p->switch_ns, p->round_ns,
           (double)(p->after.resident_kib - p->before.resident_kib) * 1024 / n,
           (double)(p->after.table_kib - p->before.table_kib) * 1024 / n,
           (double)(p->after.regions - p->before.regions) / n);
    fflush(stdout);
}

static int enough_regions(long count)
{
    char text[32];
    long needed = 2 * count + OTHER_REGIONS;

    read_file("/proc/sys/vm/max_map_count", text, sizeof(text));
    if (text[0] == '\0' || atol(text) >= needed)
        return 1;
    report("%ld threads need %ld regions, of which a process may have %ld; "
           "root can say:",
           count, needed, atol(text));
    fprintf(stderr, "  echo %ld > /proc/sys/vm/max_map_count\n", needed);
    return 0;
}

int park_show(enum uthread_model model, long count)
{
    struct parking *p = shared_memory(sizeof(*p));
    long step = FIRST_STEP, regions, bytes;

    if (model != UTHREAD_ONE_TO_ONE && !enough_regions(count))
        return 1;
    printf("%7s  %9s  %9s  %9s  %8s  %7s  regions\n", "threads", "create",
           "switch", "round", "memory", "tables");
    fflush(stdout);
    for (;; step *= 10) {
        memset(p, 0, sizeof(*p));
        p->count = step < count ? step : count;
        if (model_wait(model_start(model, 1, park, p)) || p->create_ns <= 0)
            return 1;
        show_row(p);
        if (p->count == count)
            break;
    }
    if (all_regions(&regions, &bytes))
        printf("A region is %ld bytes of the kernel's.\n", bytes);
    return 0;
}
