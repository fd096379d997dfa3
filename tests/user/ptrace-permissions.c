/*
 * Who may trace whom, and what a tracer gets to hear otherwise.
 *
 * smp: 1 2
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/tracee.h"

enum { SOMEBODY = 65534, OTHER = 65533 };

static const char *self;

static int waits(void *argument)
{
    struct gate *ready = argument;
    if (ready)
        gate_open(ready);
    for (;;)
        pause();
    return 0;
}

static int waits_as_somebody(void *argument)
{
    NEED(setgid(SOMEBODY) == 0 && setuid(SOMEBODY) == 0);
    return waits(argument);
}

/* It has not changed its numbers since its program began. */
static int executes_as_somebody(void *argument)
{
    NEED(setgid(SOMEBODY) == 0 && setuid(SOMEBODY) == 0);
    NEED(dup2(((struct gate *)argument)->ends[1], 1) == 1);
    execl(self, self, "wait", NULL);
    return 1;
}

static int attaches(void *argument)
{
    pid_t pid = *(pid_t *)argument;
    NEED(setgid(SOMEBODY) == 0 && setuid(SOMEBODY) == 0);
    if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) != 0)
        return errno;
    return tracee_wait(pid) == STOPPED(SIGSTOP) ? 0 : 99;
}

static void check_by_somebody(child_body *body, int error, const char *name)
{
    struct gate ready;
    gate_make(&ready);
    pid_t pid = child_start(body, &ready);
    gate_pass(&ready);
    CHECK_EQ(child_run(attaches, &pid), error << 8, "%s", name);
    kill(pid, SIGKILL);
    NEED(child_wait(pid) == SIGKILL);
    gate_close(&ready);
}

static void check_users(void)
{
    check_by_somebody(waits, EPERM, "not a process of the superuser");
    check_by_somebody(waits_as_somebody, EPERM,
                      "nor one that was the superuser's");
    check_by_somebody(executes_as_somebody, 0, "but one's own");
}

static void check_errors(void)
{
    pid_t pid = child_start(waits, NULL);
    CHECK_ERRNO(ptrace(PTRACE_ATTACH, getpid(), NULL, NULL), EPERM, "oneself");
    CHECK_ERRNO(ptrace(PTRACE_ATTACH, 0, NULL, NULL), ESRCH, "nobody");
    CHECK_ERRNO(ptrace(PTRACE_ATTACH, -1, NULL, NULL), ESRCH, "less");
    CHECK_ERRNO(ptrace(PTRACE_ATTACH, 0x7fffffff, NULL, NULL), ESRCH,
                "no such process");
    CHECK_ERRNO(ptrace(PTRACE_CONT, pid, NULL, NULL), ESRCH, "no tracee");
    CHECK_ERRNO(ptrace(0x7777, pid, NULL, NULL), ESRCH, "whatever for");
    CHECK_ERRNO(ptrace(PTRACE_SEIZE, pid, (void *)1, NULL), EIO, "address");
    CHECK_ERRNO(ptrace(PTRACE_SEIZE, pid, NULL, (void *)0x800l), EIO,
                "options that there are not");
    NEED(ptrace(PTRACE_ATTACH, pid, NULL, NULL) == 0);
    NEED(tracee_wait(pid) == STOPPED(SIGSTOP));
    CHECK_ERRNO(ptrace(PTRACE_ATTACH, pid, NULL, NULL), EPERM, "traced");
    CHECK_ERRNO(ptrace(0x7777, pid, NULL, NULL), EIO, "no such request");
    CHECK_ERRNO(ptrace(PTRACE_CONT, pid, NULL, (void *)65l), EIO, "signal 65");
    CHECK_ERRNO(ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)0x800l), EINVAL,
                "no such option");
    CHECK_ERRNO(ptrace(PTRACE_INTERRUPT, pid, NULL, NULL), EIO, "not seized");
    CHECK_ERRNO(ptrace(PTRACE_GETREGS, pid, NULL, (void *)8), EFAULT, "where");
    CHECK_ERRNO(ptrace(PTRACE_SETREGS, pid, NULL, (void *)8), EFAULT, "from");
    NEED(ptrace(PTRACE_CONT, pid, NULL, NULL) == 0);
    CHECK_ERRNO(ptrace(PTRACE_GETREGS, pid, NULL, (void *)8), ESRCH, "it runs");
    kill(pid, SIGKILL);
    NEED(tracee_wait(pid) == SIGKILL);
}

static int twice(void *unused)
{
    (void)unused;
    NEED(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0);
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == -1 ? errno : 0;
}

/* ---- programs with rights of their own --------------------------------------- */

static int executes_set_user_id(void *traced)
{
    NEED(setgid(SOMEBODY) == 0 && setuid(SOMEBODY) == 0);
    if (traced)
        NEED(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0);
    execl("./program", "program", "who", NULL);
    return 1;
}

/* Who runs it as its tracer has no rights, either. */
static int traces_set_user_id(void *unused)
{
    (void)unused;
    NEED(setgid(SOMEBODY) == 0 && setuid(SOMEBODY) == 0);
    pid_t pid = child_start(executes_set_user_id, (void *)1);
    NEED(tracee_wait(pid) == STOPPED(SIGTRAP));
    return tracee_finish(pid) >> 8;
}

static void check_set_user_id(void)
{
    static char program[4 << 20];
    long bytes = check_read_file(self, program, sizeof(program));
    NEED(bytes > 0 && check_write_file("program", program, (size_t)bytes) == 0);
    NEED(chown("program", OTHER, OTHER) == 0);
    NEED(chmod("program", 04755) == 0 && chmod(".", 0755) == 0);
    CHECK_EQ(child_run(executes_set_user_id, NULL), 22 << 8,
             "a program that is set-user-ID has other rights");
    CHECK_EQ(child_run(traces_set_user_id, NULL), 21 << 8,
             "traced by who has them not, it has not, either");
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "wait") == 0) {
        struct gate ready = { { -1, 1 } };
        return waits(&ready);
    }
    if (argc > 1)
        return geteuid() == SOMEBODY ? 21 : geteuid() == OTHER ? 22 : 23;
    self = realpath(argv[0], NULL);
    check_start();
    if (getuid() != 0) {
        check_skip("permissions", "only the superuser can become others");
        return check_done();
    }
    check_enter_scratch();
    check_users();
    check_errors();
    CHECK_EXITS(twice, NULL, EPERM, "TRACEME twice");
    check_set_user_id();
    return check_done();
}
