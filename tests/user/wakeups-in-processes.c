/*
 * No wake-up is lost in waiting for children and for signals, in sleeping, in
 * vfork, and when a process is stopped and goes on: 10^4 sleeps in each call.
 *
 * smp: 4
 * timeout: 900
 */
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "common/wakeup.h"

static sigset_t only_usr1, nothing;
static volatile sig_atomic_t arrived;

static void on_signal(int number)
{
    (void)number;
    arrived = 1;
}

/* ---- children: side 1 has nothing to do ---- */

static int fork_rounds(int side, long rounds, int (*wait_for)(pid_t pid))
{
    for (long i = 0; side == 0 && i < 2 * rounds; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            wakeup_delay();
            _exit(0);
        }
        wakeup_delay();
        if (pid < 0 || wait_for(pid)) {
            return -1;
        }
    }
    return 0;
}

static int with_wait4(pid_t pid)
{
    int status;
    return waitpid(pid, &status, 0) == pid && status == 0 ? 0 : -1;
}

static int with_waitid(pid_t pid)
{
    siginfo_t info;
    return waitid(P_PID, (id_t)pid, &info, WEXITED) || info.si_pid != pid ? -1
                                                                          : 0;
}

static int wait4_rounds(int side, long rounds)
{
    return fork_rounds(side, rounds, with_wait4);
}

static int waitid_rounds(int side, long rounds)
{
    return fork_rounds(side, rounds, with_waitid);
}

static int vfork_once(void)
{
    pid_t pid = vfork();
    if (pid == 0) {
        _exit(0);
    }
    return pid < 0 ? -1 : with_wait4(pid);
}

static int vfork_rounds(int side, long rounds)
{
    for (long i = 0; side == 0 && i < 2 * rounds; i++) {
        if (vfork_once()) {
            return -1;
        }
    }
    return 0;
}

/* A child stops itself again and again, the parent lets it go on. */
static int stop_rounds(int side, long rounds)
{
    pid_t child = side == 0 ? fork() : 0;
    int status;
    if (side == 1) {
        return 0;
    }
    if (child == 0) {
        for (long i = 0; i < rounds; i++) {
            wakeup_delay();
            raise(SIGSTOP);
        }
        _exit(0);
    }
    for (long i = 0; i < rounds; i++) {
        if (waitpid(child, &status, WUNTRACED) != child ||
            !WIFSTOPPED(status)) {
            return -1;
        }
        wakeup_delay();
        if (kill(child, SIGCONT)) {
            return -1;
        }
    }
    return with_wait4(child);
}

/* The parent stops a child that runs and waits for both changes. */
static int continue_rounds(int side, long rounds)
{
    pid_t child = side == 0 ? fork() : 0;
    int status;
    if (side == 1) {
        return 0;
    }
    while (child == 0) {
        pause();
    }
    for (long i = 0; i < rounds / 2; i++) {
        if (kill(child, SIGSTOP) || waitpid(child, &status, WUNTRACED) < 0 ||
            !WIFSTOPPED(status)) {
            return -1;
        }
        wakeup_delay();
        if (kill(child, SIGCONT) || waitpid(child, &status, WCONTINUED) < 0 ||
            !WIFCONTINUED(status)) {
            return -1;
        }
    }
    kill(child, SIGKILL);
    return waitpid(child, &status, 0) == child ? 0 : -1;
}

/* ---- signals ---- */

static void block_signal(void)
{
    struct sigaction action = { .sa_handler = on_signal };
    sigemptyset(&nothing);
    sigemptyset(&only_usr1);
    sigaddset(&only_usr1, SIGUSR1);
    NEED(sigaction(SIGUSR1, &action, NULL) == 0);
    NEED(sigprocmask(SIG_BLOCK, &only_usr1, NULL) == 0);
}

static void catch_signal(void)
{
    block_signal();
    NEED(sigprocmask(SIG_UNBLOCK, &only_usr1, NULL) == 0);
}

static int send_signal(int side)
{
    (void)side;
    return kill(wakeup_other(), SIGUSR1);
}

static int with_sigsuspend(int side)
{
    (void)side;
    arrived = 0;
    sigsuspend(&nothing);
    return arrived ? 0 : -1;
}

static int with_sigwaitinfo(int side)
{
    (void)side;
    return sigwaitinfo(&only_usr1, NULL) == SIGUSR1 ? 0 : -1;
}

static int with_sigtimedwait(int side)
{
    struct timespec soon = { .tv_nsec = 20000 };
    int number;
    (void)side;
    do {
        number = sigtimedwait(&only_usr1, NULL, &soon);
    } while (number < 0 && errno == EAGAIN);
    return number == SIGUSR1 ? 0 : -1;
}

static int with_ppoll(int side)
{
    (void)side;
    arrived = 0;
    return ppoll(NULL, 0, NULL, &nothing) == -1 && errno == EINTR && arrived
               ? 0
               : -1;
}

/* A signal may come before pause() sleeps: it is sent until the other side has
 * gone on. */
static int with_pause(int side)
{
    pause();
    wakeup_heard(side);
    return 0;
}

static int insist_on_signal(int side)
{
    return wakeup_insist(side, send_signal);
}

/* ---- time ---- */

static int sleep_rounds(int side, long rounds)
{
    for (long i = 0; i < rounds; i++) {
        struct timespec t = { .tv_nsec = 1000 + (i + 7 * side) % 50 * 500 };
        if (nanosleep(&t, NULL)) {
            return -1;
        }
    }
    return 0;
}

static const struct wakeup_row rows[] = {
    { "wait4", .act = wait4_rounds },
    { "waitid", .act = waitid_rounds },
    { "vfork", .act = vfork_rounds },
    { "stop", .act = stop_rounds },
    { "stop and continue", .act = continue_rounds },
    { "sigsuspend", .prepare = block_signal, .listen = with_sigsuspend,
      .tell = send_signal },
    { "sigwaitinfo", .prepare = block_signal, .listen = with_sigwaitinfo,
      .tell = send_signal },
    { "sigtimedwait and time-out", .prepare = block_signal,
      .listen = with_sigtimedwait, .tell = send_signal },
    { "ppoll for a signal", .prepare = block_signal, .listen = with_ppoll,
      .tell = send_signal },
    { "pause", .prepare = catch_signal, .listen = with_pause,
      .tell = insist_on_signal },
    { "nanosleep", .act = sleep_rounds },
};

int main(int argc, char **argv)
{
    return wakeup_main(argc, argv, rows, ARRAY_LENGTH(rows));
}
