/*
 * What a new thread or process has of its maker's scheduling: all of it, or
 * with SCHED_RESET_ON_FORK nothing that is a privilege. exec keeps it all.
 *
 * smp: 1 2 4
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"
#include "common/raw.h"
#include "common/scheduling.h"
#include "common/thread.h"

struct state {
    long policy, priority;
    int nice;
    uint64_t cpus;
};

static struct state state_now(void)
{
    return (struct state){ get_policy(0), get_rt_priority(0), nice_of(0),
                           get_cpus(0) };
}

static int child_looks(void *state)
{
    *(struct state *)state = state_now();
    return 0;
}

static struct thread looker;

static int thread_looks(void *state)
{
    return child_looks(state);
}

/* What a thread, a child and a child of vfork() find, which must be alike. */
static struct state inherited(void)
{
    static struct state by_thread;
    struct state *by_fork = shared_memory(2 * sizeof(*by_fork));
    struct state *by_vfork = by_fork + 1;
    thread_start(&looker, thread_looks, &by_thread);
    thread_join(&looker);
    NEED(child_run(child_looks, by_fork) == 0);
    pid_t pid = vfork();
    if (pid == 0) {
        *by_vfork = state_now();
        _exit(0);
    }
    NEED(pid > 0 && waitpid(pid, NULL, 0) == pid);
    CHECK(memcmp(by_fork, &by_thread, sizeof(*by_fork)) == 0,
          "a thread's is a child's");
    CHECK(memcmp(by_fork, by_vfork, sizeof(*by_fork)) == 0, "vfork's, too");
    return *by_fork;
}

static const struct row {
    const char *name;
    int policy, priority, nice;
    int child_policy, child_priority, child_nice; /* with the flag */
} rows[] = {
    { "OTHER", SCHED_OTHER, 0, 0, SCHED_OTHER, 0, 0 },
    { "OTHER, nice 7", SCHED_OTHER, 0, 7, SCHED_OTHER, 0, 7 },
    { "OTHER, nice -7", SCHED_OTHER, 0, -7, SCHED_OTHER, 0, 0 },
    { "BATCH, nice -1", SCHED_BATCH, 0, -1, SCHED_BATCH, 0, 0 },
    { "BATCH, nice 1", SCHED_BATCH, 0, 1, SCHED_BATCH, 0, 1 },
    { "IDLE, nice 3", SCHED_IDLE, 0, 3, SCHED_IDLE, 0, 3 },
    { "FIFO", SCHED_FIFO, 1, 0, SCHED_OTHER, 0, 0 },
    { "RR, nice 5", SCHED_RR, 99, 5, SCHED_OTHER, 0, 0 },
    { "RR, nice -5", SCHED_RR, 50, -5, SCHED_OTHER, 0, 0 },
};

static void take(const struct row *r, int flag)
{
    set_normal();
    NEED(RAW3(SYS_setpriority, PRIO_PROCESS, 0, r->nice) == 0);
    NEED(set_policy(0, r->policy | flag, r->priority) == 0);
}

static void check_row(const struct row *r)
{
    take(r, 0);
    struct state s = inherited();
    CHECK_EQ(s.policy, r->policy, "%s: policy", r->name);
    CHECK_EQ(s.priority, r->priority, "priority");
    CHECK_EQ(s.nice, r->nice, "nice value");
    take(r, SCHED_RESET_ON_FORK);
    s = inherited();
    CHECK_EQ(s.policy, r->child_policy, "%s with flag: policy", r->name);
    CHECK_EQ(s.priority, r->child_priority, "priority");
    CHECK_EQ(s.nice, r->child_nice, "nice value");
    CHECK_EQ(get_policy(0), r->policy | SCHED_RESET_ON_FORK,
             "the maker stays as it is");
    set_normal();
}

static void check_cpus(void)
{
    uint64_t all = get_cpus(0);
    for (int cpu = first_cpu(); cpu >= 0; cpu = next_cpu(cpu)) {
        NEED(set_cpus(0, 1ul << cpu) == 0);
        struct state s = inherited();
        CHECK_EQ(s.cpus, 1ul << cpu, "only CPU %d", cpu);
        NEED(set_policy(0, SCHED_OTHER | SCHED_RESET_ON_FORK, 0) == 0);
        s = inherited();
        CHECK_EQ(s.cpus, 1ul << cpu, "the flag does not change that");
        set_normal();
        NEED(set_cpus(0, all) == 0);
    }
}

static int execs(void *row)
{
    char words[4][24];
    char *arguments[] = {
        "again", words[0], words[1], words[2], words[3], NULL
    };
    take(row, SCHED_RESET_ON_FORK);
    NEED(set_cpus(0, 1ul << first_cpu()) == 0);
    struct state s = state_now();
    snprintf(words[0], sizeof(words[0]), "%ld", s.policy);
    snprintf(words[1], sizeof(words[1]), "%ld", s.priority);
    snprintf(words[2], sizeof(words[2]), "%d", s.nice);
    snprintf(words[3], sizeof(words[3]), "%lu", (unsigned long)s.cpus);
    execv("/proc/self/exe", arguments);
    return 99;
}

static int after_exec(char **words)
{
    struct state s = state_now();
    return s.policy == atol(words[1]) && s.priority == atol(words[2]) &&
                   s.nice == atoi(words[3]) &&
                   s.cpus == strtoul(words[4], NULL, 10)
               ? 42
               : 1;
}

int main(int argc, char **argv)
{
    if (argc == 5) {
        return after_exec(argv);
    }
    check_start();
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        check_row(&rows[i]);
        CHECK_EXITS(execs, (void *)&rows[i], 42, "exec keeps it");
    }
    check_cpus();
    return check_done();
}
