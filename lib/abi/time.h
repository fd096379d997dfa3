/*
 * abi/time.h - times, clocks and interval timers.
 */
#pragma once

#include "abi/types.h"

struct timespec {
    time_t tv_sec;
    long tv_nsec;
};

struct timeval {
    time_t tv_sec;
    suseconds_t tv_usec;
};

struct timezone {
    int tz_minuteswest;
    int tz_dsttime;
};

struct itimerval {
    struct timeval it_interval; /* 0: fires once */
    struct timeval it_value;    /* time left; 0: off */
};

struct itimerspec {
    struct timespec it_interval;
    struct timespec it_value;
};

/* times(), in ticks of CLK_TCK */
struct tms {
    clock_t tms_utime;
    clock_t tms_stime;
    clock_t tms_cutime;
    clock_t tms_cstime;
};

#define CLK_TCK 100

#define CLOCK_REALTIME           0
#define CLOCK_MONOTONIC          1
#define CLOCK_PROCESS_CPUTIME_ID 2
#define CLOCK_THREAD_CPUTIME_ID  3
#define CLOCK_MONOTONIC_RAW      4
#define CLOCK_REALTIME_COARSE    5
#define CLOCK_MONOTONIC_COARSE   6
#define CLOCK_BOOTTIME           7

#define TIMER_ABSTIME 1 /* clock_nanosleep(): until, not for */

#define ITIMER_REAL    0
#define ITIMER_VIRTUAL 1
#define ITIMER_PROF    2

_Static_assert(sizeof(struct timespec) == 16, "layout of struct timespec");
_Static_assert(sizeof(struct itimerval) == 32, "layout of struct itimerval");
