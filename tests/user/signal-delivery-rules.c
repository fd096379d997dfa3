/*
 * Which signal is delivered when: blocking, pending, SA_NODEFER, SA_RESETHAND,
 * sa_mask, order, sigsuspend, SIGCHLD, SIGPIPE, alarm, ignored and default
 * actions, EINTR and SA_RESTART.
 *
 * Bad input: row 106 (interrupted write).
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "common/child.h"
#include "common/thread.h"

static volatile int calls, depth, deepest, sequence[8], code_seen, status_seen;
static volatile pid_t pid_seen;

static void count(int number)
{
    if (calls < 8) {
        sequence[calls] = number;
    }
    calls++;
    depth++;
    deepest = depth > deepest ? depth : deepest;
    if (calls == 1 && number == SIGUSR1) {
        raise(SIGUSR1);
    }
    depth--;
}

static void count_only(int number)
{
    calls++;
}

static void install(int number, void (*handler)(int), int flags)
{
    struct sigaction action = { .sa_handler = handler, .sa_flags = flags };
    NEED(sigaction(number, &action, NULL) == 0);
    calls = depth = deepest = 0;
}

static sigset_t set_of(int one, int two)
{
    sigset_t set;
    sigemptyset(&set);
    if (one) {
        sigaddset(&set, one);
    }
    if (two) {
        sigaddset(&set, two);
    }
    return set;
}

static void check_nesting(void)
{
    install(SIGUSR1, count, 0);
    raise(SIGUSR1);
    CHECK_EQ(calls * 10 + deepest, 21, "blocked in its own handler");
    install(SIGUSR1, count, SA_NODEFER);
    raise(SIGUSR1);
    CHECK_EQ(calls * 10 + deepest, 22, "SA_NODEFER: nested");
    install(SIGUSR2, count_only, SA_RESETHAND);
    raise(SIGUSR2);
    struct sigaction action;
    sigaction(SIGUSR2, NULL, &action);
    CHECK(calls == 1 && action.sa_handler == SIG_DFL, "SA_RESETHAND");
}

static void check_pending(void)
{
    sigset_t both = set_of(SIGUSR1, SIGUSR2), none = set_of(0, 0), pending;
    install(SIGUSR1, count_only, 0);
    install(SIGUSR2, count_only, 0);
    sigprocmask(SIG_SETMASK, &both, NULL);
    raise(SIGUSR1);
    raise(SIGUSR1);
    raise(SIGUSR2);
    CHECK_EQ(calls, 0, "blocked signals wait");
    sigpending(&pending);
    CHECK(sigismember(&pending, SIGUSR1) && sigismember(&pending, SIGUSR2) &&
              !sigismember(&pending, SIGTERM),
          "sigpending shows them");
    sigprocmask(SIG_SETMASK, &none, NULL);
    CHECK_EQ(calls, 2, "each is delivered once when unblocked");
    sigprocmask(SIG_SETMASK, &both, NULL);
    raise(SIGUSR1);
    signal(SIGUSR1, SIG_IGN);
    sigpending(&pending);
    CHECK(!sigismember(&pending, SIGUSR1), "ignoring drops a pending one");
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Once the parent sleeps in the call that comes next. */
static void signal_parent(int number)
{
    pid_t parent = getppid();
    NEED(thread_await_state(parent, parent, 'S'));
    kill(parent, number);
}

static int child_signals_parent(void *number)
{
    signal_parent(*(int *)number);
    return 0;
}

static void check_suspend(void)
{
    int number = SIGUSR1;
    sigset_t one = set_of(SIGUSR1, 0), none = set_of(0, 0), now;
    install(SIGUSR1, count_only, 0);
    sigprocmask(SIG_BLOCK, &one, NULL);
    pid_t pid = child_start(child_signals_parent, &number);
    CHECK_ERRNO(sigsuspend(&none), EINTR, "sigsuspend returns EINTR");
    CHECK_EQ(calls, 1, "after the handler");
    sigprocmask(SIG_SETMASK, NULL, &now);
    CHECK(sigismember(&now, SIGUSR1), "and the old mask is back");
    CHECK_EQ(child_wait(pid), 0, "the child ends");
    raise(SIGUSR1);
    CHECK_ERRNO(sigsuspend(&none), EINTR, "a pending signal ends it at once");
    CHECK_EQ(calls, 2, "handled");
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void on_child(int number, siginfo_t *info, void *context)
{
    calls++;
    code_seen = info->si_code;
    pid_seen = info->si_pid;
    status_seen = info->si_status;
}

static int child_exits(void *unused)
{
    return 12;
}

static void check_sigchld(void)
{
    struct sigaction action = { .sa_sigaction = on_child,
                                .sa_flags = SA_SIGINFO };
    calls = 0;
    sigaction(SIGCHLD, &action, NULL);
    pid_t pid = child_start(child_exits, NULL);
    while (calls == 0) {
        usleep(1000);
    }
    CHECK_EQ(pid_seen, pid, "SIGCHLD: si_pid");
    CHECK_EQ(code_seen, CLD_EXITED, "SIGCHLD: si_code");
    CHECK_EQ(status_seen, 12, "SIGCHLD: si_status");
    CHECK_EQ(child_wait(pid), 12 << 8, "the zombie waits for wait");
    signal(SIGCHLD, SIG_IGN);
    pid = child_start(child_exits, NULL);
    CHECK_ERRNO(waitpid(pid, NULL, 0), ECHILD, "SIGCHLD ignored: no zombie");
    signal(SIGCHLD, SIG_DFL);
}

/* A read that sleeps is interrupted, or starts again. */
static void check_restart(void)
{
    int ends[2], number = SIGUSR1;
    char byte;
    NEED(pipe(ends) == 0);
    install(SIGUSR1, count_only, 0);
    pid_t pid = child_start(child_signals_parent, &number);
    CHECK_ERRNO(read(ends[0], &byte, 1), EINTR, "read: EINTR");
    child_wait(pid);
    install(SIGUSR1, count_only, SA_RESTART);
    pid = fork();
    if (pid == 0) {
        signal_parent(SIGUSR1);
        usleep(30000);
        _exit(write(ends[1], "x", 1) == 1 ? 3 : 4);
    }
    CHECK_EQ(read(ends[0], &byte, 1), 1, "SA_RESTART: read goes on");
    CHECK_EQ(calls, 1, "after the handler");
    int status;
    CHECK_EQ(waitpid(pid, &status, 0), pid, "wait");
    install(SIGUSR1, count_only, 0);
    pid = fork();
    if (pid == 0) {
        signal_parent(SIGUSR1);
        pause();
        _exit(0);
    }
    CHECK_ERRNO(waitpid(pid, &status, 0), EINTR, "wait: EINTR");
    kill(pid, SIGKILL);
    CHECK_EQ(waitpid(pid, &status, 0), pid, "then it ends");
    close(ends[0]);
    close(ends[1]);
}

/* Signals without handlers do not disturb. */
static void check_not_disturbed(void)
{
    int ends[2], status;
    char byte;
    NEED(pipe(ends) == 0);
    signal(SIGUSR1, SIG_IGN);
    pid_t pid = fork();
    if (pid == 0) {
        usleep(20000);
        kill(getppid(), SIGUSR1);  /* ignored */
        kill(getppid(), SIGWINCH); /* ignored by default */
        kill(getppid(), SIGCONT);
        usleep(20000);
        _exit(write(ends[1], "x", 1) == 1 ? 0 : 1);
    }
    CHECK_EQ(read(ends[0], &byte, 1), 1, "ignored signals: read sleeps on");
    CHECK(waitpid(pid, &status, 0) == pid && status == 0, "the child ends");
    close(ends[0]);
    close(ends[1]);
}

/* Row 106 */
static void check_interrupted_write(void)
{
    static char bytes[200000];
    int ends[2], number = SIGUSR1;
    NEED(pipe(ends) == 0);
    install(SIGUSR1, count_only, SA_RESTART);
    pid_t pid = child_start(child_signals_parent, &number);
    ssize_t done = write(ends[1], bytes, sizeof(bytes));
    CHECK(done > 0 && done < (ssize_t)sizeof(bytes), "part was written: %zd",
          done);
    child_wait(pid);
    install(SIGUSR1, count_only, 0);
    pid = child_start(child_signals_parent, &number);
    CHECK_ERRNO(write(ends[1], bytes, 100), EINTR, "nothing: EINTR");
    child_wait(pid);
    close(ends[0]);
    CHECK_ERRNO((signal(SIGPIPE, SIG_IGN), write(ends[1], bytes, 1)), EPIPE,
                "SIGPIPE ignored: EPIPE");
    install(SIGPIPE, count_only, 0);
    CHECK_ERRNO(write(ends[1], bytes, 1), EPIPE, "handled: EPIPE");
    CHECK_EQ(calls, 1, "and the handler has run");
    close(ends[1]);
    signal(SIGPIPE, SIG_DFL);
}

static void check_alarm(void)
{
    struct itimerval timer = { { 0, 20000 }, { 0, 20000 } }, off, left;
    sigset_t one = set_of(SIGALRM, 0), none = set_of(0, 0);
    int number = SIGUSR1;
    memset(&off, 0, sizeof(off));
    install(SIGUSR1, count_only, 0);
    pid_t pid = child_start(child_signals_parent, &number);
    CHECK_ERRNO(pause(), EINTR, "pause until a signal");
    child_wait(pid);
    install(SIGALRM, count_only, 0);
    alarm(100);
    sigprocmask(SIG_BLOCK, &one, NULL);
    CHECK(alarm(1) > 50, "alarm returns what was left");
    CHECK_ERRNO(sigsuspend(&none), EINTR, "until the alarm");
    sigprocmask(SIG_SETMASK, &none, NULL);
    CHECK_EQ(calls, 1, "SIGALRM");
    CHECK_EQ(alarm(0), 0, "nothing left");
    CHECK_EQ(setitimer(ITIMER_REAL, &timer, NULL), 0, "an interval timer");
    while (calls < 4) {
        pause();
    }
    CHECK_EQ(setitimer(ITIMER_REAL, &off, &left), 0, "ends");
    CHECK(left.it_interval.tv_usec == 20000, "the interval is told");
    signal(SIGALRM, SIG_DFL);
    alarm(100);
}

static void check_sleep(void)
{
    struct timespec long_time = { 50, 0 }, left = { 0, 0 };
    int number = SIGUSR1;
    install(SIGUSR1, count_only, SA_RESTART);
    pid_t pid = child_start(child_signals_parent, &number);
    CHECK_ERRNO(nanosleep(&long_time, &left), EINTR, "nanosleep: EINTR");
    CHECK(left.tv_sec >= 20 && left.tv_sec < 50, "the rest is told");
    child_wait(pid);
}

int main(void)
{
    check_start();
    check_nesting();
    check_pending();
    check_suspend();
    check_sigchld();
    check_restart();
    check_not_disturbed();
    check_interrupted_write();
    check_alarm();
    check_sleep();
    return check_done();
}
