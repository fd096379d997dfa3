/*
 * Stopping and continuing: which signals do it, what the parent learns by wait
 * and SIGCHLD, that stop and continue take each other back, and that only
 * SIGKILL gets through to a stopped process.
 *
 * smp: 1 2 4
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "common/child.h"

static volatile sig_atomic_t chld_count, chld_code, chld_status, chld_pid;

static void on_child(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)context;
    chld_count++;
    chld_code = info->si_code;
    chld_status = info->si_status;
    chld_pid = info->si_pid;
}

static void watch_children(int flags)
{
    struct sigaction sa;
    memset(&sa, 0, sizeof(sa));
    sa.sa_sigaction = on_child;
    sa.sa_flags = SA_SIGINFO | SA_RESTART | flags;
    NEED(sigaction(SIGCHLD, &sa, NULL) == 0);
    chld_count = 0;
}

/* In a group of its own in our session, so that the group is no orphan. */
static __attribute__((noreturn)) int child_waits(void *unused)
{
    (void)unused;
    for (;;) {
        pause();
    }
}

static pid_t start_waiter(void)
{
    pid_t pid = child_start(child_waits, NULL);
    NEED(setpgid(pid, pid) == 0);
    return pid;
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    CHECK_EQ(child_wait(pid), SIGKILL, "SIGKILL ends it");
}

static char state_of(pid_t pid)
{
    char path[40], text[300];
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    NEED(check_read_file(path, text, sizeof(text)) > 0);
    return strrchr(text, ')')[2];
}

static void check_each_signal(void)
{
    static const int stops[] = { SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU };
    for (size_t i = 0; i < ARRAY_LENGTH(stops); i++) {
        int status = -1;
        pid_t pid = start_waiter();
        kill(pid, stops[i]);
        CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid, "signal %d", stops[i]);
        CHECK_EQ(status, (stops[i] << 8) | 0x7f, "stopped by %d", stops[i]);
        CHECK_EQ(state_of(pid), 'T', "its state in /proc");
        CHECK_EQ(waitpid(pid, &status, WUNTRACED | WNOHANG), 0, "told once");
        kill(pid, SIGCONT);
        CHECK_EQ(waitpid(pid, &status, WCONTINUED), pid, "continued");
        CHECK_EQ(status, 0xffff, "its status");
        CHECK(WIFCONTINUED(status) && !WIFSTOPPED(status), "macros");
        end(pid);
    }
}

static void check_waitid(void)
{
    siginfo_t info;
    int status;
    pid_t pid = start_waiter();
    CHECK_EQ(waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOHANG), 0, "not yet");
    kill(pid, SIGSTOP);
    for (int i = 0; i < 2; i++) {
        memset(&info, 0xff, sizeof(info));
        CHECK_EQ(waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOWAIT), 0,
                 "WNOWAIT keeps the news, %d", i);
        CHECK_EQ(info.si_code, CLD_STOPPED, "si_code");
        CHECK_EQ(info.si_status, SIGSTOP, "si_status");
        CHECK_EQ(info.si_signo, SIGCHLD, "si_signo");
        CHECK_EQ(info.si_pid, pid, "si_pid");
    }
    CHECK_EQ(waitpid(pid, &status, WCONTINUED | WNOHANG), 0,
             "a stop is not a continue");
    kill(pid, SIGCONT);
    CHECK_EQ(waitpid(pid, &status, WUNTRACED | WNOHANG), 0,
             "continued: no stop to tell of any more");
    CHECK_EQ(waitid(P_ALL, 0, &info, WCONTINUED), 0, "WCONTINUED");
    CHECK_EQ(info.si_code, CLD_CONTINUED, "si_code");
    CHECK_EQ(info.si_status, SIGCONT, "si_status");
    CHECK_EQ(waitid(P_PID, (id_t)pid, &info, WCONTINUED | WNOHANG), 0, "once");
    CHECK_EQ(info.si_pid, 0, "nothing new");
    end(pid);
}

static void wait_for_chld(int count)
{
    const struct timespec tick = { 0, 2000000 };
    for (int i = 0; i < 20000 && chld_count < count; i++) {
        nanosleep(&tick, NULL);
    }
}

static void check_sigchld(void)
{
    int status;
    watch_children(0);
    pid_t pid = start_waiter();
    kill(pid, SIGTSTP);
    wait_for_chld(1);
    CHECK_EQ(chld_code, CLD_STOPPED, "SIGCHLD when it stops");
    CHECK_EQ(chld_status, SIGTSTP, "si_status");
    CHECK_EQ(chld_pid, pid, "si_pid");
    kill(pid, SIGCONT);
    wait_for_chld(2);
    CHECK_EQ(chld_code, CLD_CONTINUED, "SIGCHLD when it goes on");
    CHECK_EQ(chld_status, SIGCONT, "si_status");
    kill(pid, SIGTERM);
    wait_for_chld(3);
    CHECK_EQ(chld_code, CLD_KILLED, "SIGCHLD when it is killed");
    CHECK_EQ(chld_status, SIGTERM, "si_status");
    CHECK_EQ(child_wait(pid), SIGTERM, "its status");

    watch_children(SA_NOCLDSTOP);
    pid = start_waiter();
    kill(pid, SIGSTOP);
    CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid, "SA_NOCLDSTOP: wait works");
    kill(pid, SIGCONT);
    CHECK_EQ(waitpid(pid, &status, WCONTINUED), pid, "also for continue");
    CHECK_EQ(chld_count, 0, "but no signal came");
    end(pid);
    CHECK_EQ(chld_count, 1, "one when it ended");
    signal(SIGCHLD, SIG_DFL);
}

/* Stopped, it takes nothing but SIGKILL and SIGCONT. */
static void check_others_wait(void)
{
    int status;
    pid_t pid = start_waiter();
    kill(pid, SIGSTOP);
    waitpid(pid, &status, WUNTRACED);
    kill(pid, SIGTERM);
    usleep(20000);
    CHECK_EQ(waitpid(pid, &status, WNOHANG), 0, "SIGTERM waits");
    CHECK_EQ(state_of(pid), 'T', "it is still stopped");
    kill(pid, SIGCONT);
    CHECK_EQ(child_wait(pid), SIGTERM, "SIGTERM comes when it goes on");

    pid = start_waiter();
    kill(pid, SIGSTOP);
    waitpid(pid, &status, WUNTRACED);
    end(pid);
}

static volatile sig_atomic_t conts;

static void on_cont(int number)
{
    (void)number;
    conts++;
}

/* Blocked signals show which of the two is left. */
static int child_cancels(void *unused)
{
    sigset_t set, pending;
    (void)unused;
    sigemptyset(&set);
    sigaddset(&set, SIGCONT);
    sigaddset(&set, SIGTSTP);
    sigaddset(&set, SIGTTIN);
    sigprocmask(SIG_BLOCK, &set, NULL);
    kill(getpid(), SIGTSTP);
    kill(getpid(), SIGTTIN);
    sigpending(&pending);
    if (!sigismember(&pending, SIGTSTP) || !sigismember(&pending, SIGTTIN)) {
        return 1;
    }
    kill(getpid(), SIGCONT);
    sigpending(&pending);
    if (sigismember(&pending, SIGTSTP) || sigismember(&pending, SIGTTIN)) {
        return 2;
    }
    if (!sigismember(&pending, SIGCONT)) {
        return 3;
    }
    kill(getpid(), SIGTSTP);
    sigpending(&pending);
    if (sigismember(&pending, SIGCONT)) {
        return 4;
    }
    signal(SIGTSTP, SIG_IGN);
    signal(SIGCONT, on_cont);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    if (conts != 0) {
        return 5;
    }
    kill(getpid(), SIGTSTP); /* ignored */
    kill(getpid(), SIGCONT); /* handled though not stopped */
    return conts == 1 ? 0 : 6;
}

static __attribute__((noreturn)) int child_blocks_cont(void *gate)
{
    sigset_t set;
    sigfillset(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
    gate_open(gate);
    for (;;) {
        pause();
    }
}

static void check_blocked_continue(void)
{
    struct gate gate;
    int status;
    gate_make(&gate);
    pid_t pid = child_start(child_blocks_cont, &gate);
    gate_pass(&gate);
    kill(pid, SIGSTOP);
    CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid, "SIGSTOP is not blocked");
    kill(pid, SIGCONT);
    CHECK_EQ(waitpid(pid, &status, WCONTINUED), pid,
             "SIGCONT continues though blocked");
    end(pid);
    gate_close(&gate);
}

/* A sleep goes on for what is left of it. */
static int child_sleeps(void *unused)
{
    const struct timespec t = { 0, 300000000 };
    struct timespec from, to;
    (void)unused;
    clock_gettime(CLOCK_MONOTONIC, &from);
    if (nanosleep(&t, NULL) != 0) {
        return 1;
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    long ms = (to.tv_sec - from.tv_sec) * 1000 +
              (to.tv_nsec - from.tv_nsec) / 1000000;
    return ms >= 300 ? 0 : 2;
}

static void check_sleep(void)
{
    int status = 0;
    /* Again if it has slept enough before it could be stopped. */
    for (int i = 0; i < 50 && status == 0; i++) {
        pid_t pid = child_start(child_sleeps, NULL);
        usleep(50000);
        kill(pid, SIGSTOP);
        NEED(waitpid(pid, &status, WUNTRACED) == pid);
        if (WIFSTOPPED(status)) {
            kill(pid, SIGCONT);
            CHECK_EQ(child_wait(pid), 0, "a stop does not cut nanosleep short");
        }
    }
    CHECK(WIFSTOPPED(status), "it was stopped");
}

/* Stop and continue in quick turns never leave it stopped after the last. */
static void check_storm(void)
{
    pid_t pid = start_waiter();
    int status;
    for (int i = 0; i < 500; i++) {
        kill(pid, SIGSTOP);
        kill(pid, SIGCONT);
        if (i % 50 == 0) {
            while (waitpid(pid, &status, WUNTRACED | WCONTINUED | WNOHANG) >
                   0) {
            }
        }
    }
    kill(pid, SIGTERM);
    CHECK_EQ(child_wait(pid), SIGTERM, "it runs after 500 stops");
}

int main(void)
{
    check_start();
    check_each_signal();
    check_waitid();
    check_sigchld();
    check_others_wait();
    CHECK_EXITS(child_cancels, NULL, 0, "they take each other back");
    check_blocked_continue();
    check_sleep();
    check_storm();
    return check_done();
}
