/*
 * Clocks and sleeping: monotonic, consistent with each other, never early;
 * bad arguments.
 *
 * Bad input: row 115.
 */
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>
#include <unistd.h>
#include "common/child.h"
#include "common/raw.h"

static long nanoseconds(clockid_t clock)
{
    struct timespec now = { 0, 0 };
    NEED(clock_gettime(clock, &now) == 0);
    return now.tv_sec * 1000000000 + now.tv_nsec;
}

static void check_clocks(void)
{
    struct timeval day;
    struct timespec resolution;
    int back = 0;
    long previous = nanoseconds(CLOCK_MONOTONIC);
    for (int i = 0; i < 2000; i++) {
        long now = nanoseconds(CLOCK_MONOTONIC);
        back += now < previous;
        previous = now;
    }
    CHECK_EQ(back, 0, "the monotonic clock never goes back");
    long before = nanoseconds(CLOCK_REALTIME) / 1000000;
    NEED(gettimeofday(&day, NULL) == 0);
    long real = nanoseconds(CLOCK_REALTIME) / 1000000;
    long told = day.tv_sec * 1000 + day.tv_usec / 1000;
    CHECK(before <= told && told <= real, "gettimeofday agrees");
    CHECK(real / 1000 - (long)time(NULL) <= 5, "time agrees");
    CHECK(real / 1000 > 1500000000, "the date is a real one");
    CHECK(clock_getres(CLOCK_MONOTONIC, &resolution) == 0 &&
              resolution.tv_sec == 0 && resolution.tv_nsec > 0,
          "clock_getres");
    CHECK_ERRNO(clock_gettime(77, &resolution), EINVAL, "unknown clock");
    CHECK_EQ(RAW2(SYS_clock_gettime, -1000, &resolution), -EINVAL,
             "clock -1000");
}

static void check_sleeping(void)
{
    struct timespec wait = { 0, 20000000 }, at;
    long start = nanoseconds(CLOCK_MONOTONIC);
    CHECK_EQ(nanosleep(&wait, NULL), 0, "nanosleep");
    CHECK(nanoseconds(CLOCK_MONOTONIC) - start >= 20000000, "not too short");
    start = nanoseconds(CLOCK_MONOTONIC);
    CHECK_EQ(usleep(15000), 0, "usleep");
    CHECK(nanoseconds(CLOCK_MONOTONIC) - start >= 15000000, "not too short");
    start = nanoseconds(CLOCK_MONOTONIC) + 20000000;
    at = (struct timespec){ start / 1000000000, start % 1000000000 };
    CHECK_EQ(RAW4(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &at, 0),
             0, "until a time");
    CHECK(nanoseconds(CLOCK_MONOTONIC) >= start, "not before it");
    CHECK_EQ(RAW4(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &at, 0),
             0, "a time that is over");
}

/* Row 115 */
static void check_errors(void)
{
    struct timespec bad = { 0, -1 };
    struct itimerval timer = { { 0, 0 }, { 0, 1000000 } };
    CHECK_ERRNO(nanosleep(&bad, NULL), EINVAL, "nsec -1");
    bad.tv_nsec = 1000000000;
    CHECK_ERRNO(nanosleep(&bad, NULL), EINVAL, "nsec 1e9");
    bad = (struct timespec){ -1, 0 };
    CHECK_ERRNO(nanosleep(&bad, NULL), EINVAL, "sec -1");
    CHECK_EQ(RAW4(SYS_clock_nanosleep, 77, 0, &bad, 0), -EINVAL, "clock 77");
    CHECK_ERRNO(setitimer(ITIMER_REAL, &timer, NULL), EINVAL, "usec 1e6");
    CHECK_EQ(RAW3(SYS_setitimer, 9, &timer, 0), -EINVAL, "timer 9");
}

static void check_cpu_time(void)
{
    struct tms before, after;
    struct rusage usage;
    long start = nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
    NEED(times(&before) != -1);
    while (nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - start < 60000000) {
    }
    CHECK(times(&after) != -1, "times");
    CHECK(after.tms_utime + after.tms_stime >
              before.tms_utime + before.tms_stime,
          "60 ms of work are ticks");
    NEED(getrusage(RUSAGE_SELF, &usage) == 0);
    CHECK(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec > 0 ||
              usage.ru_utime.tv_usec + usage.ru_stime.tv_usec >= 50000,
          "getrusage tells them");
    long used = 40000000;
    /* A processor that stands still before or after the sleep counts. */
    for (int i = 0; i < 20 && used >= 40000000; i++) {
        start = nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
        usleep(50000);
        used = nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - start;
    }
    CHECK(used < 40000000, "sleeping takes no CPU time");
}

int main(void)
{
    check_start();
    check_clocks();
    check_sleeping();
    check_errors();
    check_cpu_time();
    return check_done();
}
