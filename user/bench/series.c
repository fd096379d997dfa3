/*
 * series.c - rounds and figures, see bench.h.
 *
 * A figure is the median of several rounds after one that does not count.
 * Values are kept in hundredths of the unit.
 */
#include "bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

int bench_rounds = 7;

int series_more(const struct series *s)
{
    return s->count <= bench_rounds;
}

void series_add_time(struct series *s, uint64_t ns, uint64_t operations)
{
    s->values[s->count++] = ns * 100 / operations;
}

void series_add_rate(struct series *s, uint64_t ns, uint64_t bytes)
{
    s->values[s->count++] =
        bytes * 1000 / (ns ? ns : 1) * 100000000ull / BENCH_MIB;
}

static int compare_values(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

int series_print(struct series *s, const char *name, const char *unit)
{
    int n = s->count - 1, largest_is_best = unit[0] == 'M';
    uint64_t *v = s->values + 1;
    if (n < 1)
        return -1;
    qsort(v, (size_t)n, sizeof *v, compare_values);
    uint64_t median = (v[(n - 1) / 2] + v[n / 2]) / 2;
    uint64_t best = v[largest_is_best ? n - 1 : 0];
    printf("%-20s %llu.%02llu %s best=%llu.%02llu\n", name,
           (unsigned long long)median / 100, (unsigned long long)median % 100,
           unit, (unsigned long long)best / 100,
           (unsigned long long)best % 100);
    return fflush(stdout);
}

/* ---- helpers ---- */

int bench_reap(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    errno = ECHILD;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

pid_t bench_fork_partner(void)
{
    pid_t pid = fork();
    if (pid == 0)
        alarm(WATCHDOG_SECONDS);
    return pid;
}

char *bench_get_memory(size_t length, int flags)
{
    char *p = mmap(NULL, length, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS,
                   -1, 0);
    if (p == MAP_FAILED)
        return NULL;
#ifdef MADV_NOHUGEPAGE
    madvise(p, length, MADV_NOHUGEPAGE); /* pages of 4 KiB on Linux too */
#endif
    return p;
}

void bench_write_pages(volatile char *p, size_t length, char value)
{
    for (size_t i = 0; i < length; i += BENCH_PAGE)
        p[i] = value;
}

unsigned bench_read_pages(const volatile char *p, size_t length)
{
    unsigned sum = 0;
    for (size_t i = 0; i < length; i += BENCH_PAGE)
        sum += (unsigned char)p[i];
    return sum;
}
