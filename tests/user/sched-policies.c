/*
 * sched_setscheduler, sched_getscheduler, sched_setparam, sched_getparam,
 * sched_get_priority_max and _min, sched_rr_get_interval: what goes in comes
 * out, of every thread by its number, and nothing else goes in.
 *
 * Bad input: policies and priorities outside of their ranges, numbers of
 * nobody, pointers that cannot be read or written.
 *
 * smp: 1 2 4
 */
#include <limits.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "common/badptr.h"
#include "common/child.h"
#include "common/raw.h"
#include "common/scheduling.h"
#include "common/thread.h"

static const struct policy {
    const char *name;
    int number, least, most;
} policies[] = {
    { "OTHER", SCHED_OTHER, 0, 0 }, { "FIFO", SCHED_FIFO, 1, 99 },
    { "RR", SCHED_RR, 1, 99 },      { "BATCH", SCHED_BATCH, 0, 0 },
    { "IDLE", SCHED_IDLE, 0, 0 },
};
static const int no_policies[] = { 4, 8, 100, 0x20000000, INT_MAX };

static void check_ranges(void)
{
    for (size_t i = 0; i < ARRAY_LENGTH(policies); i++) {
        const struct policy *p = &policies[i];
        CHECK_EQ(RAW1(SYS_sched_get_priority_max, p->number), p->most,
                 "%s: highest priority", p->name);
        CHECK_EQ(RAW1(SYS_sched_get_priority_min, p->number), p->least,
                 "%s: lowest priority", p->name);
    }
    CHECK_EQ(RAW1(SYS_sched_get_priority_max, 6), 0, "DEADLINE: highest");
    CHECK_EQ(RAW1(SYS_sched_get_priority_min, 6), 0, "DEADLINE: lowest");
    for (size_t i = 0; i < ARRAY_LENGTH(no_policies); i++) {
        int n = no_policies[i];
        CHECK_EQ(RAW1(SYS_sched_get_priority_max, n), -EINVAL, "%d: max", n);
        CHECK_EQ(RAW1(SYS_sched_get_priority_min, n), -EINVAL, "%d: min", n);
    }
    CHECK_EQ(RAW1(SYS_sched_get_priority_max, -1), -EINVAL, "-1: max");
    CHECK_EQ(RAW1(SYS_sched_get_priority_max, SCHED_FIFO | SCHED_RESET_ON_FORK),
             -EINVAL, "a flag is no policy here");
}

/* Every policy with every priority at the edges, for one thread. */
static void check_each(pid_t tid)
{
    static const int priorities[] = { -1, 0, 1, 50, 99, 100, INT_MAX, INT_MIN };
    for (size_t i = 0; i < ARRAY_LENGTH(policies); i++) {
        const struct policy *p = &policies[i];
        for (size_t k = 0; k < ARRAY_LENGTH(priorities); k++) {
            int priority = priorities[k];
            bool good = priority >= p->least && priority <= p->most;
            NEED(set_policy(tid, SCHED_RR, 7) == 0);
            CHECK_EQ(set_policy(tid, p->number, priority), good ? 0 : -EINVAL,
                     "%s with priority %d", p->name, priority);
            CHECK_EQ(get_policy(tid), good ? p->number : SCHED_RR, "policy");
            CHECK_EQ(get_rt_priority(tid), good ? priority : 7, "priority");
        }
        NEED(set_policy(tid, p->number, p->least) == 0);
        CHECK_EQ(set_rt_priority(tid, p->most), 0, "setparam");
        CHECK_EQ(get_rt_priority(tid), p->most, "it is set");
        CHECK_EQ(set_rt_priority(tid, p->most + 1), -EINVAL, "more");
        CHECK_EQ(set_rt_priority(tid, p->least - 1), -EINVAL, "less");
        CHECK_EQ(get_policy(tid), p->number, "the policy stays");
    }
    NEED(set_policy(tid, SCHED_OTHER, 0) == 0);
}

static void check_reset_flag(void)
{
    CHECK_EQ(set_policy(0, SCHED_RR | SCHED_RESET_ON_FORK, 5), 0, "flag");
    CHECK_EQ(get_policy(0), SCHED_RR | SCHED_RESET_ON_FORK, "is seen");
    CHECK_EQ(set_rt_priority(0, 6), 0, "setparam");
    CHECK_EQ(get_policy(0), SCHED_RR | SCHED_RESET_ON_FORK, "keeps it");
    CHECK_EQ(set_policy(0, SCHED_OTHER, 0), 0, "setscheduler");
    CHECK_EQ(get_policy(0), SCHED_OTHER, "clears it");
}

static void check_nobody(void)
{
    struct sched_param p = { 0 };
    struct timespec t;
    CHECK_EQ(set_policy(NO_SUCH_TID, SCHED_OTHER, 0), -ESRCH, "setscheduler");
    CHECK_EQ(set_policy(NO_SUCH_TID, 100, 0), -ESRCH, "before its policy");
    CHECK_EQ(set_policy(NO_SUCH_TID, SCHED_FIFO, 0), -ESRCH, "and priority");
    CHECK_EQ(get_policy(NO_SUCH_TID), -ESRCH, "getscheduler of nobody");
    CHECK_EQ(set_rt_priority(NO_SUCH_TID, 0), -ESRCH, "setparam of nobody");
    CHECK_EQ(get_rt_priority(NO_SUCH_TID), -ESRCH, "getparam of nobody");
    CHECK_EQ(RAW2(SYS_sched_rr_get_interval, NO_SUCH_TID, &t), -ESRCH,
             "interval of nobody");
    CHECK_EQ(set_policy(-1, SCHED_OTHER, 0), -EINVAL, "setscheduler of -1");
    CHECK_EQ(get_policy(-1), -EINVAL, "getscheduler of -1");
    CHECK_EQ(set_rt_priority(-1, 0), -EINVAL, "setparam of -1");
    CHECK_EQ(RAW2(SYS_sched_getparam, -1, &p), -EINVAL, "getparam of -1");
    CHECK_EQ(RAW2(SYS_sched_rr_get_interval, -1, &t), -EINVAL,
             "interval of -1");
    CHECK_EQ(RAW2(SYS_sched_rr_get_interval, INT_MIN, &t), -EINVAL,
             "interval of the least number");
}

static void check_policies_that_are_none(void)
{
    NEED(set_policy(0, SCHED_FIFO, 3) == 0);
    for (size_t i = 0; i < ARRAY_LENGTH(no_policies); i++) {
        CHECK_EQ(set_policy(0, no_policies[i], 0), -EINVAL, "policy %d",
                 no_policies[i]);
        CHECK_EQ(set_policy(0, no_policies[i] | SCHED_RESET_ON_FORK, 1),
                 -EINVAL, "with the flag");
    }
    CHECK_EQ(set_policy(0, -1, 0), -EINVAL, "policy -1");
    CHECK_EQ(set_policy(0, INT_MIN, 0), -EINVAL, "the least policy");
    CHECK_EQ(get_policy(0), SCHED_FIFO, "nothing has changed");
    CHECK_EQ(get_rt_priority(0), 3, "nor has the priority");
    set_normal();
}

static void check_pointers(void)
{
    struct timespec *read_only = (void *)badptr_read_only_page(0);
    CHECK_EQ(RAW3(SYS_sched_setscheduler, 0, SCHED_OTHER, NULL), -EINVAL,
             "setscheduler, no pointer");
    CHECK_EQ(RAW2(SYS_sched_setparam, 0, NULL), -EINVAL, "setparam");
    CHECK_EQ(RAW2(SYS_sched_getparam, 0, NULL), -EINVAL, "getparam");
    CHECK_EQ(RAW2(SYS_sched_rr_get_interval, 0, NULL), -EFAULT, "interval");
    for (size_t i = 0; i < badptr_count(); i++) {
        void *bad = badptr(i);
        const char *name = badptr_name(i);
        CHECK_EQ(RAW3(SYS_sched_setscheduler, 0, 100, bad), -EFAULT,
                 "setscheduler with %s", name);
        CHECK_EQ(RAW2(SYS_sched_setparam, NO_SUCH_TID, bad), -EFAULT,
                 "setparam with %s", name);
        CHECK_EQ(RAW2(SYS_sched_getparam, 0, bad), -EFAULT, "getparam");
        CHECK_EQ(RAW2(SYS_sched_getparam, NO_SUCH_TID, bad), -ESRCH,
                 "the number comes first");
        CHECK_EQ(RAW2(SYS_sched_rr_get_interval, 0, bad), -EFAULT, "interval");
    }
    CHECK_EQ(RAW2(SYS_sched_getparam, 0, read_only), -EFAULT, "read-only");
    CHECK_EQ(RAW2(SYS_sched_setparam, 0, read_only), 0, "setparam may read");
    char *end = badptr_page_before_hole() + PAGE;
    CHECK_EQ(RAW2(SYS_sched_getparam, 0, end - 4), 0, "the last word");
    CHECK_EQ(RAW2(SYS_sched_getparam, 0, end - 3), -EFAULT, "beyond it");
    CHECK_EQ(RAW2(SYS_sched_rr_get_interval, 0, end - 16), 0, "last two");
    CHECK_EQ(RAW2(SYS_sched_rr_get_interval, 0, end - 8), -EFAULT, "beyond");
}

static void check_interval(void)
{
    struct timespec t = { -1, -1 };
    NEED(set_policy(0, SCHED_RR, 1) == 0);
    CHECK_EQ(RAW2(SYS_sched_rr_get_interval, 0, &t), 0, "interval of RR");
    CHECK(t.tv_sec == 0 && t.tv_nsec == 100000000, "it is 100 ms");
    NEED(set_policy(0, SCHED_FIFO, 1) == 0);
    CHECK_EQ(RAW2(SYS_sched_rr_get_interval, getpid(), &t), 0, "of FIFO");
    CHECK(t.tv_sec == 0 && t.tv_nsec == 0, "it has none");
    set_normal();
    CHECK_EQ(RAW2(SYS_sched_rr_get_interval, 0, &t), 0, "of OTHER");
    CHECK(t.tv_sec == 0 && t.tv_nsec >= 0 && t.tv_nsec <= 100000000,
          "it is less than 100 ms");
}

static int waits(void *gate)
{
    char byte;
    RAW3(SYS_read, ((struct gate *)gate)->ends[0], &byte, 1);
    return 0;
}

/* A number is one thread's, also the process'. */
static void check_threads(void)
{
    static struct thread t;
    struct gate gate;
    gate_make(&gate);
    int tid = thread_start(&t, waits, &gate);
    check_each(tid);
    CHECK_EQ(set_policy(tid, SCHED_FIFO, 9), 0, "of one thread");
    CHECK_EQ(get_policy(0), SCHED_OTHER, "not of the other");
    CHECK_EQ(get_policy(getpid()), SCHED_OTHER, "nor by the process' number");
    CHECK_EQ(set_policy(getpid(), SCHED_BATCH, 0), 0, "of the first");
    CHECK_EQ(get_policy(tid), SCHED_FIFO, "not of the second");
    gate_open(&gate);
    thread_join(&t);
    NEED(thread_await_state(getpid(), tid, '-'));
    CHECK_EQ(get_policy(tid), -ESRCH, "it is gone");
    gate_close(&gate);
    set_normal();
}

static int body_ends(void *unused)
{
    (void)unused;
    return 0;
}

static void check_zombie(void)
{
    pid_t pid = child_start(body_ends, NULL);
    NEED(thread_await_state(pid, pid, 'Z'));
    CHECK_EQ(get_policy(pid), SCHED_OTHER, "a zombie can be asked");
    CHECK_EQ(set_policy(pid, SCHED_BATCH, 0), 0, "and changed");
    CHECK_EQ(get_policy(pid), SCHED_BATCH, "and answers");
    child_wait(pid);
    CHECK_EQ(get_policy(pid), -ESRCH, "until it has been waited for");
}

int main(void)
{
    check_start();
    check_ranges();
    check_each(0);
    check_each(getpid());
    pid_t sleeper = start_sleeper(0);
    check_each(sleeper);
    end_sleeper(sleeper);
    check_reset_flag();
    check_nobody();
    check_policies_that_are_none();
    check_pointers();
    check_interval();
    check_threads();
    check_zombie();
    return check_done();
}
