/*
 * setpriority, getpriority and nice(): of a thread, of a group's threads, of a
 * user's. The call itself answers with 40 (for -20) to 1 (for 19).
 *
 * Bad input: selections that are none, numbers of nobody, values far out.
 *
 * smp: 1 2 4
 */
#include <limits.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common/child.h"
#include "common/raw.h"
#include "common/scheduling.h"
#include "common/thread.h"

static long set(int which, int who, int nice)
{
    return RAW3(SYS_setpriority, which, who, nice);
}

static long get(int which, int who)
{
    return RAW2(SYS_getpriority, which, who);
}

static void check_values(void)
{
    static const struct {
        int asked, got;
    } rows[] = { { 0, 0 },     { 1, 1 },        { 19, 19 },      { 20, 19 },
                 { 100, 19 },  { INT_MAX, 19 }, { -1, -1 },      { -20, -20 },
                 { -21, -20 }, { -1000, -20 },  { INT_MIN, -20 } };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        CHECK_EQ(set(PRIO_PROCESS, 0, rows[i].asked), 0, "nice %d",
                 rows[i].asked);
        CHECK_EQ(get(PRIO_PROCESS, 0), 20 - rows[i].got, "raw answer");
        errno = 0;
        CHECK_EQ(getpriority(PRIO_PROCESS, 0), rows[i].got, "the library's");
        CHECK_EQ(errno, 0, "-1 is no error");
        CHECK_EQ(getpriority(PRIO_PROCESS, (id_t)getpid()), rows[i].got,
                 "by number");
    }
    CHECK_EQ(set(PRIO_PROCESS, getpid(), 0), 0, "by number");
}

static void check_function(void)
{
    CHECK_EQ(nice(5), 5, "nice(5)");
    CHECK_EQ(nice(0), 5, "nice(0) tells");
    CHECK_EQ(nice(-6), -1, "nice(-6)");
    CHECK_EQ(nice(100), 19, "nice(100)");
    CHECK_EQ(nice(-100), -20, "nice(-100)");
    CHECK_EQ(nice(20), 0, "nice(20)");
}

static void check_errors(void)
{
    static const int none[] = { -1, 3, 4, INT_MAX, INT_MIN };
    for (size_t i = 0; i < ARRAY_LENGTH(none); i++) {
        CHECK_EQ(set(none[i], 0, 1), -EINVAL, "setpriority of %d", none[i]);
        CHECK_EQ(get(none[i], 0), -EINVAL, "getpriority of %d", none[i]);
    }
    for (int which = PRIO_PROCESS; which <= PRIO_USER; which++) {
        CHECK_EQ(set(which, NO_SUCH_TID, 1), -ESRCH, "%d: nobody", which);
        CHECK_EQ(get(which, NO_SUCH_TID), -ESRCH, "%d: nobody", which);
        CHECK_EQ(set(which, -1, 1), -ESRCH, "%d: -1", which);
        CHECK_EQ(get(which, INT_MIN), -ESRCH, "%d: the least", which);
    }
    CHECK_EQ(nice_of(0), 0, "nothing has changed");
    CHECK_ERRNO(setpriority(PRIO_PROCESS, NO_SUCH_TID, 0), ESRCH, "library");
    CHECK_ERRNO(getpriority(PRIO_USER + 1, 0), EINVAL, "library");
}

static int waits(void *gate)
{
    char byte;
    RAW3(SYS_read, ((struct gate *)gate)->ends[0], &byte, 1);
    return 0;
}

static void check_threads(void)
{
    static struct thread t;
    struct gate gate;
    gate_make(&gate);
    int tid = thread_start(&t, waits, &gate);
    CHECK_EQ(set(PRIO_PROCESS, tid, 4), 0, "of a thread");
    CHECK_EQ(nice_of(tid), 4, "it is set");
    CHECK_EQ(nice_of(0), 0, "not of the other");
    CHECK_EQ(set(PRIO_PROCESS, getpid(), 3), 0, "of the first thread");
    CHECK_EQ(nice_of(tid), 4, "not of the other");
    CHECK_EQ(set(PRIO_PGRP, 0, 7), 0, "of the group");
    CHECK(nice_of(0) == 7 && nice_of(tid) == 7, "all threads");
    gate_open(&gate);
    thread_join(&t);
    gate_close(&gate);
    NEED(thread_await_state(getpid(), tid, '-'));
    CHECK_EQ(get(PRIO_PROCESS, tid), -ESRCH, "it is gone");
    set_normal();
}

/* -- groups and users ------------------------------------------------------- */

enum { MEMBERS = 3 };

static void check_group(void)
{
    pid_t members[MEMBERS], alone = start_sleeper(0);
    for (int i = 0; i < MEMBERS; i++) {
        members[i] = start_sleeper(0);
        NEED(setpgid(members[i], members[0]) == 0);
    }
    int group = members[0];
    CHECK_EQ(set(PRIO_PGRP, group, 6), 0, "of a group");
    for (int i = 0; i < MEMBERS; i++) {
        CHECK_EQ(nice_of(members[i]), 6, "member %d", i);
    }
    CHECK_EQ(nice_of(0), 0, "not of this process");
    CHECK_EQ(nice_of(alone), 0, "nor of another one");
    NEED(set(PRIO_PROCESS, members[1], -3) == 0);
    NEED(set(PRIO_PROCESS, members[2], 12) == 0);
    CHECK_EQ(get(PRIO_PGRP, group), 23, "the best of the group");
    CHECK_EQ(set(PRIO_PROCESS, group, 9), 0, "of its first process");
    CHECK_EQ(nice_of(members[2]), 12, "not of the others");
    CHECK_EQ(get(PRIO_PGRP, members[1]), -ESRCH, "no group's number");
    for (int i = 0; i < MEMBERS; i++) {
        end_sleeper(members[i]);
    }
    CHECK_EQ(get(PRIO_PGRP, group), -ESRCH, "the group is gone");
    CHECK_EQ(set(PRIO_PGRP, group, 0), -ESRCH, "and cannot be set");
    end_sleeper(alone);
}

static void check_user(void)
{
    pid_t first = start_sleeper(NOBODY_USER);
    pid_t second = start_sleeper(NOBODY_USER);
    pid_t other = start_sleeper(OTHER_USER);
    CHECK_EQ(set(PRIO_USER, NOBODY_USER, 5), 0, "of a user");
    CHECK(nice_of(first) == 5 && nice_of(second) == 5, "all processes");
    CHECK_EQ(nice_of(other), 0, "not of another user's");
    CHECK_EQ(nice_of(0), 0, "nor of this one");
    NEED(set(PRIO_PROCESS, second, -7) == 0);
    CHECK_EQ(get(PRIO_USER, NOBODY_USER), 27, "the best of the user");
    end_sleeper(first);
    end_sleeper(second);
    CHECK_EQ(get(PRIO_USER, NOBODY_USER), -ESRCH, "the user has none");
    CHECK_EQ(set(PRIO_USER, NOBODY_USER, 0), -ESRCH, "nor can set them");
    end_sleeper(other);
}

/* -- without privilege ------------------------------------------------------- */

static pid_t roots, own, others;

static int user_sets(void *unused)
{
    (void)unused;
    check_subtest();
    CHECK_EQ(set(PRIO_PROCESS, 0, -1), -EACCES, "a user gains nothing");
    CHECK_EQ(set(PRIO_PROCESS, 0, 0), 0, "the same is no gain");
    CHECK_EQ(set(PRIO_PROCESS, 0, 3), 0, "a user may give up");
    CHECK_EQ(set(PRIO_PROCESS, 0, 2), -EACCES, "and not take back");
    CHECK_EQ(nice_of(0), 3, "it stays");
    CHECK_ERRNO(nice(-1), EPERM, "nice() has another word for it");
    CHECK_EQ(nice(1), 4, "nice()");
    CHECK_EQ(set(PRIO_PROCESS, own, 8), 0, "another process of the user");
    CHECK_EQ(set(PRIO_PROCESS, own, 7), -EACCES, "no gain either");
    CHECK_EQ(set(PRIO_PROCESS, others, 8), -EPERM, "of another user");
    CHECK_EQ(set(PRIO_PROCESS, others, -8), -EPERM, "however");
    CHECK_EQ(set(PRIO_PROCESS, roots, 8), -EPERM, "of root");
    CHECK_EQ(nice_of(roots), 0, "it stays");
    CHECK_EQ(nice_of(others), 0, "that too");
    CHECK_EQ(get(PRIO_PROCESS, others), 20, "anyone may ask");
    CHECK_EQ(set(PRIO_USER, 0, 9), 0, "all of the user");
    CHECK_EQ(nice_of(own), 9, "it is set");
    CHECK_EQ(set(PRIO_USER, OTHER_USER, 9), -EPERM, "all of another");
    return check_done();
}

static int user_sets_group(void *unused)
{
    (void)unused;
    check_subtest();
    CHECK_EQ(set(PRIO_PGRP, others, 2), -EPERM, "some are another user's");
    CHECK_EQ(nice_of(own), 2, "the others are set");
    CHECK_EQ(nice_of(others), 0, "that one is not");
    return check_done();
}

static int as_user(void *body)
{
    become_user(NOBODY_USER);
    return ((child_body *)body)(NULL);
}

static void check_rights(void)
{
    roots = start_sleeper(0);
    own = start_sleeper(NOBODY_USER);
    others = start_sleeper(OTHER_USER);
    CHECK_EXITS(as_user, (void *)user_sets, 0, "a user's process");
    NEED(set(PRIO_PROCESS, own, 0) == 0);
    NEED(setpgid(others, others) == 0 && setpgid(own, others) == 0);
    CHECK_EXITS(as_user, (void *)user_sets_group, 0, "a user's group");
    end_sleeper(roots);
    end_sleeper(own);
    end_sleeper(others);
}

/* RLIMIT_NICE allows down to 20 - limit: the limit of whose thread it is. */
static int user_has_limit(void *unused)
{
    struct rlimit limit = { 25, 25 };
    (void)unused;
    check_subtest();
    if (setrlimit(RLIMIT_NICE, &limit) != 0) {
        check_skip("RLIMIT_NICE", "limits cannot be raised here");
        return check_done();
    }
    become_user(NOBODY_USER);
    CHECK_EQ(set(PRIO_PROCESS, 0, 10), 0, "give up");
    CHECK_EQ(set(PRIO_PROCESS, 0, -5), 0, "take back, and more");
    CHECK_EQ(set(PRIO_PROCESS, 0, -6), -EACCES, "as far as the limit");
    CHECK_EQ(set(PRIO_PROCESS, own, -1), -EACCES, "the limit of that process");
    limit.rlim_cur = 20;
    NEED(setrlimit(RLIMIT_NICE, &limit) == 0);
    CHECK_EQ(set(PRIO_PROCESS, 0, -5), 0, "what it has it may keep");
    CHECK_EQ(set(PRIO_PROCESS, 0, -4), 0, "or give up");
    CHECK_EQ(set(PRIO_PROCESS, 0, -5), -EACCES, "but not take back");
    CHECK_EQ(set(PRIO_PROCESS, 0, 0), 0, "20 is for 0");
    limit.rlim_cur = 26;
    CHECK_ERRNO(setrlimit(RLIMIT_NICE, &limit), EINVAL, "soft above hard");
    limit.rlim_max = 26;
    CHECK_ERRNO(setrlimit(RLIMIT_NICE, &limit), EPERM, "a higher limit");
    return check_done();
}

static void check_limit(void)
{
    own = start_sleeper(NOBODY_USER);
    CHECK_EXITS(user_has_limit, NULL, 0, "a user with RLIMIT_NICE");
    end_sleeper(own);
}

int main(void)
{
    check_start();
    set_normal();
    NEED(setpgid(0, 0) == 0 || getpgrp() == getpid());
    check_values();
    check_function();
    check_errors();
    check_threads();
    check_group();
    check_user();
    check_rights();
    check_limit();
    return check_done();
}
