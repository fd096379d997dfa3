/*
 * lib/c/clock.c - clocks, sleeping and timers.
 */
#include <stddef.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>
#include <unistd.h>

#include "cancel.h"

int clock_gettime(clockid_t clock, struct timespec *time)
{
    return (int)CALL(clock_gettime, clock, time);
}

int clock_getres(clockid_t clock, struct timespec *resolution)
{
    return (int)CALL(clock_getres, clock, resolution);
}

/* Returns the error's number and leaves errno alone, as POSIX wants. */
int clock_nanosleep(clockid_t clock, int flags, const struct timespec *time,
                    struct timespec *left)
{
    return (int)-RAW_CANCEL_CALL(clock_nanosleep, clock, flags, time, left);
}

int nanosleep(const struct timespec *time, struct timespec *left)
{
    return (int)CANCEL_CALL(nanosleep, time, left);
}

unsigned sleep(unsigned seconds)
{
    struct timespec time = { .tv_sec = seconds }, left = { 0 };

    if (nanosleep(&time, &left) == 0)
        return 0;
    return (unsigned)left.tv_sec + (left.tv_nsec > 0);
}

int usleep(unsigned microseconds)
{
    struct timespec time = {
        .tv_sec = microseconds / 1000000,
        .tv_nsec = (long)(microseconds % 1000000) * 1000,
    };

    return nanosleep(&time, NULL);
}

time_t time(time_t *out)
{
    struct timespec now = { 0 };

    clock_gettime(CLOCK_REALTIME, &now);
    if (out != NULL)
        *out = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *time, void *zone)
{
    return (int)CALL(gettimeofday, time, zone);
}

clock_t clock(void)
{
    struct timespec used = { 0 };

    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) != 0)
        return -1;
    return used.tv_sec * CLOCKS_PER_SEC + used.tv_nsec / 1000;
}

clock_t times(struct tms *out)
{
    return CALL(times, out);
}

int getitimer(int which, struct itimerval *value)
{
    return (int)CALL(getitimer, which, value);
}

int setitimer(int which, const struct itimerval *value, struct itimerval *old)
{
    return (int)CALL(setitimer, which, value, old);
}

unsigned alarm(unsigned seconds)
{
    return (unsigned)RAW_CALL(alarm, seconds);
}

int pause(void)
{
    return (int)CANCEL_CALL(pause);
}
