/*
 * switchcost - what it costs to go from one thread to another, in the same
 * process and in another one.
 *
 * Two parties on one CPU take turns over a futex word: who has the turn reads
 * its working set, hands the turn over, wakes the other and sleeps. Between
 * two turns there is one switch. The time for reading alone is taken off.
 */
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/measure.h"
#include "common/options.h"
#include "common/report.h"

static const char help[] =
    "Usage: switchcost [-n TURNS] [-r ROUNDS]\n"
    "Two parties, bound to one CPU, take turns TURNS (default 1000) times; "
    "the\n"
    "parties are two threads of a process, or two processes. In each turn a\n"
    "party reads a word in each page of its working set. The median of ROUNDS\n"
    "(default 5) is shown, in nanoseconds per switch without that reading.\n"
    "\n"
    "Watch how the difference grows with the working set: a switch to another\n"
    "process loads its page tables, which empties the TLB, and each page must "
    "be\n"
    "looked up again. Threads share their tables. Caches are lost in both "
    "cases.\n"
    "\n"
    "With  tools/run --icount  a nanosecond is an instruction: only the "
    "kernel's\n"
    "own work is seen then, for the TLB is filled without instructions.\n";

enum { PAGE = 4096, MOST_PAGES = 1024, MOST_ROUNDS = 31, SWITCH_CPU = 0 };

/* Shared by both parties, also when these are processes. */
struct table {
    volatile uint32_t turn; /* whose */
    volatile unsigned sum;  /* what was read */
};

struct party {
    struct table *table;
    const volatile unsigned char *pages;
    uint32_t number;
    long turns;
    size_t count; /* of pages */
};

enum kind { THREADS, PROCESSES };

struct cost {
    uint64_t ns, switches; /* of one turn; of 100 turns */
};

static unsigned char *memory; /* a working set for each party */

static long futex(volatile uint32_t *word, int operation, uint32_t value)
{
    return syscall(SYS_futex, word, operation, value, NULL, NULL, 0);
}

/* A word in each page, never in the same place of the cache. */
static unsigned read_pages(const struct party *p)
{
    unsigned sum = 0;
    for (size_t i = 0; i < p->count; i++)
        sum += p->pages[i * PAGE + i * 64 % PAGE];
    return sum;
}

static void take_turns(const struct party *p)
{
    struct table *t = p->table;
    for (long i = 0; i < p->turns; i++) {
        while (t->turn != p->number)
            futex(&t->turn, FUTEX_WAIT, 1 - p->number);
        t->sum += read_pages(p);
        t->turn = 1 - p->number;
        futex(&t->turn, FUTEX_WAKE, 1);
    }
}

static void *thread_main(void *party)
{
    take_turns(party);
    return NULL;
}

static struct party make_party(struct table *t, uint32_t number, long turns,
                               size_t count)
{
    return (struct party){ .table = t,
                           .pages = memory + number * MOST_PAGES * PAGE,
                           .number = number,
                           .turns = turns,
                           .count = count };
}

static uint64_t own_switches(void)
{
    struct rusage usage;
    getrusage(RUSAGE_THREAD, &usage);
    return (uint64_t)(usage.ru_nvcsw + usage.ru_nivcsw);
}

/* Both take their turns; the figures of this one. */
static void measure_turns(const struct party *p, struct cost *c)
{
    uint64_t switches = own_switches(), from = measure_clock();
    take_turns(p);
    c->ns = (measure_clock() - from) / (uint64_t)p->turns / 2;
    c->switches = (own_switches() - switches) * 100 / (uint64_t)p->turns;
}

static int measure_threads(const struct party *a, struct party *b,
                           struct cost *c)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, thread_main, b) != 0)
        return -1;
    measure_turns(a, c);
    return pthread_join(thread, NULL);
}

static int measure_processes(const struct party *a, const struct party *b,
                             struct cost *c)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        take_turns(b);
        _exit(0);
    }
    if (pid < 0)
        return -1;
    measure_turns(a, c);
    return waitpid(pid, &status, 0) == pid && status == 0 ? 0 : -1;
}

/* The time for reading the working set, when it has just been read. */
static uint64_t measure_reading(struct table *t, size_t count)
{
    enum { TIMES = 500 };
    struct party p = make_party(t, 0, 1, count);
    t->sum += read_pages(&p);
    uint64_t from = measure_clock();
    for (int i = 0; i < TIMES; i++)
        t->sum += read_pages(&p);
    return (measure_clock() - from) / TIMES;
}

static int by_value(const void *a, const void *b)
{
    const uint64_t *l = a, *r = b;
    return *l < *r ? -1 : *l > *r;
}

/* The median of the rounds; a first one, in which memory is mapped, does not
 * count. */
static int measure(enum kind kind, struct table *t, size_t count, long turns,
                   long rounds, struct cost *median)
{
    uint64_t ns[MOST_ROUNDS];
    for (long i = -1; i < rounds; i++) {
        struct party a = make_party(t, 0, turns, count);
        struct party b = make_party(t, 1, turns, count);
        t->turn = 0;
        if ((kind == THREADS ? measure_threads(&a, &b, median)
                             : measure_processes(&a, &b, median)) != 0)
            return -1;
        if (i >= 0)
            ns[i] = median->ns;
    }
    qsort(ns, (size_t)rounds, sizeof(*ns), by_value);
    median->ns = ns[rounds / 2];
    return 0;
}

static int show(struct table *t, long turns, long rounds)
{
    static const size_t sets[] = { 0, 8, 32, 128, 512, MOST_PAGES };
    printf("%6s %10s %10s %10s %10s %9s\n", "pages", "reading", "thread",
           "process", "more", "switches");
    for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
        struct cost thread, process;
        if (measure(THREADS, t, sets[i], turns, rounds, &thread) != 0 ||
            measure(PROCESSES, t, sets[i], turns, rounds, &process) != 0)
            return -1;
        uint64_t reading = measure_reading(t, sets[i]);
        printf("%6zu %10lld %10lld %10lld %10lld %6llu.%02llu\n", sets[i],
               (long long)reading, (long long)(thread.ns - reading),
               (long long)(process.ns - reading),
               (long long)(process.ns - thread.ns),
               (unsigned long long)process.switches / 100,
               (unsigned long long)process.switches % 100);
        fflush(stdout);
    }
    return 0;
}

/* Both parties on one CPU, with all they need in memory. */
static struct table *prepare(void)
{
    size_t bytes = 2ul * MOST_PAGES * PAGE;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(SWITCH_CPU, &one);
    if (sched_setaffinity(0, sizeof(one), &one) != 0)
        return NULL;
    memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct table *t = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
                           MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED || t == MAP_FAILED)
        return NULL;
#ifdef MADV_NOHUGEPAGE
    madvise(memory, bytes, MADV_NOHUGEPAGE); /* Linux only; pages of 4 KiB */
#endif
    memset(memory, 1, bytes);
    return t;
}

int main(int argc, char **argv)
{
    struct options o;
    long turns = 1000, rounds = 5;
    int option;

    (void)argc;
    options_begin(&o, argv, help, 2);
    while ((option = options_next(&o, "n:r:")) != -1)
        if (options_number(o.value, option == 'n' ? &turns : &rounds))
            options_bad(&o);
    if (o.count != 0 || turns < 1 || rounds < 1 || rounds > MOST_ROUNDS)
        options_bad(&o);
    struct table *t = prepare();
    if (!t || show(t, turns, rounds) != 0) {
        report_errno("cannot measure");
        return 1;
    }
    return report_finish(0);
}
