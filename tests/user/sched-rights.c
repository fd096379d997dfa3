/*
 * Who may change policies: a user's thread may give up, and gain only what
 * RLIMIT_RTPRIO and RLIMIT_NICE allow; nobody's of another user.
 *
 * smp: 1 2 4
 */
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common/child.h"
#include "common/raw.h"
#include "common/scheduling.h"

static pid_t roots, own, others;

static long set(pid_t pid, uint32_t policy, uint64_t flags, int32_t nice,
                uint32_t priority)
{
    const struct attributes a = { .size = sizeof(a),
                                  .policy = policy,
                                  .flags = flags,
                                  .nice = nice,
                                  .priority = priority };
    return set_attributes(pid, &a, 0);
}

static void check_others(pid_t pid, const char *whose)
{
    uint64_t mask = 1ul << first_cpu();
    CHECK_EQ(set_policy(pid, SCHED_OTHER, 0), -EPERM, "policy of %s", whose);
    CHECK_EQ(set_policy(pid, SCHED_BATCH, 0), -EPERM, "not even less");
    CHECK_EQ(set_policy(pid, SCHED_BATCH, 1), -EINVAL, "that comes first");
    CHECK_EQ(set_rt_priority(pid, 0), -EPERM, "nor its priority");
    CHECK_EQ(set(pid, SCHED_OTHER, 0, 19, 0), -EPERM, "nor its attributes");
    CHECK_EQ(set_cpus(pid, mask), -EPERM, "nor its CPUs");
    CHECK_EQ(set_cpus(pid, 0), -EPERM, "that comes later");
    CHECK_EQ(get_policy(pid), SCHED_OTHER, "but ask");
    CHECK_EQ(get_rt_priority(pid), 0, "for all of it");
    CHECK(get_cpus(pid) != 0, "the CPUs, too");
}

static int user_without_limits(void *unused)
{
    (void)unused;
    check_subtest();
    become_user(NOBODY_USER);
    CHECK_EQ(set_policy(0, SCHED_FIFO, 1), -EPERM, "a user has no FIFO");
    CHECK_EQ(set_policy(0, SCHED_RR, 1), -EPERM, "nor RR");
    CHECK_EQ(set_policy(0, SCHED_OTHER, 0), 0, "but what it has");
    CHECK_EQ(set_policy(0, SCHED_BATCH, 0), 0, "and BATCH");
    CHECK_EQ(set_policy(0, SCHED_OTHER, 0), 0, "and back");
    CHECK_EQ(set(0, SCHED_OTHER, 0, -1, 0), -EPERM, "nice -1");
    CHECK_EQ(set(0, SCHED_OTHER, 0, 4, 0), 0, "nice 4");
    CHECK_EQ(set(0, SCHED_OTHER, 0, 3, 0), -EPERM, "nice 3");
    CHECK_EQ(set(0, SCHED_BATCH, 0, 3, 0), -EPERM, "nor with BATCH");
    CHECK_EQ(set_policy(own, SCHED_BATCH, 0), 0, "of its other process");
    CHECK_EQ(set_cpus(own, 1ul << first_cpu()), 0, "its CPUs");
    check_others(roots, "root's process");
    check_others(others, "another user's process");
    CHECK_EQ(set_policy(0, SCHED_OTHER | SCHED_RESET_ON_FORK, 0), 0, "flag");
    CHECK_EQ(set_policy(0, SCHED_OTHER, 0), -EPERM, "that stays for ever");
    CHECK_EQ(set(0, SCHED_OTHER, 0, 4, 0), -EPERM, "however");
    CHECK_EQ(set(0, SCHED_OTHER, FLAG_RESET, 4, 0), 0, "kept");
    CHECK_EQ(set_rt_priority(0, 0), 0, "setparam keeps it");
    CHECK_EQ(get_policy(0), SCHED_OTHER | SCHED_RESET_ON_FORK, "as it is");
    CHECK_EQ(set_policy(0, SCHED_IDLE | SCHED_RESET_ON_FORK, 0), 0, "IDLE");
    CHECK_EQ(set_policy(0, SCHED_IDLE | SCHED_RESET_ON_FORK, 0), 0, "again");
    CHECK_EQ(set_policy(0, SCHED_OTHER | SCHED_RESET_ON_FORK, 0), -EPERM,
             "no way back from IDLE");
    CHECK_EQ(set_policy(0, SCHED_BATCH | SCHED_RESET_ON_FORK, 0), -EPERM,
             "nor to BATCH");
    return check_done();
}

/* What root has given stays, and may be less. */
static int user_with_priority(void *unused)
{
    (void)unused;
    check_subtest();
    NEED(set_policy(0, SCHED_RR, 30) == 0);
    become_user(NOBODY_USER);
    CHECK_EQ(set_rt_priority(0, 30), 0, "the same");
    CHECK_EQ(set_rt_priority(0, 20), 0, "less");
    CHECK_EQ(set_rt_priority(0, 21), -EPERM, "not more");
    CHECK_EQ(set_policy(0, SCHED_FIFO, 1), -EPERM, "no other policy");
    CHECK_EQ(set_policy(0, SCHED_OTHER, 0), 0, "none at all");
    CHECK_EQ(set_policy(0, SCHED_RR, 1), -EPERM, "and not back");
    return check_done();
}

static int user_with_limits(void *unused)
{
    struct rlimit limit = { 10, 10 };
    (void)unused;
    check_subtest();
    if (setrlimit(RLIMIT_RTPRIO, &limit) != 0) {
        check_skip("RLIMIT_RTPRIO", "limits cannot be raised here");
        return check_done();
    }
    limit.rlim_cur = limit.rlim_max = 20;
    NEED(setrlimit(RLIMIT_NICE, &limit) == 0);
    become_user(NOBODY_USER);
    CHECK_EQ(set_policy(0, SCHED_FIFO, 10), 0, "as much as the limit");
    CHECK_EQ(set_rt_priority(0, 11), -EPERM, "not more");
    CHECK_EQ(set_policy(0, SCHED_RR, 1), 0, "another policy");
    CHECK_EQ(set_policy(own, SCHED_RR, 1), -EPERM, "that process' limit");
    CHECK_EQ(set_policy(0, SCHED_IDLE, 0), 0, "IDLE");
    CHECK_EQ(set_policy(0, SCHED_OTHER, 0), 0, "and back, by RLIMIT_NICE");
    CHECK_EQ(set(0, SCHED_OTHER, 0, 19, 0), 0, "nice 19");
    CHECK_EQ(set(0, SCHED_OTHER, 0, 0, 0), 0, "and back to 0");
    CHECK_EQ(set(0, SCHED_OTHER, 0, -1, 0), -EPERM, "not further");
    return check_done();
}

int main(void)
{
    check_start();
    set_normal();
    roots = start_sleeper(0);
    own = start_sleeper(NOBODY_USER);
    others = start_sleeper(OTHER_USER);
    CHECK_EXITS(user_without_limits, NULL, 0, "a user");
    CHECK_EXITS(user_with_priority, NULL, 0, "a user with a priority");
    end_sleeper(own);
    own = start_sleeper(NOBODY_USER);
    CHECK_EXITS(user_with_limits, NULL, 0, "a user with limits");
    end_sleeper(roots);
    end_sleeper(own);
    end_sleeper(others);
    return check_done();
}
