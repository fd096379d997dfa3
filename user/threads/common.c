/*
 * common.c - time, CPUs, and children in which a model runs.
 *
 * A child ends by _exit(): what the parent has not printed yet is the parent's.
 */
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/report.h"
#include "threads.h"

static double read_clock(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

double now_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

double cpu_ns(void)
{
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

unsigned cpu_count(void)
{
    cpu_set_t cpus;

    if (sched_getaffinity(0, sizeof(cpus), &cpus) != 0)
        return 1;
    return (unsigned)CPU_COUNT(&cpus);
}

void use_one_cpu(void)
{
    cpu_set_t all, one;
    int cpu = 0;

    if (sched_getaffinity(0, sizeof(all), &all) != 0)
        return;
    while (cpu < CPU_SETSIZE - 1 && !CPU_ISSET(cpu, &all))
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    sched_setaffinity(0, sizeof(one), &one);
}

void *shared_memory(size_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED) {
        report_errno("no shared memory");
        exit(2);
    }
    return memory;
}

int model_start(enum uthread_model model, unsigned carriers,
                void *(*body)(void *), void *argument)
{
    struct uthread_options options = { .model = model, .carriers = carriers };
    int pid = fork();

    if (pid < 0)
        report_errno("cannot fork");
    if (pid != 0)
        return pid;
    if (uthread_run(&options, body, argument) != 0) {
        report_errno("cannot run %s", uthread_model_name(model));
        _exit(1);
    }
    _exit(0);
}

int model_wait(int pid)
{
    int status;

    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0 ? 0 : -1;
}

struct uthread *must_create(void *(*body)(void *), void *argument)
{
    struct uthread *t = uthread_create(body, argument);

    if (!t) {
        report_errno("cannot create a thread");
        _exit(1);
    }
    return t;
}
