/*
 * No CPU stays idle for long while a thread that may run there waits elsewhere:
 * not when the waiting one's mask has just been widened, nor when a longer queue
 * has only threads that must stay.
 *
 * smp: 1 2 4
 */
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include "common/child.h"
#include "common/raw.h"
#include "common/scheduling.h"
#include "common/thread.h"

enum { PINNED = 2, FEW_TICKS = 200 };

static struct thread pinned[PINNED], wide;
static volatile int stop;
static int home, other;

static unsigned here(void)
{
    unsigned cpu = 0;

    RAW3(SYS_getcpu, &cpu, 0, 0);
    return cpu;
}

static int spins(void *unused)
{
    (void)unused;
    while (!stop) {
    }
    return 0;
}

/* Runs until it comes to another CPU than `home`. */
static int spins_until_away(void *unused)
{
    (void)unused;
    wide.progress = 1;
    while (!stop && here() == (unsigned)home) {
    }
    wide.progress = 2;
    return 0;
}

/* What the CPUs of `mask` were idle, waiting for disks or not, in ticks. */
static long idle_ticks(uint64_t mask)
{
    static char text[65536];
    long sum = 0;

    NEED(check_read_file("/proc/stat", text, sizeof(text)) > 0);
    for (char *at = text; (at = strstr(at, "\ncpu")); at++) {
        long cpu = -1, idle = 0, disks = 0;
        sscanf(at, "\ncpu%ld %*d %*d %*d %ld %ld", &cpu, &idle, &disks);
        if (cpu >= 0 && cpu < 64 && (mask >> cpu & 1)) {
            sum += idle + disks;
        }
    }
    return sum;
}

/* Or there is none to get: something else on this machine has them all. */
static bool gets_cpu(uint64_t others)
{
    long before = idle_ticks(others);

    return thread_await(&wide.progress, 2) ||
           idle_ticks(others) - before < FEW_TICKS;
}

int main(void)
{
    uint64_t all = get_cpus(0);

    home = first_cpu();
    other = next_cpu(home);
    if (other < 0) {
        return check_done();
    }
    set_cpus(0, 1ul << home);
    for (int i = 0; i < PINNED; i++) {
        thread_start(&pinned[i], spins, NULL);
    }
    thread_start(&wide, spins_until_away, NULL);
    CHECK(thread_await(&wide.progress, 1), "it runs");
    /* The first thread sleeps from now on: the other CPUs are idle. */
    CHECK_EQ(set_cpus(wide.tid, all), 0, "it may go");
    CHECK(gets_cpu(all & ~(1ul << home)), "it gets a CPU of its own");
    stop = 1;
    for (int i = 0; i < PINNED; i++) {
        thread_join(&pinned[i]);
    }
    thread_join(&wide);
    return check_done();
}
