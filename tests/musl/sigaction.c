/*
 * sigaction with SA_SIGINFO on another stack, queued values in their order,
 * and signals that are waited for instead of handled.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { VALUES = 8 };

static volatile sig_atomic_t seen[VALUES], count, on_stack, merged;
static char *stack;

static void on_value(int number, siginfo_t *info, void *context)
{
    char here;
    (void)context;
    if (info->si_code == SI_QUEUE && info->si_pid == getpid() &&
        number == SIGRTMIN + 1 && count < VALUES)
        seen[count++] = info->si_value.sival_int;
    on_stack = &here >= stack && &here < stack + SIGSTKSZ;
}

static void on_usr1(int number)
{
    (void)number;
    merged++;
}

static int wait_for(int number, long ms, siginfo_t *info)
{
    struct timespec limit = { ms / 1000, ms % 1000 * 1000000 };
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number);
    return sigtimedwait(&set, info, &limit);
}

int main(void)
{
    struct sigaction action = { .sa_sigaction = on_value,
                                .sa_flags = SA_SIGINFO | SA_ONSTACK };
    struct sigaction old;
    stack_t alternate = { .ss_size = SIGSTKSZ };
    siginfo_t info;
    sigset_t set;
    int status;

    stack = alternate.ss_sp = malloc(SIGSTKSZ);
    if (!stack || sigaltstack(&alternate, NULL) ||
        sigaction(SIGRTMIN + 1, &action, NULL) ||
        sigaction(SIGRTMIN + 1, NULL, &old))
        return 1;
    printf("flags %d, ",
           (old.sa_flags & SA_ONSTACK) && old.sa_sigaction == on_value);
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + 1);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGUSR1, on_usr1);
    for (int i = 0; i < VALUES; i++) {
        sigqueue(getpid(), SIGRTMIN + 1, (union sigval){ .sival_int = i * i });
        kill(getpid(), SIGUSR1);
    }
    printf("pending %d, ", count);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    printf("values");
    for (int i = 0; i < count; i++)
        printf(" %d", (int)seen[i]);
    printf(", stack %d, merged %d, ", (int)on_stack, (int)merged);

    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGRTMAX);
    sigprocmask(SIG_BLOCK, &set, NULL);
    printf("none %d, ", wait_for(SIGRTMAX, 10, &info) == -1 && errno == EAGAIN);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        sigqueue(getppid(), SIGRTMAX, (union sigval){ .sival_int = 77 });
        _exit(9);
    }
    sigemptyset(&set);
    sigaddset(&set, SIGRTMAX);
    int got = sigwaitinfo(&set, &info);
    printf("waited %d %d, ", got == SIGRTMAX && info.si_pid == pid,
           info.si_value.sival_int);
    got = wait_for(SIGCHLD, 120000, &info);
    printf("child %d %d\n",
           got == SIGCHLD && info.si_code == CLD_EXITED && info.si_pid == pid,
           info.si_status);
    waitpid(pid, &status, 0);
    return 0;
}
