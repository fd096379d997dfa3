/*
 * getrusage: neither user nor system time ever goes back, however the load
 * changes between the two.
 */
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include "check.h"

enum { PHASE_MS = 60, PHASES = 8 };

static long microseconds(const struct timeval *time)
{
    return time->tv_sec * 1000000 + time->tv_usec;
}

static long now_ms(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void work(bool in_kernel)
{
    if (in_kernel) {
        getppid();
        return;
    }
    for (volatile int i = 0; i < 2000; i++) {
    }
}

/* One phase in user mode or in system calls; times that went back. */
static int run_phase(bool in_kernel, struct rusage *last)
{
    long end = now_ms() + PHASE_MS;
    int back = 0;

    while (now_ms() < end) {
        struct rusage usage;
        work(in_kernel);
        getrusage(RUSAGE_SELF, &usage);
        if (microseconds(&usage.ru_utime) < microseconds(&last->ru_utime) ||
            microseconds(&usage.ru_stime) < microseconds(&last->ru_stime)) {
            back++;
        }
        *last = usage;
    }
    return back;
}

int main(void)
{
    struct rusage last;

    check_start();
    CHECK_EQ(getrusage(RUSAGE_SELF, &last), 0, "getrusage");
    for (int i = 0; i < PHASES; i++) {
        CHECK_EQ(run_phase(i % 2 == 0, &last), 0, "phase %d", i);
    }
    CHECK(microseconds(&last.ru_utime) + microseconds(&last.ru_stime) > 0,
          "time was counted");
    return check_done();
}
