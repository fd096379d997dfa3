/*
 * PTRACE_SYSCALL: a tracee stops where it enters and leaves each system call.
 * The tracer can change number, arguments and result, or skip the call; a call
 * that a signal interrupts is seen to restart.  And the events that a tracer can
 * ask for: fork, vfork, clone, exec, exit.
 *
 * smp: 1 2 4
 */
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/tracee.h"

static const char *self;

static int calls(void *unused)
{
    (void)unused;
    long got = syscall(SYS_getppid);
    return got == 77 ? 7 : got == -1 && errno == EPERM ? 8 : 9;
}

/* At the entry of getppid(). */
static pid_t at_call(void)
{
    pid_t pid = tracee_start(calls, NULL, PTRACE_O_TRACESYSGOOD);
    do
        NEED(tracee_go(pid, PTRACE_SYSCALL, 0) == STOPPED_AT_CALL);
    while (tracee_register(pid, USER_REGISTER(orig_rax)) != SYS_getppid);
    return pid;
}

static void check_seen(void)
{
    siginfo_t info;
    pid_t pid = at_call();
    CHECK_EQ(tracee_register(pid, USER_REGISTER(rax)), -ENOSYS,
             "rax at the entry");
    CHECK_EQ(ptrace(PTRACE_GETSIGINFO, pid, NULL, &info), 0, "its siginfo");
    CHECK_EQ(info.si_code, SIGTRAP | 0x80, "si_code");
    CHECK_EQ(tracee_go(pid, PTRACE_SYSCALL, 0), STOPPED_AT_CALL, "the exit");
    CHECK_EQ(tracee_register(pid, USER_REGISTER(orig_rax)), SYS_getppid,
             "of the same call");
    CHECK_EQ(tracee_register(pid, USER_REGISTER(rax)), getpid(), "its result");
    tracee_set_register(pid, USER_REGISTER(rax), 77);
    CHECK_EQ(tracee_go(pid, PTRACE_CONT, 0), 7 << 8, "another result");
    pid = at_call();
    NEED(ptrace(PTRACE_SETOPTIONS, pid, NULL, NULL) == 0);
    CHECK_EQ(tracee_go(pid, PTRACE_SYSCALL, 0), STOPPED(SIGTRAP),
             "without TRACESYSGOOD");
    tracee_finish(pid);
}

static void check_changes(void)
{
    pid_t pid = at_call();
    tracee_set_register(pid, USER_REGISTER(orig_rax), -1);
    CHECK_EQ(tracee_go(pid, PTRACE_SYSCALL, 0), STOPPED_AT_CALL, "skipped");
    CHECK_EQ(tracee_register(pid, USER_REGISTER(rax)), -ENOSYS, "no result");
    tracee_set_register(pid, USER_REGISTER(rax), -EPERM);
    CHECK_EQ(tracee_go(pid, PTRACE_CONT, 0), 8 << 8, "but the tracer's");
    pid = at_call();
    tracee_set_register(pid, USER_REGISTER(orig_rax), SYS_exit_group);
    tracee_set_register(pid, USER_REGISTER(rdi), 42);
    CHECK_EQ(tracee_go(pid, PTRACE_SYSCALL, 0), 42 << 8, "another call");
    pid = at_call();
    tracee_set_register(pid, USER_REGISTER(orig_rax), 100000);
    CHECK_EQ(tracee_go(pid, PTRACE_SYSCALL, 0), STOPPED_AT_CALL,
             "one that there is not");
    CHECK_EQ(tracee_register(pid, USER_REGISTER(rax)), -ENOSYS, "ENOSYS");
    tracee_finish(pid);
}

static void on_signal(int number)
{
    (void)number;
}

static int reads(void *argument)
{
    int *ends = argument;
    char byte;
    struct sigaction sa;
    memset(&sa, 0, sizeof(sa));
    sa.sa_handler = on_signal;
    sa.sa_flags = SA_RESTART;
    sigaction(SIGUSR1, &sa, NULL);
    return read(ends[0], &byte, 1) == 1 ? byte : 1;
}

static void check_restart(void)
{
    enum { ERESTARTSYS = 512 };
    int ends[2];
    NEED(pipe(ends) == 0);
    pid_t pid = tracee_start(reads, ends, PTRACE_O_TRACESYSGOOD);
    do
        NEED(tracee_go(pid, PTRACE_SYSCALL, 0) == STOPPED_AT_CALL);
    while (tracee_register(pid, USER_REGISTER(orig_rax)) != SYS_read);
    NEED(ptrace(PTRACE_SYSCALL, pid, NULL, NULL) == 0);
    while (tracee_state(pid) != 'S')
        sched_yield();
    kill(pid, SIGUSR1);
    CHECK_EQ(tracee_wait(pid), STOPPED_AT_CALL, "a signal ends a read");
    CHECK_EQ(tracee_register(pid, USER_REGISTER(rax)), -ERESTARTSYS,
             "which is to be restarted");
    CHECK_EQ(tracee_go(pid, PTRACE_SYSCALL, 0), STOPPED(SIGUSR1), "signal");
    CHECK_EQ(tracee_go(pid, PTRACE_SYSCALL, SIGUSR1), STOPPED_AT_CALL,
             "the handler returns");
    CHECK_EQ(tracee_register(pid, USER_REGISTER(orig_rax)), SYS_rt_sigreturn,
             "by sigreturn");
    NEED(tracee_go(pid, PTRACE_SYSCALL, 0) == STOPPED_AT_CALL);
    CHECK_EQ(tracee_go(pid, PTRACE_SYSCALL, 0), STOPPED_AT_CALL, "read");
    CHECK_EQ(tracee_register(pid, USER_REGISTER(orig_rax)), SYS_read, "again");
    NEED(write(ends[1], "\3", 1) == 1);
    CHECK_EQ(tracee_go(pid, PTRACE_SYSCALL, 0), STOPPED_AT_CALL, "is done");
    CHECK_EQ(tracee_go(pid, PTRACE_CONT, 0), 3 << 8, "and has the byte");
    close(ends[0]);
    close(ends[1]);
}

/* ---- events ------------------------------------------------------------------ */

static int forks(void *unused)
{
    (void)unused;
    pid_t pid = fork();
    if (pid == 0)
        _exit(3);
    return child_wait(pid) >> 8;
}

static int vforks(void *unused)
{
    (void)unused;
    pid_t pid = vfork();
    if (pid == 0)
        _exit(4);
    return child_wait(pid) >> 8;
}

static int executes(void *unused)
{
    (void)unused;
    execl(self, self, "exit", NULL);
    return 1;
}

static long message(pid_t pid)
{
    unsigned long value = 0;
    NEED(ptrace(PTRACE_GETEVENTMSG, pid, NULL, &value) == 0);
    return (long)value;
}

static void check_fork(child_body *body, long option, int event, int code)
{
    pid_t pid = tracee_start(body, NULL, option | PTRACE_O_TRACEVFORKDONE);
    CHECK_EQ(tracee_go(pid, PTRACE_CONT, 0), STOPPED_EVENT(event), "event %d",
             event);
    pid_t child = (pid_t)message(pid);
    CHECK(child > 0 && child != pid, "the message is the child's number");
    CHECK_EQ(tracee_wait(child), STOPPED(SIGSTOP), "it is traced, stopped");
    CHECK_EQ(tracee_tracer(child), getpid(), "by us");
    CHECK_EQ(tracee_register(child, USER_REGISTER(rax)), 0, "its fork gives 0");
    CHECK_EQ(tracee_go(child, PTRACE_CONT, 0), code << 8,
             "we hear of its end, too");
    if (event == PTRACE_EVENT_VFORK) {
        CHECK_EQ(tracee_go(pid, PTRACE_CONT, 0),
                 STOPPED_EVENT(PTRACE_EVENT_VFORK_DONE), "vfork is done");
        CHECK_EQ(message(pid), child, "the message");
    }
    int status = tracee_go(pid, PTRACE_CONT, 0);
    CHECK_EQ(status, STOPPED(SIGCHLD), "then its parent does");
    CHECK_EQ(tracee_go(pid, PTRACE_CONT, SIGCHLD), code << 8, "and ends");
}

static void check_exec_and_exit(void)
{
    pid_t pid = tracee_start(executes, NULL, 0);
    CHECK_EQ(tracee_go(pid, PTRACE_CONT, 0), STOPPED(SIGTRAP),
             "exec stops by SIGTRAP");
    CHECK_EQ(tracee_go(pid, PTRACE_CONT, 0), 6 << 8, "the program runs");
    pid = tracee_start(executes, NULL,
                       PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT |
                           PTRACE_O_TRACESYSGOOD);
    CHECK_EQ(tracee_go(pid, PTRACE_CONT, 0), STOPPED_EVENT(PTRACE_EVENT_EXEC),
             "or as an event");
    CHECK_EQ(message(pid), pid, "with its number");
    CHECK_EQ(tracee_go(pid, PTRACE_SYSCALL, 0), STOPPED_AT_CALL, "its exit");
    CHECK_EQ(tracee_register(pid, USER_REGISTER(orig_rax)), SYS_execve,
             "is that of execve");
    CHECK_EQ(tracee_register(pid, USER_REGISTER(rax)), 0, "with 0");
    CHECK_EQ(tracee_go(pid, PTRACE_CONT, 0), STOPPED_EVENT(PTRACE_EVENT_EXIT),
             "exit is one");
    CHECK_EQ(message(pid), 6 << 8, "with the status");
    CHECK_EQ(tracee_go(pid, PTRACE_CONT, 0), 6 << 8, "that it has");
    pid = tracee_start(executes, NULL, PTRACE_O_TRACEEXIT);
    kill(pid, SIGKILL);
    CHECK_EQ(tracee_wait(pid), STOPPED_EVENT(PTRACE_EVENT_EXIT),
             "also of one that is killed");
    CHECK_EQ(message(pid), SIGKILL, "with that status");
    CHECK_EQ(tracee_go(pid, PTRACE_CONT, 0), SIGKILL, "which it has, too");
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return 6;
    self = argv[0];
    check_start();
    check_seen();
    check_changes();
    check_restart();
    check_fork(forks, PTRACE_O_TRACEFORK, PTRACE_EVENT_FORK, 3);
    check_fork(vforks, PTRACE_O_TRACEVFORK, PTRACE_EVENT_VFORK, 4);
    check_exec_and_exit();
    return check_done();
}
