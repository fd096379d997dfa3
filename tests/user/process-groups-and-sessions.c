/*
 * setpgid, getpgid, setsid, getsid: rules and errors; signals to groups.
 *
 * Bad input: rows 116, 68.
 */
#include <limits.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"
#include "common/raw.h"

static int child_of_leader(void *gate)
{
    gate_pass(gate);
    return 0;
}

static int leads_session(void *unused)
{
    struct gate gate;
    pid_t me = getpid();
    if (getpgrp() != me && setsid() != me) {
        return 1;
    }
    if (getsid(0) != me || getpgrp() != me || getsid(me) != me) {
        return 2;
    }
    if (setsid() != -1 || errno != EPERM) {
        return 3; /* a group leader cannot */
    }
    if (setpgid(0, 0) != -1 || errno != EPERM) {
        return 4; /* a session leader's group is fixed */
    }
    gate_make(&gate);
    pid_t pid = child_start(child_of_leader, &gate);
    if (setpgid(pid, pid) != 0 || getpgid(pid) != pid) {
        return 5;
    }
    if (setpgid(pid, me) != 0 || getpgid(pid) != me || getsid(pid) != me) {
        return 6;
    }
    if (setpgid(pid, getppid()) != -1 || errno != EPERM) {
        return 7; /* a group of another session */
    }
    if (setpgid(pid, pid + 1000) != -1 || errno != EPERM) {
        return 8; /* no such group */
    }
    gate_open(&gate);
    child_wait(pid);
    return 0;
}

static void check_errors(void)
{
    CHECK_EXITS(leads_session, NULL, 0, "a new session, its groups");
    CHECK_ERRNO(setpgid(getppid(), 0), ESRCH, "setpgid of the parent");
    CHECK_ERRNO(setpgid(0x3fffffff, 0), ESRCH, "of nobody");
    CHECK_ERRNO(setpgid(-1, 0), EINVAL, "of pid -1");
    CHECK_ERRNO(setpgid(0, -1), EINVAL, "to group -1");
    CHECK_ERRNO(getpgid(0x3fffffff), ESRCH, "getpgid of nobody");
    CHECK_ERRNO(getsid(0x3fffffff), ESRCH, "getsid of nobody");
    CHECK_ERRNO(kill(0x3fffffff, SIGTERM), ESRCH, "kill nobody");
    CHECK_ERRNO(kill(INT_MIN, SIGTERM), ESRCH, "kill INT_MIN");
    CHECK_ERRNO(kill(-0x3fffffff, SIGTERM), ESRCH, "kill no group");
    CHECK_ERRNO(kill(getpid(), -1), EINVAL, "signal -1");
    CHECK_ERRNO(kill(getpid(), 65), EINVAL, "signal 65");
    CHECK_EQ(kill(getpid(), 0), 0, "signal 0 to oneself");
}

static int execed(void *gate)
{
    char self[] = "self", stay[] = "stay", fd[2] = { 0, 0 };
    char *args[] = { self, stay, fd, NULL };
    fd[0] = (char)('0' + ((struct gate *)gate)->ends[0]);
    execv("/proc/self/exe", args);
    return 99;
}

static void check_after_exec(void)
{
    struct gate gate, ready;
    gate_make(&gate);
    gate_make(&ready);
    NEED(dup2(ready.ends[1], 9) == 9);
    pid_t pid = child_start(execed, &gate);
    gate_pass(&ready); /* its new image says so */
    CHECK_ERRNO(setpgid(pid, pid), EACCES, "setpgid after the child's exec");
    gate_open(&gate);
    CHECK_EQ(child_wait(pid), 0, "it ends");
    close(9);
    gate_close(&gate);
    gate_close(&ready);
}

static int waits_for_signal(void *unused)
{
    while (pause() < 0) {
    }
    return 0;
}

static void check_group_signals(void)
{
    pid_t pids[3];
    int status, killed = 0;
    for (int i = 0; i < 3; i++) {
        pids[i] = child_start(waits_for_signal, NULL);
        NEED(setpgid(pids[i], pids[0]) == 0);
    }
    pid_t outsider = child_start(waits_for_signal, NULL);
    CHECK_EQ(kill(-pids[0], SIGUSR1), 0, "signal a group");
    for (int i = 0; i < 3; i++) {
        NEED(waitpid(pids[i], &status, 0) == pids[i]);
        killed += WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1;
    }
    CHECK_EQ(killed, 3, "all members get it");
    CHECK_EQ(waitpid(outsider, &status, WNOHANG), 0, "others do not");
    CHECK_ERRNO(kill(-pids[0], SIGUSR1), ESRCH, "the group is gone");
    kill(outsider, SIGKILL);
    CHECK_EQ(child_wait(outsider) & 0x7f, SIGKILL, "outsider killed");
}

int main(int argc, char **argv)
{
    char byte;
    if (argc == 3) { /* the image that check_after_exec() runs */
        return write(9, "!", 1) == 1 && read(argv[2][0] - '0', &byte, 1) == 1
                   ? 0
                   : 1;
    }
    check_start();
    check_errors();
    check_after_exec();
    check_group_signals();
    return check_done();
}
