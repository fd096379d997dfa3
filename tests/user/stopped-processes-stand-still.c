/*
 * Stopping and continuing: SIGSTOP and its like stop, SIGCONT continues even
 * where it is blocked, the parent is told by wait and SIGCHLD, SIGKILL ends a
 * stopped process.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"

static volatile int calls, code_seen, *shared;

static void on_child(int number, siginfo_t *info, void *context)
{
    calls++;
    code_seen = info->si_code;
}

static void on_signal(int number)
{
    calls++;
}

static int child_counts(void *unused)
{
    for (;;) {
        (*shared)++;
        usleep(500);
    }
    return 0;
}

static int child_stops_itself(void *number)
{
    setpgid(0, 0); /* not an orphaned group: our parent is in another one */
    signal(SIGCONT, on_signal);
    raise(*(int *)number);
    return calls == 1 ? 5 : 6;
}

static char state_of(pid_t pid)
{
    char path[64], text[600];
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    NEED(check_read_file(path, text, sizeof(text)) > 0);
    char *end = strrchr(text, ')');
    return end ? end[2] : '?';
}

static void check_stop_signals(void)
{
    static const int numbers[] = { SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU };
    int status;
    for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++) {
        int number = numbers[i];
        pid_t pid = child_start(child_stops_itself, &number);
        CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid, "signal %d", number);
        CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == number, "stops (%x)",
              (unsigned)status);
        CHECK_EQ(state_of(pid), 'T', "its state");
        CHECK_EQ(waitpid(pid, &status, WUNTRACED | WNOHANG), 0, "told once");
        CHECK_EQ(kill(pid, SIGCONT), 0, "SIGCONT");
        CHECK_EQ(waitpid(pid, &status, 0), pid, "it ends");
        CHECK_EQ(status, 5 << 8, "after its SIGCONT handler");
    }
}

static void check_standing_still(void)
{
    siginfo_t info;
    int status;
    *shared = 0;
    pid_t pid = child_start(child_counts, NULL);
    while (*shared < 3) {
        usleep(1000);
    }
    kill(pid, SIGSTOP);
    CHECK_EQ(waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOWAIT), 0, "waitid");
    CHECK(info.si_code == CLD_STOPPED && info.si_status == SIGSTOP, "stopped");
    CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid, "still there for wait");
    int before = *shared;
    usleep(30000);
    CHECK_EQ(*shared, before, "a stopped process stands still");
    kill(pid, SIGUSR1);
    usleep(5000);
    CHECK_EQ(waitpid(pid, &status, WNOHANG), 0, "a signal does not end it");
    kill(pid, SIGCONT);
    CHECK_EQ(waitpid(pid, &status, 0), pid, "continued, it takes effect");
    CHECK_EQ(status, SIGUSR1, "killed by it");
}

static void check_continued(void)
{
    siginfo_t info;
    int status;
    pid_t pid = child_start(child_counts, NULL);
    kill(pid, SIGSTOP);
    CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid, "stopped");
    kill(pid, SIGCONT);
    CHECK_EQ(waitpid(pid, &status, WCONTINUED), pid, "WCONTINUED");
    CHECK(WIFCONTINUED(status), "continued (%x)", (unsigned)status);
    kill(pid, SIGSTOP);
    waitpid(pid, &status, WUNTRACED);
    kill(pid, SIGCONT);
    CHECK_EQ(waitid(P_PID, (id_t)pid, &info, WCONTINUED), 0, "waitid");
    CHECK(info.si_code == CLD_CONTINUED && info.si_status == SIGCONT, "told");
    kill(pid, SIGSTOP);
    waitpid(pid, &status, WUNTRACED);
    kill(pid, SIGKILL);
    CHECK_EQ(child_wait(pid), SIGKILL, "SIGKILL ends a stopped process");
}

static int child_blocks_all(void *gate)
{
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    gate_open(gate);
    return child_counts(NULL);
}

static void check_blocked(void)
{
    struct gate gate;
    int status;
    gate_make(&gate);
    pid_t pid = child_start(child_blocks_all, &gate);
    gate_pass(&gate);
    kill(pid, SIGTSTP);
    usleep(5000);
    CHECK_EQ(waitpid(pid, &status, WUNTRACED | WNOHANG), 0, "blocked SIGTSTP");
    kill(pid, SIGSTOP);
    CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid, "SIGSTOP is never blocked");
    kill(pid, SIGCONT);
    CHECK_EQ(waitpid(pid, &status, WCONTINUED), pid, "nor is continuing");
    kill(pid, SIGKILL);
    CHECK_EQ(child_wait(pid), SIGKILL, "killed");
    gate_close(&gate);
}

static void check_sigchld(void)
{
    struct sigaction action = { .sa_sigaction = on_child,
                                .sa_flags = SA_SIGINFO };
    int status;
    sigaction(SIGCHLD, &action, NULL);
    calls = 0;
    pid_t pid = child_start(child_counts, NULL);
    kill(pid, SIGSTOP);
    while (calls == 0) {
        usleep(1000);
    }
    CHECK_EQ(code_seen, CLD_STOPPED, "SIGCHLD: stopped");
    action.sa_flags |= SA_NOCLDSTOP;
    sigaction(SIGCHLD, &action, NULL);
    calls = 0;
    kill(pid, SIGCONT);
    kill(pid, SIGSTOP);
    while (waitpid(pid, &status, WUNTRACED) < 0 || !WIFSTOPPED(status)) {
    }
    CHECK_EQ(calls, 0, "SA_NOCLDSTOP: not told");
    kill(pid, SIGKILL);
    CHECK_EQ(child_wait(pid), SIGKILL, "killed");
    CHECK_EQ(calls, 1, "but of the end");
    signal(SIGCHLD, SIG_DFL);
}

int main(void)
{
    check_start();
    shared = shared_memory(PAGE);
    check_stop_signals();
    check_standing_still();
    check_continued();
    check_blocked();
    check_sigchld();
    return check_done();
}
