/*
 * The most memory that a process had resident at a time is reported after it
 * was given back: by getrusage, by wait4 for a child that has ended, and as
 * VmHWM in /proc/self/status.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"

/* Linux counts in lots: allow for some pages. */
enum { KIB = 16 << 10, SLACK = 1 << 10 };

static long own_peak(void)
{
    struct rusage usage;
    NEED(getrusage(RUSAGE_SELF, &usage) == 0);
    return usage.ru_maxrss;
}

static long peak_in_status(void)
{
    char text[4096];
    long kib = -1;
    NEED(check_read_file("/proc/self/status", text, sizeof(text)) > 0);
    const char *line = strstr(text, "VmHWM:");
    NEED(line != NULL && sscanf(line, "VmHWM: %ld", &kib) == 1);
    return kib;
}

/* Have KIB more resident for a moment. */
static int child_has_memory(void *unused)
{
    (void)unused;
    char *memory = mmap(NULL, KIB * 1024, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    NEED(memory != MAP_FAILED);
    memset(memory, 1, KIB * 1024);
    NEED(munmap(memory, KIB * 1024) == 0);
    return 0;
}

int main(void)
{
    struct rusage usage;
    int status = -1;

    check_start();
    long before = own_peak();
    CHECK(before > 0, "a program has something resident: %ld KiB", before);
    pid_t pid = child_start(child_has_memory, NULL);
    CHECK_EQ(wait4(pid, &status, 0, &usage), pid, "wait4");
    CHECK(status == 0 && usage.ru_maxrss >= KIB - SLACK,
          "the child had %ld KiB", usage.ru_maxrss);
    CHECK(getrusage(RUSAGE_CHILDREN, &usage) == 0 &&
              usage.ru_maxrss >= KIB - SLACK,
          "the largest child had %ld KiB", usage.ru_maxrss);
    child_has_memory(NULL);
    CHECK(own_peak() >= KIB - SLACK, "now %ld KiB", own_peak());
    CHECK(peak_in_status() >= KIB - SLACK, "VmHWM %ld KiB", peak_in_status());
    return check_done();
}
