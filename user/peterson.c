/*
 * peterson - two processes, one counter, and what keeps them apart.
 *
 * Counter and locks are in memory both share. An increment is a load, an
 * addition and a store; when two of them overlap, one is lost. Each lock gets
 * the same number of increments; what the counter lacks at the end was lost.
 * Read next: lib/sync/peterson.h, lib/sync/spinlock.h.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/sync/peterson.h"
#include "../lib/sync/spinlock.h"
#include "common/measure.h"
#include "common/options.h"
#include "common/report.h"

static const char help[] =
    "Usage: peterson [COUNT]\n"
    "Two processes add 1 to a shared counter, COUNT times each (default "
    "300000),\n"
    "under one lock after the other.\n"
    "\n"
    "Watch the column \"lost\". Without a lock additions overlap, and one of "
    "two is\n"
    "lost. Peterson's algorithm keeps two processes apart with plain loads "
    "and\n"
    "stores, but x86 may do a load before an earlier store is seen by others: "
    "the\n"
    "two then miss each other's flags, and a few additions get lost. One "
    "fence\n"
    "(MFENCE) mends that. The locks made of compare-and-swap need none, as "
    "that\n"
    "instruction is a fence too. Compare their times.\n"
    "On one CPU nothing is reordered: a process always sees its own stores in "
    "order,\n"
    "so only \"no lock\" can lose anything, and only when preempted in an "
    "addition.\n"
    "A broken lock may also be lucky: add more, or try again.\n"
    "The exit status is 1 only if a lock that is right lost an addition.\n";

enum way { NONE, BARE, FENCED, TAS, TICKET, MCS, WAYS };

static const struct {
    const char *name;
    bool right; /* it must not lose anything */
} ways[WAYS] = {
    { "no lock", false },        { "Peterson, no fence", false },
    { "Peterson, fence", true }, { "test-and-set", true },
    { "ticket", true },          { "MCS", true },
};

/* Each on a cache line of its own. */
struct shared {
    unsigned ready __attribute__((aligned(64)));
    struct peterson peterson __attribute__((aligned(64)));
    struct tas_lock tas __attribute__((aligned(64)));
    struct ticket_lock ticket __attribute__((aligned(64)));
    struct mcs_lock mcs __attribute__((aligned(64)));
    struct mcs_node nodes[2] __attribute__((aligned(64)));
    volatile long counter __attribute__((aligned(64)));
};

static struct shared *shared;

static void enter(enum way way, unsigned me)
{
    if (way == BARE || way == FENCED)
        peterson_lock(&shared->peterson, me, way == FENCED);
    else if (way == TAS)
        tas_lock(&shared->tas);
    else if (way == TICKET)
        ticket_lock(&shared->ticket);
    else if (way == MCS)
        mcs_lock(&shared->mcs, &shared->nodes[me]);
}

static void leave(enum way way, unsigned me)
{
    if (way == BARE || way == FENCED)
        peterson_unlock(&shared->peterson, me);
    else if (way == TAS)
        tas_unlock(&shared->tas);
    else if (way == TICKET)
        ticket_unlock(&shared->ticket);
    else if (way == MCS)
        mcs_unlock(&shared->mcs, &shared->nodes[me]);
}

/* Both start together, so that they really meet. */
static void add(enum way way, unsigned me, long count)
{
    unsigned looks = 0;
    __atomic_fetch_add(&shared->ready, 1, __ATOMIC_ACQ_REL);
    while (__atomic_load_n(&shared->ready, __ATOMIC_ACQUIRE) < 2)
        sync_relax(&looks);
    for (long i = 0; i < count; i++) {
        enter(way, me);
        shared->counter = shared->counter + 1;
        leave(way, me);
    }
}

/* Prints one row; the number of lost additions, or -1. */
static long show(enum way way, long count)
{
    int status;
    memset(shared, 0, sizeof *shared);
    fflush(stdout);
    pid_t pid = fork();
    if (pid < 0)
        return -1;
    if (pid == 0) {
        add(way, 1, count);
        _exit(0);
    }
    unsigned long long start = measure_clock();
    add(way, 0, count);
    if (waitpid(pid, &status, 0) < 0 || status != 0)
        return -1;
    double ms = (double)(measure_clock() - start) / 1e6;
    long lost = 2 * count - shared->counter;
    printf("%-20s %10ld %10ld %8ld %9.1f  %s\n", ways[way].name, 2 * count,
           shared->counter, lost, ms,
           lost              ? "LOST UPDATES"
           : ways[way].right ? "right"
                             : "lucky");
    return lost;
}

int main(int argc, char **argv)
{
    struct options o;
    long count = 300000, lost;
    int status = 0;
    (void)argc;
    options_begin(&o, argv, help, 1);
    while (options_next(&o, "") != -1)
        ;
    if (o.count > 1 || (o.count && (options_number(o.operands[0], &count) ||
                                    count < 1 || count > 1000000000)))
        options_bad(&o);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
        report_errno("no shared memory");
        return 1;
    }
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    printf("2 processes, %ld additions each, %ld CPU%s\n", count, cpus,
           cpus == 1 ? ": the fence makes no difference here" : "s");
    printf("%-20s %10s %10s %8s %9s\n", "", "added", "counted", "lost", "ms");
    for (int way = 0; way < WAYS; way++) {
        lost = show((enum way)way, count);
        if (lost < 0) {
            report_errno("cannot run two processes");
            return 0;
        }
        if (lost > 0 && ways[way].right)
            status = 1;
    }
    return report_finish(status);
}
