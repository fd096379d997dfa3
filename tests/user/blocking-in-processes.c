/*
 * What ends the calls that wait for children, for signals and for time, as
 * signal(7) lists it.
 *
 * smp: 1 2 4
 */
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "common/blocking.h"

static int *const ends = blocking_ends;

/* ---- children; they live until the conductor closes its end ---- */

static void make_pipe(void)
{
    NEED(pipe(ends) == 0);
}

static void have_child(void)
{
    char byte;
    if (fork() == 0) {
        ssize_t unused = read(ends[0], &byte, 1);
        (void)unused;
        _exit(7);
    }
}

static void let_child_go(void)
{
    close(ends[1]);
}

static long with_wait4(void)
{
    int status;
    pid_t pid = waitpid(-1, &status, 0);
    return pid < 0 ? -1 : WEXITSTATUS(status);
}

static long with_waitid(void)
{
    siginfo_t info;
    return waitid(P_ALL, 0, &info, WEXITED) ? -1 : info.si_status;
}

/* ---- signals ---- */

static void block_second(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

static long with_pause(void)
{
    return pause();
}

static long with_sigsuspend(void)
{
    sigset_t none;
    sigemptyset(&none);
    return sigsuspend(&none);
}

static long wait_for_second(const struct timespec *limit)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    return sigtimedwait(&set, NULL, limit);
}

static long with_sigtimedwait(void)
{
    struct timespec limit = { 1000, 0 };
    return wait_for_second(&limit);
}

static long with_sigtimedwait_shortly(void)
{
    struct timespec limit = { 0, 20000000 };
    return wait_for_second(&limit);
}

static long with_sigwaitinfo(void)
{
    return wait_for_second(NULL);
}

static void send_second(void)
{
    NEED(kill(blocking_caller(), SIGUSR2) == 0);
}

/* ---- time ---- */

static long with_nanosleep(void)
{
    struct timespec t = { 1000, 0 };
    return nanosleep(&t, NULL);
}

static long with_nanosleep_shortly(void)
{
    struct timespec t = { 0, 20000000 };
    return nanosleep(&t, NULL);
}

/* clock_nanosleep returns the error. */
static long until(clockid_t clock, long seconds)
{
    struct timespec t;
    clock_gettime(clock, &t);
    t.tv_sec += seconds;
    errno = clock_nanosleep(clock, TIMER_ABSTIME, &t, NULL);
    return errno ? -1 : 0;
}

static long with_clock_nanosleep(void)
{
    return until(CLOCK_MONOTONIC, 1000);
}

static long with_clock_nanosleep_late(void)
{
    return until(CLOCK_REALTIME, -1);
}

static const struct blocking_row rows[] = {
    { .name = "wait4",
      .prepare = make_pipe,
      .begin = have_child,
      .call = with_wait4,
      .wake = let_child_go,
      .woken = 7 },
    { .name = "waitid",
      .prepare = make_pipe,
      .begin = have_child,
      .call = with_waitid,
      .wake = let_child_go,
      .woken = 7 },
    { .name = "pause", .call = with_pause, .habits = NEVER_RESTARTS },
    { .name = "sigsuspend", .call = with_sigsuspend, .habits = NEVER_RESTARTS },
    { .name = "sigtimedwait",
      .begin = block_second,
      .call = with_sigtimedwait,
      .wake = send_second,
      .woken = SIGUSR2,
      .habits = NEVER_RESTARTS | STOP_ENDS_IT,
      .timed = with_sigtimedwait_shortly,
      .timed_value = -1,
      .timed_errno = EAGAIN },
    { .name = "sigwaitinfo",
      .begin = block_second,
      .call = with_sigwaitinfo,
      .wake = send_second,
      .woken = SIGUSR2,
      .habits = NEVER_RESTARTS | STOP_ENDS_IT },
    { .name = "nanosleep",
      .call = with_nanosleep,
      .habits = NEVER_RESTARTS,
      .timed = with_nanosleep_shortly },
    { .name = "clock_nanosleep",
      .call = with_clock_nanosleep,
      .habits = NEVER_RESTARTS,
      .timed = with_clock_nanosleep_late },
};

int main(int argc, char **argv)
{
    return blocking_main(argc, argv, rows, ARRAY_LENGTH(rows));
}
