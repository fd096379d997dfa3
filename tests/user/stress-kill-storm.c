/*
 * Two processes send each other signals as fast as they can; then a crowd of
 * children is killed while they start.  Nothing hangs, no status is wrong.
 *
 * Bad input: rows 69, 67.  Argument: signals each way (default 500).
 */
/* smp: 1 2 4 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"

enum { CROWD = 40 };

static long rounds;
static volatile long received;

static void on_signal(int number)
{
    received++;
}

static int child_storms(void *parent)
{
    pid_t other = (pid_t)(intptr_t)parent;
    for (long i = 0; i < rounds; i++) {
        if (kill(other, i % 2 ? SIGUSR1 : SIGUSR2) < 0) {
            return 1;
        }
    }
    return received > 0 ? 0 : 2;
}

static void check_storm(void)
{
    signal(SIGUSR1, on_signal);
    signal(SIGUSR2, on_signal);
    pid_t pid = child_start(child_storms, (void *)(intptr_t)getpid());
    for (long i = 0; i < rounds; i++) {
        kill(pid, i % 2 ? SIGUSR1 : SIGUSR2);
    }
    while (kill(pid, SIGUSR1) == 0 && waitpid(pid, NULL, WNOHANG) == 0) {
        usleep(100); /* it waits for none, but must have had one */
    }
    CHECK(received > 0, "%ld signals each way", rounds);
    signal(SIGUSR1, SIG_DFL);
    signal(SIGUSR2, SIG_DFL);
}

static int child_forks_and_waits(void *unused)
{
    for (;;) {
        pid_t pid = fork();
        if (pid == 0) {
            _exit(0);
        }
        if (pid > 0) {
            waitpid(pid, NULL, 0);
        }
    }
    return 0;
}

static void check_crowd(void)
{
    int wrong = 0;
    for (int i = 0; i < CROWD; i++) {
        pid_t pid = child_start(child_forks_and_waits, NULL);
        if (i % 3) {
            usleep(200 * (unsigned int)(i % 5));
        }
        wrong += kill(pid, SIGKILL) != 0;
        wrong += child_wait(pid) != SIGKILL;
    }
    CHECK_EQ(wrong, 0, "%d killed while they fork", CROWD);
}

int main(int argc, char **argv)
{
    rounds = check_rounds(argc, argv, 500);
    check_start();
    check_storm();
    check_crowd();
    return check_done();
}
