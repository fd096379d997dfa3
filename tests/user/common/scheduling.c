/*
 * scheduling.c - see scheduling.h.
 */
#include "common/scheduling.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "common/child.h"
#include "common/raw.h"

long set_policy(pid_t tid, int policy, int priority)
{
    struct sched_param p = { .sched_priority = priority };
    return RAW3(SYS_sched_setscheduler, tid, policy, &p);
}

long get_policy(pid_t tid)
{
    return RAW1(SYS_sched_getscheduler, tid);
}

long set_rt_priority(pid_t tid, int priority)
{
    struct sched_param p = { .sched_priority = priority };
    return RAW2(SYS_sched_setparam, tid, &p);
}

long get_rt_priority(pid_t tid)
{
    struct sched_param p = { .sched_priority = -1 };
    long result = RAW2(SYS_sched_getparam, tid, &p);
    return result == 0 ? p.sched_priority : result;
}

long set_attributes(pid_t tid, const void *attributes, unsigned flags)
{
    return RAW3(SYS_sched_setattr, tid, attributes, flags);
}

long get_attributes(pid_t tid, void *attributes, unsigned size, unsigned flags)
{
    return RAW4(SYS_sched_getattr, tid, attributes, size, flags);
}

void set_normal(void)
{
    NEED(set_policy(0, SCHED_OTHER, 0) == 0);
    NEED(RAW3(SYS_setpriority, PRIO_PROCESS, 0, 0) == 0);
}

int nice_of(pid_t tid)
{
    long level = RAW2(SYS_getpriority, PRIO_PROCESS, tid);
    return level < 0 ? 100 : (int)(20 - level);
}

void become_user(uid_t user)
{
    NEED(setgid(user) == 0 && setuid(user) == 0);
}

struct sleeper {
    uid_t user;
    struct gate ready;
};

static int sleeps(void *argument)
{
    struct sleeper *s = argument;
    if (s->user != 0) {
        become_user(s->user);
    }
    gate_open(&s->ready);
    while (pause() != 0) {
    }
    return 0;
}

pid_t start_sleeper(uid_t user)
{
    struct sleeper s = { .user = user };
    gate_make(&s.ready);
    pid_t pid = child_start(sleeps, &s);
    gate_pass(&s.ready);
    gate_close(&s.ready);
    return pid;
}

void end_sleeper(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

uint64_t get_cpus(pid_t tid)
{
    uint64_t mask[16] = { 0 };
    long got = RAW3(SYS_sched_getaffinity, tid, sizeof(mask), mask);
    return got > 0 ? mask[0] : 0;
}

long set_cpus(pid_t tid, uint64_t mask)
{
    return RAW3(SYS_sched_setaffinity, tid, sizeof(mask), &mask);
}

int next_cpu(int cpu)
{
    uint64_t mask = get_cpus(0);
    for (cpu++; cpu < 64; cpu++) {
        if (mask >> cpu & 1) {
            return cpu;
        }
    }
    return -1;
}

int first_cpu(void)
{
    return next_cpu(-1);
}

int this_cpu(void)
{
    unsigned cpu = 999;
    RAW3(SYS_getcpu, &cpu, NULL, NULL);
    return (int)cpu;
}

uint64_t thread_cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void compute_ms(long ms)
{
    uint64_t until = thread_cpu_ns() + (uint64_t)ms * 1000000;
    while (thread_cpu_ns() < until) {
    }
}
