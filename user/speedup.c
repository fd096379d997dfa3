/*
 * speedup - how much faster several workers are than one: processes, and
 * threads of one process.
 *
 * The first worker that has done its work ends the round for all. Two measures
 * are taken. By the clock: how much work was done in a second, compared with one
 * worker. By accounts: CPU time of all workers over the time that passed; it
 * says how many CPUs worked at a time, and does not depend on how fast they are.
 * Rounds of one worker, of processes and of threads alternate, so that another
 * load on the machine meets all alike.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/measure.h"
#include "common/options.h"
#include "common/report.h"

static const char help[] =
    "Usage: speedup [-n WORKERS] [-r ROUNDS] [STEPS]\n"
    "One worker, WORKERS processes (default 2) and as many threads add up\n"
    "numbers, STEPS times 1000 (default 20000) each, ROUNDS times (default "
    "5).\n"
    "\n"
    "Watch the last two lines, which should be the same: threads of a process\n"
    "are no less parallel than processes. \"by clock\" is the speed-up over "
    "one\n"
    "worker (medians); on a machine with other work it wavers. \"CPUs used\"\n"
    "is the CPU time of all workers over the time that passed. With fewer "
    "CPUs\n"
    "than workers both stop at the number of CPUs.\n";

enum { MOST_WORKERS = 64, MOST_ROUNDS = 99, KINDS = 3 };

/* What workers and parent share. */
struct worker {
    unsigned long long begin, end; /* clock */
    unsigned long long cpu;        /* CPU time in between */
    long steps;                    /* thousands done */
};

static struct team {
    int ready, go, over;
    struct worker workers[MOST_WORKERS];
} * team;

/* One round of one kind. */
struct figure {
    double speed, cpus; /* steps in a nanosecond */
};

static long steps = 20000;
static volatile unsigned long sink;

static unsigned long long cpu_time(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (unsigned long long)t.tv_sec * 1000000000 +
           (unsigned long long)t.tv_nsec;
}

/* Returns how many thousands of steps were done when all was over. */
static long add_up(void)
{
    unsigned long sum = 1;
    long done = 0;
    while (done < steps && !__atomic_load_n(&team->over, __ATOMIC_RELAXED)) {
        for (unsigned long k = 0; k < 1000; k++)
            sum = sum * 3 + k;
        done++;
    }
    __atomic_store_n(&team->over, 1, __ATOMIC_RELAXED);
    sink = sum;
    return done;
}

/* All begin when the last of them is there. */
static void *work(void *argument)
{
    struct worker *w = argument;
    struct timespec moment = { .tv_nsec = 1000000 };
    __atomic_fetch_add(&team->ready, 1, __ATOMIC_SEQ_CST);
    while (!__atomic_load_n(&team->go, __ATOMIC_ACQUIRE))
        nanosleep(&moment, NULL);
    w->begin = measure_clock();
    unsigned long long before = cpu_time();
    w->steps = add_up();
    w->cpu = cpu_time() - before;
    w->end = measure_clock();
    return NULL;
}

static void start_team(int count)
{
    struct timespec moment = { .tv_nsec = 1000000 };
    while (__atomic_load_n(&team->ready, __ATOMIC_ACQUIRE) < count)
        nanosleep(&moment, NULL);
    __atomic_store_n(&team->go, 1, __ATOMIC_RELEASE);
}

static int run_processes(int count)
{
    int status, failed = 0;
    for (int i = 0; i < count; i++) {
        pid_t pid = fork();
        if (pid < 0)
            return -1;
        if (pid == 0) {
            work(&team->workers[i]);
            _exit(0);
        }
    }
    start_team(count);
    while (wait(&status) > 0)
        failed |= status;
    return failed ? -1 : 0;
}

static int run_threads(int count)
{
    pthread_t threads[MOST_WORKERS];
    for (int i = 0; i < count; i++)
        if ((errno =
                 pthread_create(&threads[i], NULL, work, &team->workers[i])))
            return -1;
    start_team(count);
    for (int i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    return 0;
}

/* From the first worker's begin to the last one's end. */
static int measure(int (*run)(int count), int count, struct figure *figure)
{
    unsigned long long begin, end, cpu = 0;
    long done = 0;
    *team = (struct team){ .ready = 0 };
    if (run(count))
        return -1;
    begin = team->workers[0].begin;
    end = team->workers[0].end;
    for (int i = 0; i < count; i++) {
        const struct worker *w = &team->workers[i];
        begin = w->begin < begin ? w->begin : begin;
        end = w->end > end ? w->end : end;
        cpu += w->cpu;
        done += w->steps;
    }
    figure->speed = (double)done * 1e3 / (double)(end - begin);
    figure->cpus = (double)cpu / (double)(end - begin);
    return 0;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const double *values, long count)
{
    double sorted[MOST_ROUNDS];
    for (long i = 0; i < count; i++)
        sorted[i] = values[i];
    qsort(sorted, (size_t)count, sizeof *sorted, compare);
    return sorted[count / 2];
}

static const struct {
    const char *name;
    int (*run)(int count);
    int alone;
} kinds[KINDS] = {
    { "one", run_processes, 1 },
    { "processes", run_processes, 0 },
    { "threads", run_threads, 0 },
};

static void print(double speeds[KINDS][MOST_ROUNDS],
                  double cpus[KINDS][MOST_ROUNDS], long workers, long rounds)
{
    double one = median(speeds[0], rounds);
    printf("%-12s %8s %10s %10s %10s\n", "", "workers", "steps/us", "by clock",
           "CPUs used");
    for (int kind = 0; kind < KINDS; kind++) {
        double speed = median(speeds[kind], rounds);
        printf("%-12s %8ld %10.2f %10.3f %10.3f\n", kinds[kind].name,
               kinds[kind].alone ? 1 : workers, speed * 1e3, speed / one,
               median(cpus[kind], rounds));
    }
}

static int show(long workers, long rounds)
{
    static double speeds[KINDS][MOST_ROUNDS], cpus[KINDS][MOST_ROUNDS];
    for (long round = 0; round < rounds; round++)
        for (int kind = 0; kind < KINDS; kind++) {
            struct figure f;
            int count = kinds[kind].alone ? 1 : (int)workers;
            if (measure(kinds[kind].run, count, &f)) {
                report_errno("%s", kinds[kind].name);
                return 1;
            }
            speeds[kind][round] = f.speed;
            cpus[kind][round] = f.cpus;
        }
    print(speeds, cpus, workers, rounds);
    return 0;
}

static void take_number(const struct options *o, const char *text, long most,
                        long *number)
{
    if (options_number(text, number) || *number < 1 || *number > most) {
        report("not a number from 1 to %ld: '%s'", most, text);
        options_bad(o);
    }
}

int main(int argc, char **argv)
{
    struct options o;
    long workers = 2, rounds = 5;
    int letter;
    (void)argc;
    options_begin(&o, argv, help, 1);
    while ((letter = options_next(&o, "n:r:")) != -1)
        if (letter == 'n')
            take_number(&o, o.value, MOST_WORKERS, &workers);
        else
            take_number(&o, o.value, MOST_ROUNDS, &rounds);
    if (o.count > 1)
        options_bad(&o);
    if (o.count)
        take_number(&o, o.operands[0], 1000000000, &steps);
    team = mmap(NULL, sizeof *team, PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (team == MAP_FAILED) {
        report_errno("no memory");
        return 1;
    }
    return report_finish(show(workers, rounds));
}
