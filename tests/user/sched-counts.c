/*
 * What is counted for each thread: switches it wanted and switches it did not,
 * time on a CPU and time spent waiting for one, in /proc/PID/status, schedstat
 * and sched, in getrusage; and policy, priority and CPUs in stat and status.
 *
 * smp: 1 2 4
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common/child.h"
#include "common/raw.h"
#include "common/scheduling.h"
#include "common/thread.h"

struct counts {
    long voluntary, involuntary;          /* of status */
    unsigned long run_ns, wait_ns, turns; /* of schedstat */
};

static long read_of(pid_t pid, pid_t tid, const char *name, char *text,
                    size_t size)
{
    char path[64];
    if (tid != 0) {
        snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", pid, tid, name);
    } else {
        snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
    }
    return check_read_file(path, text, size);
}

static long involuntary_of(pid_t pid, pid_t tid)
{
    return thread_status_number(pid, tid, "nonvoluntary_ctxt_switches");
}

/* All of one moment: once more if the thread was switched meanwhile. */
static struct counts counts_of(pid_t pid, pid_t tid)
{
    struct counts c;
    char text[256];
    do {
        c.involuntary = involuntary_of(pid, tid);
        c.voluntary = thread_status_number(pid, tid, "voluntary_ctxt_switches");
        NEED(read_of(pid, tid, "schedstat", text, sizeof(text)) > 0);
        NEED(sscanf(text, "%lu %lu %lu", &c.run_ns, &c.wait_ns, &c.turns) == 3);
    } while (c.involuntary != involuntary_of(pid, tid));
    return c;
}

/* -- who sleeps, and who computes ---------------------------------------------- */

enum {
    SLEEPS = 50,
    HOGS = 2,
    HOG_MS = 120,
    HOG_LONGEST_MS = 20000,
    SWITCHES = 3,
    WAIT_MS = 40,
};

static struct thread sleeper;
static struct gate gate;

static int sleeps(void *unused)
{
    char byte;
    (void)unused;
    for (int i = 0; i < SLEEPS; i++) {
        thread_pause();
    }
    sleeper.progress = 1;
    RAW3(SYS_read, gate.ends[0], &byte, 1);
    return 0;
}

static void check_sleeper(void)
{
    gate_make(&gate);
    int pid = getpid(), tid = thread_start(&sleeper, sleeps, NULL);
    NEED(thread_await(&sleeper.progress, 1));
    NEED(thread_await_state(pid, tid, 'S'));
    struct counts c = counts_of(pid, tid);
    check_note("%ld voluntary, %ld not, ran %lu us, waited %lu us, %lu turns",
               c.voluntary, c.involuntary, c.run_ns / 1000, c.wait_ns / 1000,
               c.turns);
    CHECK(c.voluntary >= SLEEPS && c.voluntary <= SLEEPS + 10,
          "each sleep is a switch it wanted");
    CHECK(c.turns >= (unsigned long)c.voluntary, "after each it had a turn");
    CHECK(c.run_ns > 0 && c.run_ns < 1000000000, "it has hardly run");
    gate_open(&gate);
    thread_join(&sleeper);
    gate_close(&gate);
}

struct hog {
    struct counts before, after;
    struct rusage usage;
    volatile int has_waited;
};

static struct hog *hogs; /* shared by all processes */

static long wait_ms(const struct hog *h)
{
    return (long)(h->after.wait_ns - h->before.wait_ns) / 1000000;
}

static long switches(const struct hog *h)
{
    return h->after.involuntary - h->before.involuntary;
}

/* For HOG_MS, and longer until both have waited for each other: how long a turn
 * is on a busy host is not for the kernel to say. */
static int computes(void *argument)
{
    struct hog *h = argument;
    gate_pass(&gate);
    h->before = counts_of(getpid(), getpid());
    compute_ms(HOG_MS);
    for (long ms = HOG_MS; ms < HOG_LONGEST_MS; ms++) {
        h->after = counts_of(getpid(), getpid());
        h->has_waited |= switches(h) >= SWITCHES && wait_ms(h) >= WAIT_MS;
        if (hogs[0].has_waited && hogs[1].has_waited) {
            break;
        }
        compute_ms(1);
    }
    return getrusage(RUSAGE_SELF, &h->usage);
}

static void check_hog(const struct hog *h)
{
    long voluntary = h->after.voluntary - h->before.voluntary;
    long run_ms = (long)(h->after.run_ns - h->before.run_ns) / 1000000;
    unsigned long turns = h->after.turns - h->before.turns;
    check_note("%ld voluntary, %ld not, ran %ld ms, waited %ld ms", voluntary,
               switches(h), run_ms, wait_ms(h));
    CHECK(voluntary <= 4, "who computes wants no switch");
    CHECK(switches(h) >= SWITCHES, "but gets some");
    CHECK(run_ms >= HOG_MS - 15, "its run time is counted");
    CHECK(wait_ms(h) >= WAIT_MS, "and what it waited for the other");
    CHECK(turns >= (unsigned long)switches(h),
          "after each switch it had a turn");
    CHECK(h->usage.ru_nivcsw >= h->after.involuntary &&
              h->usage.ru_nvcsw >= h->after.voluntary,
          "getrusage counts the same");
}

static void check_hogs(void)
{
    hogs = shared_memory(HOGS * sizeof(*hogs));
    pid_t pids[HOGS];
    gate_make(&gate);
    for (int i = 0; i < HOGS; i++) {
        pids[i] = child_start(computes, &hogs[i]);
        NEED(set_cpus(pids[i], 1ul << first_cpu()) == 0);
    }
    for (int i = 0; i < HOGS; i++) {
        gate_open(&gate);
    }
    for (int i = 0; i < HOGS; i++) {
        NEED(child_wait(pids[i]) == 0);
    }
    for (int i = 0; i < HOGS; i++) {
        check_hog(&hogs[i]);
    }
    gate_close(&gate);
}

/* -- what it is -------------------------------------------------------------- */

static long stat_field(pid_t pid, int number)
{
    char text[1024];
    NEED(read_of(pid, 0, "stat", text, sizeof(text)) > 0);
    char *p = strrchr(text, ')');
    for (int i = 2; p && i < number; i++) {
        p = strchr(p + 1, ' ');
    }
    return p ? atol(p) : -1;
}

static void check_stat(void)
{
    static const struct {
        int policy, priority, nice, shown;
    } rows[] = { { SCHED_OTHER, 0, 0, 20 },  { SCHED_OTHER, 0, 19, 39 },
                 { SCHED_OTHER, 0, -20, 0 }, { SCHED_BATCH, 0, 5, 25 },
                 { SCHED_IDLE, 0, 3, 23 },   { SCHED_FIFO, 1, 0, -2 },
                 { SCHED_RR, 99, 7, -100 } };
    pid_t pid = start_sleeper(0);
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        NEED(set_policy(pid, rows[i].policy, rows[i].priority) == 0);
        NEED(RAW3(SYS_setpriority, PRIO_PROCESS, pid, rows[i].nice) == 0);
        CHECK_EQ(stat_field(pid, 18), rows[i].shown, "row %zu: priority", i);
        CHECK_EQ(stat_field(pid, 19), rows[i].nice, "nice value");
        CHECK_EQ(stat_field(pid, 40), rows[i].priority, "real-time priority");
        CHECK_EQ(stat_field(pid, 41), rows[i].policy, "policy");
    }
    end_sleeper(pid);
    for (int cpu = first_cpu(); cpu >= 0; cpu = next_cpu(cpu)) {
        uint64_t all = get_cpus(0);
        NEED(set_cpus(0, 1ul << cpu) == 0);
        CHECK_EQ(stat_field(getpid(), 39), cpu, "CPU %d", cpu);
        NEED(set_cpus(0, all) == 0);
    }
}

static const char *status_text(const char *name)
{
    static char text[4096];
    NEED(read_of(getpid(), 0, "status", text, sizeof(text)) > 0);
    char *line = strstr(text, name);
    NEED(line);
    line += strlen(name);
    line[strcspn(line, "\n")] = '\0';
    return line;
}

static void check_status(void)
{
    uint64_t all = get_cpus(0);
    char expected[16];
    for (int cpu = first_cpu(); cpu >= 0; cpu = next_cpu(cpu)) {
        NEED(set_cpus(0, 1ul << cpu) == 0);
        snprintf(expected, sizeof(expected), "%d", cpu);
        CHECK(strcmp(status_text("Cpus_allowed_list:\t"), expected) == 0,
              "list of CPU %d", cpu);
        CHECK_EQ(strtoul(status_text("Cpus_allowed:\t"), NULL, 16), 1ul << cpu,
                 "mask");
        NEED(set_cpus(0, all) == 0);
    }
    if (all == 3 || all == 15) {
        CHECK(strcmp(status_text("Cpus_allowed_list:\t"),
                     all == 3 ? "0-1" : "0-3") == 0,
              "list of all");
    }
}

/* The figure behind this name in /proc/PID/sched, -1: none. */
static double sched_figure(pid_t pid, const char *name)
{
    static char text[8192];
    NEED(read_of(pid, 0, "sched", text, sizeof(text)) > 0);
    char *line = strstr(text, name);
    line = line ? strchr(line, ':') : NULL;
    return line ? atof(line + 1) : -1;
}

static void check_sched(void)
{
    pid_t pid = start_sleeper(0);
    NEED(thread_await_state(pid, pid, 'S'));
    struct counts c = counts_of(pid, pid);
    double run_ms = sched_figure(pid, "se.sum_exec_runtime");
    CHECK(run_ms >= (double)c.run_ns / 1e6 - 0.001 &&
              run_ms <= (double)c.run_ns / 1e6 + 0.001,
          "run time in ms");
    CHECK_EQ(sched_figure(pid, "\nnr_switches"), c.voluntary + c.involuntary,
             "switches");
    CHECK_EQ(sched_figure(pid, "nr_voluntary_switches"), c.voluntary, "wanted");
    CHECK_EQ(sched_figure(pid, "nr_involuntary_switches"), c.involuntary,
             "not wanted");
    CHECK_EQ(sched_figure(pid, "se.load.weight"), 1024 * 1024, "weight");
    CHECK_EQ(sched_figure(pid, "\npolicy"), SCHED_OTHER, "policy");
    CHECK_EQ(sched_figure(pid, "\nprio"), 120, "priority");
    NEED(RAW3(SYS_setpriority, PRIO_PROCESS, pid, -5) == 0);
    CHECK_EQ(sched_figure(pid, "se.load.weight"), 3121 * 1024, "nice -5");
    CHECK_EQ(sched_figure(pid, "\nprio"), 115, "priority");
    NEED(set_policy(pid, SCHED_FIFO, 10) == 0);
    CHECK_EQ(sched_figure(pid, "\nprio"), 89, "FIFO: priority");
    CHECK_EQ(sched_figure(pid, "\npolicy"), SCHED_FIFO, "policy");
    end_sleeper(pid);
}

/* Bound to one CPU after the other, it has come to another one each time. */
static void check_migrations(void)
{
    uint64_t all = get_cpus(0);
    double before = sched_figure(getpid(), "se.nr_migrations");
    int first = first_cpu(), second = next_cpu(first);
    if (second >= 0) {
        for (int i = 0; i < 10; i++) {
            NEED(set_cpus(0, 1ul << (i % 2 ? first : second)) == 0);
        }
        NEED(set_cpus(0, all) == 0);
        double moved = sched_figure(getpid(), "se.nr_migrations") - before;
        CHECK(moved >= 9 && moved <= 20, "ten moves are counted: %d",
              (int)moved);
    }
}

int main(void)
{
    check_start();
    check_sleeper();
    check_hogs();
    check_stat();
    check_status();
    check_sched();
    check_migrations();
    return check_done();
}
