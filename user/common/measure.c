/*
 * measure.c - what a process has cost so far.
 *
 * The files of /proc are read into static buffers, so that measuring does not
 * change the memory that is measured.
 * Read next: ../cow.c.
 */
#include "measure.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static char text[4096];

static int read_file(const char *path)
{
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        return -1;
    ssize_t got = read(fd, text, sizeof text - 1);
    close(fd);
    if (got < 0)
        return -1;
    text[got] = 0;
    return 0;
}

static long field(const char *name)
{
    const char *p = strstr(text, name);
    return p ? strtol(p + strlen(name), NULL, 10) : 0;
}

int measure_take(struct measure *m)
{
    struct rusage usage;
    if (read_file("/proc/self/statm"))
        return -1;
    char *second;
    strtol(text, &second, 10);
    m->rss_kib = strtol(second, NULL, 10) * (sysconf(_SC_PAGESIZE) / 1024);
    if (read_file("/proc/meminfo"))
        return -1;
    m->used_kib = field("MemTotal:") - field("MemFree:");
    if (getrusage(RUSAGE_SELF, &usage))
        return -1;
    m->minor_faults = (unsigned long)usage.ru_minflt;
    m->major_faults = (unsigned long)usage.ru_majflt;
    return 0;
}

unsigned long long measure_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (unsigned long long)t.tv_sec * 1000000000ull +
           (unsigned long long)t.tv_nsec;
}
