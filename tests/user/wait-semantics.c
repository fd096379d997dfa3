/*
 * wait4 and waitid: statuses, selection by pid and group, WNOHANG, WNOWAIT,
 * usage, and errors.
 *
 * Bad input: rows 70, 71, 72, 73.
 */
#include <signal.h>
#include <limits.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/badptr.h"
#include "common/child.h"
#include "common/raw.h"

static int child_exits(void *code)
{
    _exit(*(int *)code);
}

static int child_raises(void *number)
{
    signal(*(int *)number, SIG_DFL);
    raise(*(int *)number);
    return 0;
}

static int child_passes(void *gate)
{
    gate_pass(gate);
    return 7;
}

static void check_statuses(void)
{
    static const int codes[] = { 0, 1, 127, 255, 256, -1, 0x1234 };
    static const int fatal[] = { SIGKILL, SIGTERM, SIGSEGV, SIGUSR1, SIGABRT,
                                 SIGALRM, SIGPIPE, 33,      64 };
    for (size_t i = 0; i < ARRAY_LENGTH(codes); i++) {
        int code = codes[i];
        CHECK_EQ(child_run(child_exits, &code), (code & 0xff) << 8,
                 "exit(%d) keeps the low 8 bits", code);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(fatal); i++) {
        int number = fatal[i];
        if (number == 33) {
            continue; /* the host's C library keeps it */
        }
        CHECK_EQ(child_run(child_raises, &number) & 0x7f, number,
                 "killed by signal %d", number);
    }
}

static void check_selection(void)
{
    struct gate gate;
    int status;
    gate_make(&gate);
    pid_t one = child_start(child_passes, &gate);
    CHECK_EQ(waitpid(-1, &status, WNOHANG), 0, "WNOHANG: none has ended");
    CHECK_EQ(waitpid(one, &status, WNOHANG), 0, "WNOHANG on one pid");
    setpgid(one, one);
    CHECK_EQ(waitpid(-one, &status, WNOHANG), 0, "its group has a child");
    CHECK_ERRNO(waitpid(0, &status, WNOHANG), ECHILD, "our group has none");
    pid_t two = child_start(child_passes, &gate);
    CHECK_EQ(waitpid(0, &status, WNOHANG), 0, "now it has");
    gate_open(&gate);
    gate_open(&gate);
    CHECK_EQ(waitpid(0, &status, 0), two, "0 waits for our group");
    CHECK_EQ(status, 7 << 8, "its status");
    CHECK_EQ(waitpid(-one, &status, 0), one, "-pgid waits for that group");
    CHECK_ERRNO(waitpid(one, &status, 0), ECHILD, "already waited for");
    gate_close(&gate);
}

static void check_errors(void)
{
    int status;
    CHECK_ERRNO(waitpid(-1, &status, 0), ECHILD, "no child");
    CHECK_ERRNO(waitpid(1, &status, 0), ECHILD, "init is not our child");
    CHECK_ERRNO(waitpid(getpid(), &status, 0), ECHILD, "oneself");
    CHECK_ERRNO(waitpid(INT_MIN, &status, 0), ESRCH, "INT_MIN");
    CHECK_ERRNO(waitpid(-1, &status, 0x100), EINVAL, "unknown option");
    CHECK_EQ(RAW6(SYS_waitid, 99, 0, 0, WEXITED, 0, 0), -EINVAL, "bad idtype");
    CHECK_EQ(RAW6(SYS_waitid, P_ALL, 0, 0, 0, 0, 0), -EINVAL,
             "waitid without WEXITED, WSTOPPED or WCONTINUED");
    CHECK_EQ(RAW6(SYS_waitid, P_PID, 0, 0, WEXITED, 0, 0), -EINVAL, "P_PID 0");
    CHECK_EQ(RAW6(SYS_waitid, P_ALL, 0, 0, WEXITED, 0, 0), -ECHILD,
             "waitid: no child");
}

static void check_nowait(void)
{
    int code = 44, status;
    siginfo_t info;
    pid_t pid = child_start(child_exits, &code);
    memset(&info, 0xff, sizeof(info));
    CHECK_EQ(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0, "WNOWAIT");
    CHECK_EQ(info.si_pid, pid, "si_pid");
    CHECK_EQ(info.si_status, 44, "si_status");
    CHECK_EQ(info.si_code, CLD_EXITED, "si_code");
    CHECK_EQ(info.si_signo, SIGCHLD, "si_signo");
    CHECK_EQ(kill(pid, 0), 0, "a zombie can be signalled");
    CHECK_EQ(kill(pid, SIGKILL), 0, "SIGKILL to a zombie");
    CHECK_EQ(getpgid(pid), getpgrp(), "getpgid of a zombie");
    CHECK_EQ(waitpid(pid, &status, 0), pid, "still there to be reaped");
    CHECK_EQ(status, 44 << 8, "with its first status");
    CHECK_ERRNO(kill(pid, 0), ESRCH, "gone after that");
}

static void check_waitid(void)
{
    int number = SIGTERM;
    siginfo_t info;
    struct gate gate;
    pid_t pid = child_start(child_raises, &number);
    CHECK_EQ(waitid(P_ALL, 0, &info, WEXITED), 0, "waitid(P_ALL)");
    CHECK_EQ(info.si_pid, pid, "si_pid");
    CHECK_EQ(info.si_code, CLD_KILLED, "killed");
    CHECK_EQ(info.si_status, SIGTERM, "by SIGTERM");
    gate_make(&gate);
    pid = child_start(child_passes, &gate);
    memset(&info, 0xff, sizeof(info));
    CHECK_EQ(waitid(P_PGID, (id_t)getpgrp(), &info, WEXITED | WNOHANG), 0,
             "waitid WNOHANG");
    CHECK_EQ(info.si_pid, 0, "si_pid 0: none ended");
    CHECK_EQ(info.si_signo, 0, "si_signo 0");
    gate_open(&gate);
    CHECK_EQ(child_wait(pid), 7 << 8, "it ends later");
    gate_close(&gate);
}

/* A bad pointer: EFAULT. Linux has reaped the child by then; either way the
 * caller lives. */
static void check_bad_pointers(void)
{
    for (size_t i = 0; i < badptr_count(); i++) {
        int code = 1;
        child_start(child_exits, &code);
        long got = RAW4(SYS_wait4, -1, badptr(i), 0, 0);
        CHECK_EQ(got, -EFAULT, "status at %s", badptr_name(i));
        while (waitpid(-1, NULL, 0) > 0) {
        }
        child_start(child_exits, &code);
        got = RAW4(SYS_wait4, -1, 0, 0, badptr(i));
        CHECK_EQ(got, -EFAULT, "rusage at %s", badptr_name(i));
        while (waitpid(-1, NULL, 0) > 0) {
        }
        child_start(child_exits, &code);
        got = RAW6(SYS_waitid, P_ALL, 0, badptr(i), WEXITED, 0, 0);
        CHECK_EQ(got, -EFAULT, "siginfo at %s", badptr_name(i));
        while (waitpid(-1, NULL, 0) > 0) {
        }
    }
}

static int child_spins(void *unused)
{
    struct rusage usage;
    do {
        getrusage(RUSAGE_SELF, &usage);
    } while (usage.ru_utime.tv_sec == 0 && usage.ru_stime.tv_sec == 0 &&
             usage.ru_utime.tv_usec + usage.ru_stime.tv_usec < 50000);
    return 0;
}

static void check_usage(void)
{
    struct rusage usage, children;
    int status;
    memset(&usage, 0, sizeof(usage));
    pid_t pid = child_start(child_spins, NULL);
    CHECK_EQ(wait4(pid, &status, 0, &usage), pid, "wait4 with usage");
    long time = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
                usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
    CHECK(time >= 50000, "its CPU time: %ld us", time);
    CHECK(usage.ru_minflt > 0, "its minor faults: %ld", usage.ru_minflt);
    getrusage(RUSAGE_CHILDREN, &children);
    CHECK(children.ru_minflt >= usage.ru_minflt, "added to RUSAGE_CHILDREN");
}

int main(void)
{
    check_start();
    check_statuses();
    check_selection();
    check_errors();
    check_nowait();
    check_waitid();
    check_bad_pointers();
    check_usage();
    return check_done();
}
