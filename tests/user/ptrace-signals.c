/*
 * A tracee stops before it takes a signal: the tracer sees which and from whom,
 * and may keep it, let it through or put another one in its place.  What it
 * ignores stops it, too; SIGKILL does not.
 *
 * smp: 1 2 4
 */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/tracee.h"

static volatile sig_atomic_t handled, handled_code, handled_pid;

static void on_signal(int number, siginfo_t *info, void *context)
{
    (void)context;
    handled = number;
    handled_code = info->si_code;
    handled_pid = info->si_pid;
}

/* Raise a signal; tell what the handler has seen. */
static int raises(void *argument)
{
    struct sigaction sa;
    memset(&sa, 0, sizeof(sa));
    sa.sa_sigaction = on_signal;
    sa.sa_flags = SA_SIGINFO;
    sigaction(SIGUSR1, &sa, NULL);
    sigaction(SIGUSR2, &sa, NULL);
    signal(SIGURG, SIG_IGN);
    raise((int)(long)argument);
    return handled;
}

static pid_t at_signal(int number)
{
    pid_t pid = tracee_start(raises, (void *)(long)number, 0);
    CHECK_EQ(tracee_go(pid, PTRACE_CONT, 0), STOPPED(number),
             "it stops for signal %d", number);
    return pid;
}

static void check_choices(void)
{
    CHECK_EQ(tracee_go(at_signal(SIGUSR1), PTRACE_CONT, 0), 0, "kept back");
    CHECK_EQ(tracee_go(at_signal(SIGUSR1), PTRACE_CONT, SIGUSR1), SIGUSR1 << 8,
             "let through");
    CHECK_EQ(tracee_go(at_signal(SIGUSR1), PTRACE_CONT, SIGUSR2), SIGUSR2 << 8,
             "another one");
    CHECK_EQ(tracee_go(at_signal(SIGUSR1), PTRACE_CONT, SIGTERM), SIGTERM,
             "one that kills");
    CHECK_EQ(tracee_go(at_signal(SIGTERM), PTRACE_CONT, 0), 0,
             "one that would have killed, kept back");
    CHECK_EQ(tracee_go(at_signal(SIGURG), PTRACE_CONT, SIGURG), 0,
             "one that it ignores stops it all the same");
    CHECK_EQ(tracee_go(at_signal(SIGWINCH), PTRACE_CONT, 0), 0,
             "and one that does nothing by default");
}

static void check_info(void)
{
    pid_t pid = at_signal(SIGUSR1);
    siginfo_t info;
    memset(&info, 0xff, sizeof(info));
    CHECK_EQ(ptrace(PTRACE_GETSIGINFO, pid, NULL, &info), 0, "GETSIGINFO");
    CHECK_EQ(info.si_signo, SIGUSR1, "si_signo");
    CHECK_EQ(info.si_code, SI_TKILL, "si_code");
    CHECK_EQ(info.si_pid, pid, "si_pid");
    info.si_code = SI_QUEUE;
    info.si_pid = 4242;
    CHECK_EQ(ptrace(PTRACE_SETSIGINFO, pid, NULL, &info), 0, "SETSIGINFO");
    CHECK_EQ(tracee_go(pid, PTRACE_SINGLESTEP, SIGUSR1), STOPPED(SIGTRAP),
             "a step leads into the handler");
    CHECK_EQ(tracee_register(pid, USER_REGISTER(rip)), (long)on_signal,
             "to its first instruction");
    CHECK_EQ(tracee_finish(pid), SIGUSR1 << 8, "which runs");
}

static int sends_info(void *argument)
{
    raises(argument);
    return handled_pid == 4242 && handled_code == SI_QUEUE ? 7 : 8;
}

static void check_changed_info(void)
{
    siginfo_t info;
    pid_t pid = tracee_start(sends_info, (void *)(long)SIGUSR1, 0);
    NEED(tracee_go(pid, PTRACE_CONT, 0) == STOPPED(SIGUSR1));
    NEED(ptrace(PTRACE_GETSIGINFO, pid, NULL, &info) == 0);
    info.si_code = SI_QUEUE;
    info.si_pid = 4242;
    NEED(ptrace(PTRACE_SETSIGINFO, pid, NULL, &info) == 0);
    CHECK_EQ(tracee_go(pid, PTRACE_CONT, SIGUSR1), 7 << 8,
             "the handler gets the changed siginfo");
}

static int faults(void *unused)
{
    (void)unused;
    volatile uintptr_t address = 16;
    *(volatile int *)address = 1;
    return 0;
}

static void check_faults(void)
{
    siginfo_t info;
    pid_t pid = tracee_start(faults, NULL, 0);
    CHECK_EQ(tracee_go(pid, PTRACE_CONT, 0), STOPPED(SIGSEGV), "a fault");
    CHECK_EQ(ptrace(PTRACE_GETSIGINFO, pid, NULL, &info), 0, "its siginfo");
    CHECK_EQ(info.si_code, SEGV_MAPERR, "si_code");
    CHECK_EQ((long)info.si_addr, 16, "si_addr");
    CHECK_EQ(tracee_go(pid, PTRACE_CONT, 0), STOPPED(SIGSEGV),
             "kept back, it comes again");
    CHECK_EQ(tracee_go(pid, PTRACE_CONT, SIGSEGV) & 0x7f, SIGSEGV,
             "let through, it kills");
}

static void check_kill(void)
{
    pid_t pid = at_signal(SIGUSR1);
    CHECK_EQ(tracee_state(pid), 't', "its state in /proc");
    CHECK_EQ(tracee_tracer(pid), getpid(), "and its tracer");
    kill(pid, SIGKILL);
    CHECK_EQ(tracee_wait(pid), SIGKILL, "SIGKILL ends a stopped tracee");
    pid = at_signal(SIGUSR1);
    CHECK_EQ(ptrace(PTRACE_KILL, pid, NULL, NULL), 0, "PTRACE_KILL");
    CHECK_EQ(tracee_wait(pid), SIGKILL, "kills");
    CHECK_ERRNO(ptrace(PTRACE_CONT, pid, NULL, NULL), ESRCH, "it is gone");
}

int main(void)
{
    check_start();
    check_choices();
    check_info();
    check_changed_info();
    check_faults();
    check_kill();
    return check_done();
}
