/*
 * lib/c/scheduling.c - how threads are scheduled.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include "call.h"
#include "thread.h"

int sched_yield(void)
{
    return (int)CALL(sched_yield);
}

/* The system call returns the number of bytes that it filled; the rest of the
 * set is cleared here. */
int sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set)
{
    long filled = CALL(sched_getaffinity, pid, size, set);

    if (filled < 0)
        return -1;
    for (size_t i = (size_t)filled; i < size; i++)
        ((char *)set)[i] = 0;
    return 0;
}

int sched_setaffinity(pid_t pid, size_t size, const cpu_set_t *set)
{
    return (int)CALL(sched_setaffinity, pid, size, set);
}

int __cpu_count(const cpu_set_t *set)
{
    int count = 0;

    for (size_t i = 0; i < CPU_SETSIZE / 64; i++)
        for (unsigned long word = set->bits[i]; word != 0; word &= word - 1)
            count++;
    return count;
}

int sched_getcpu(void)
{
    unsigned cpu = 0;

    return CALL(getcpu, &cpu, NULL, NULL) < 0 ? -1 : (int)cpu;
}

int sched_setscheduler(pid_t pid, int policy, const struct sched_param *param)
{
    return (int)CALL(sched_setscheduler, pid, policy, param);
}

int sched_getscheduler(pid_t pid)
{
    return (int)CALL(sched_getscheduler, pid);
}

int sched_setparam(pid_t pid, const struct sched_param *param)
{
    return (int)CALL(sched_setparam, pid, param);
}

int sched_getparam(pid_t pid, struct sched_param *param)
{
    return (int)CALL(sched_getparam, pid, param);
}

int sched_get_priority_max(int policy)
{
    return (int)CALL(sched_get_priority_max, policy);
}

int sched_get_priority_min(int policy)
{
    return (int)CALL(sched_get_priority_min, policy);
}

int sched_rr_get_interval(pid_t pid, struct timespec *interval)
{
    return (int)CALL(sched_rr_get_interval, pid, interval);
}

/* The system call gives 40 for -20 to 1 for 19: no value looks like an error. */
int getpriority(int which, id_t who)
{
    long level = CALL(getpriority, which, who);

    return level < 0 ? -1 : (int)(20 - level);
}

int setpriority(int which, id_t who, int priority)
{
    return (int)CALL(setpriority, which, who, priority);
}

/* -1 may be the new value, so that callers look at errno. */
int nice(int increment)
{
    errno = 0;
    int value = getpriority(PRIO_PROCESS, 0) + increment;

    if (setpriority(PRIO_PROCESS, 0, value) != 0) {
        if (errno == EACCES)
            errno = EPERM;
        return -1;
    }
    return getpriority(PRIO_PROCESS, 0);
}

int pthread_setschedparam(pthread_t thread, int policy,
                          const struct sched_param *parameters)
{
    return (int)-RAW_CALL(sched_setscheduler, libc_tid_of(thread), policy,
                          parameters);
}

int pthread_getschedparam(pthread_t thread, int *policy,
                          struct sched_param *parameters)
{
    long result = RAW_CALL(sched_getscheduler, libc_tid_of(thread));

    if (result < 0)
        return (int)-result;
    *policy = (int)result;
    return (int)-RAW_CALL(sched_getparam, libc_tid_of(thread), parameters);
}

int pthread_setschedprio(pthread_t thread, int priority)
{
    struct sched_param parameters = { .sched_priority = priority };

    return (int)-RAW_CALL(sched_setparam, libc_tid_of(thread), &parameters);
}

int pthread_setaffinity_np(pthread_t thread, size_t size, const cpu_set_t *set)
{
    return (int)-RAW_CALL(sched_setaffinity, libc_tid_of(thread), size, set);
}

int pthread_getaffinity_np(pthread_t thread, size_t size, cpu_set_t *set)
{
    int saved = errno, error = 0;

    if (sched_getaffinity(libc_tid_of(thread), size, set) != 0)
        error = errno;
    errno = saved;
    return error;
}
