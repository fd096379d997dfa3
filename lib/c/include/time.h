/*
 * time.h - clocks and calendar.  The only time zone is Universal Time.
 */
#pragma once

#include <stddef.h>

#include "abi/time.h"

#define CLOCKS_PER_SEC 1000000l

struct tm {
    int tm_sec;
    int tm_min;
    int tm_hour;
    int tm_mday; /* from 1 */
    int tm_mon;  /* from 0 */
    int tm_year; /* since 1900 */
    int tm_wday; /* 0 is Sunday */
    int tm_yday; /* from 0 */
    int tm_isdst;
    long tm_gmtoff;
    const char *tm_zone;
};

time_t time(time_t *out);
double difftime(time_t a, time_t b);
clock_t clock(void);
int clock_gettime(clockid_t clock, struct timespec *time);
int clock_getres(clockid_t clock, struct timespec *resolution);
int clock_nanosleep(clockid_t clock, int flags, const struct timespec *time,
                    struct timespec *left);
int nanosleep(const struct timespec *time, struct timespec *left);

struct tm *gmtime(const time_t *time);
struct tm *gmtime_r(const time_t *time, struct tm *out);
struct tm *localtime(const time_t *time);
struct tm *localtime_r(const time_t *time, struct tm *out);
time_t mktime(struct tm *tm);
time_t timegm(struct tm *tm);
char *asctime(const struct tm *tm);
char *ctime(const time_t *time);
size_t strftime(char *buf, size_t size, const char *format,
                const struct tm *tm);
void tzset(void);
