/*
 * inversion - an urgent process waits for one of low priority, which does not
 * run because of one between them; and how inherited priority mends it.
 */
#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/measure.h"
#include "common/options.h"
#include "common/report.h"

static const char help[] =
    "Usage: inversion [-l MS] [-m MS]\n"
    "Three processes with real-time priorities on one CPU: \"low\" owns a\n"
    "lock and computes for MS milliseconds (-l, default 50), \"high\" wants\n"
    "the lock, and \"middle\", which knows nothing of it, computes for MS\n"
    "milliseconds (-m, default 300).\n"
    "\n"
    "Watch how long \"high\" waited. With a plain lock it waits for "
    "\"middle\"\n"
    "too: that keeps \"low\" from the CPU, and so from giving the lock back.\n"
    "The priorities of \"high\" and \"middle\" are inverted. With a lock that\n"
    "passes priorities on (FUTEX_LOCK_PI) \"low\" runs as urgently as "
    "\"high\"\n"
    "until it gives the lock back. In the last row \"low\" and \"high\" have\n"
    "no lock in common: a fourth process waits for the one and owns the "
    "other.\n";

enum { LOW = 10, LINK = 15, MIDDLE = 20, HIGH = 30, PROCESSES = 4 };

typedef volatile uint32_t word;

/* What the processes of one experiment share. */
struct stage {
    word lock, second_lock;
    word gates[PROCESSES];        /* 1: go */
    volatile int waiting;         /* at their gates */
    volatile uint64_t waited_ns;  /* by high */
    volatile uint64_t middle_end; /* clock when middle was done, 0: not yet */
    volatile uint64_t high_end;   /* clock when high had the lock */
};

struct lock_kind {
    void (*take)(word *lock);
    void (*give)(word *lock);
};

struct experiment {
    const char *name;
    const struct lock_kind *kind;
    int has_link;
};

enum { GATE_LOW, GATE_LINK, GATE_MIDDLE, GATE_HIGH };

static struct stage *stage;
static long low_ms = 50, middle_ms = 300;

static long futex(word *w, int operation, uint32_t value)
{
    return syscall(SYS_futex, w, operation, value, NULL, NULL, 0);
}

static int swap(word *w, uint32_t from, uint32_t to)
{
    return __atomic_compare_exchange_n(w, &from, to, 0, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST);
}

/* 0 free, 1 taken, 2 taken and somebody may wait. */
static void plain_take(word *lock)
{
    if (swap(lock, 0, 1))
        return;
    while (__atomic_exchange_n(lock, 2, __ATOMIC_SEQ_CST) != 0)
        futex(lock, FUTEX_WAIT, 2);
}

static void plain_give(word *lock)
{
    if (__atomic_exchange_n(lock, 0, __ATOMIC_SEQ_CST) == 2)
        futex(lock, FUTEX_WAKE, 1);
}

/* 0 free, else the owner's number. */
static void pi_take(word *lock)
{
    if (!swap(lock, 0, (uint32_t)getpid()))
        futex(lock, FUTEX_LOCK_PI, 0);
}

static void pi_give(word *lock)
{
    if (!swap(lock, (uint32_t)getpid(), 0))
        futex(lock, FUTEX_UNLOCK_PI, 0);
}

static const struct lock_kind plain = { plain_take, plain_give };
static const struct lock_kind inheriting = { pi_take, pi_give };

static void open_gate(int gate)
{
    stage->gates[gate] = 1;
    futex(&stage->gates[gate], FUTEX_WAKE, 1);
}

static void pass_gate(int gate)
{
    __atomic_add_fetch(&stage->waiting, 1, __ATOMIC_SEQ_CST);
    while (stage->gates[gate] == 0)
        futex(&stage->gates[gate], FUTEX_WAIT, 0);
}

/* Use so much time of the CPU, however long that takes. */
static void compute(long ms)
{
    struct timespec t;
    do {
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    } while (t.tv_sec * 1000 + t.tv_nsec / 1000000 < ms);
}

static void be_low(const struct experiment *e)
{
    pass_gate(GATE_LOW);
    e->kind->take(&stage->lock);
    /* Each of them is more urgent and runs until it sleeps. */
    open_gate(GATE_LINK);
    open_gate(GATE_HIGH);
    open_gate(GATE_MIDDLE);
    compute(low_ms);
    e->kind->give(&stage->lock);
}

static void be_link(const struct experiment *e)
{
    pass_gate(GATE_LINK);
    if (!e->has_link)
        return;
    e->kind->take(&stage->second_lock);
    e->kind->take(&stage->lock);
    e->kind->give(&stage->lock);
    e->kind->give(&stage->second_lock);
}

static void be_middle(const struct experiment *e)
{
    (void)e;
    pass_gate(GATE_MIDDLE);
    compute(middle_ms);
    stage->middle_end = measure_clock();
}

static void be_high(const struct experiment *e)
{
    word *lock = e->has_link ? &stage->second_lock : &stage->lock;
    pass_gate(GATE_HIGH);
    uint64_t from = measure_clock();
    e->kind->take(lock);
    stage->high_end = measure_clock();
    stage->waited_ns = stage->high_end - from;
    e->kind->give(lock);
}

static const struct role {
    int priority;
    void (*run)(const struct experiment *e);
} roles[PROCESSES] = {
    { LOW, be_low }, { LINK, be_link }, { MIDDLE, be_middle }, { HIGH, be_high }
};

/* All on one CPU, the parent too: it is the most urgent. */
static int become_real_time(int priority)
{
    struct sched_param param = { .sched_priority = priority };
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(0, &one);
    if (sched_setaffinity(0, sizeof(one), &one) != 0) {
        report_errno("cannot stay on one CPU");
        return -1;
    }
    if (sched_setscheduler(0, SCHED_FIFO, &param) != 0) {
        report_errno("no real-time priority");
        return -1;
    }
    return 0;
}

static pid_t start(const struct role *role, const struct experiment *e)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    if (become_real_time(role->priority) != 0)
        _exit(1);
    role->run(e);
    _exit(0);
}

static int run(const struct experiment *e)
{
    pid_t pids[PROCESSES];
    int status, failed = 0;
    *stage = (struct stage){ .lock = 0 };
    for (int i = 0; i < PROCESSES; i++) {
        pids[i] = start(&roles[i], e);
        if (pids[i] < 0) {
            report_errno("cannot fork");
            while (i-- > 0)
                kill(pids[i], SIGKILL);
            return -1;
        }
    }
    /* They are less urgent: let them come to their gates, and sleep. */
    for (int tries = 0; stage->waiting < PROCESSES && tries < 1000; tries++)
        usleep(1000);
    usleep(2000);
    open_gate(GATE_LOW);
    for (int i = 0; i < PROCESSES; i++)
        if (waitpid(pids[i], &status, 0) < 0 || status != 0)
            failed = 1;
    if (failed)
        return -1;
    printf("%-26s %8llu.%01llu ms   %s\n", e->name,
           (unsigned long long)stage->waited_ns / 1000000,
           (unsigned long long)stage->waited_ns / 100000 % 10,
           stage->middle_end < stage->high_end ? "middle" : "high");
    return 0;
}

int main(int argc, char **argv)
{
    static const struct experiment experiments[] = {
        { "plain lock", &plain, 0 },
        { "inherited priority", &inheriting, 0 },
        { "inherited through a chain", &inheriting, 1 },
    };
    struct options o;
    int option;

    (void)argc;
    options_begin(&o, argv, help, 2);
    while ((option = options_next(&o, "l:m:")) != -1) {
        long *value = option == 'l' ? &low_ms : &middle_ms;
        if (options_number(o.value, value) || *value < 0 || *value > 10000)
            options_bad(&o);
    }
    if (o.count != 0)
        options_bad(&o);
    stage = mmap(NULL, sizeof(*stage), PROT_READ | PROT_WRITE,
                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (stage == MAP_FAILED) {
        report_errno("no memory");
        return 1;
    }
    if (become_real_time(HIGH + 10) != 0)
        return 1;
    printf("low computes for %ld ms with the lock, middle for %ld ms\n\n"
           "%-26s %13s   %s\n",
           low_ms, middle_ms, "lock", "high waited", "first");
    for (size_t i = 0; i < sizeof(experiments) / sizeof(experiments[0]); i++)
        if (run(&experiments[i]) != 0)
            return report_finish(1);
    return report_finish(0);
}
