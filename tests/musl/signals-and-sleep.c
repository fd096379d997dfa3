/* Handlers, sleeping, alarms and a jump out of a handler, with musl. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t alarms, faults;
static sigjmp_buf out;

static void on_alarm(int number)
{
    (void)number;
    alarms++;
    alarm(1); /* the first may come before the sleep */
}

static void on_fault(int number)
{
    (void)number;
    faults++;
    siglongjmp(out, 1);
}

int main(void)
{
    struct timespec long_time = { 3000, 0 }, left;
    volatile char *nowhere = 0;
    int status;

    signal(SIGALRM, on_alarm);
    signal(SIGSEGV, on_fault);
    alarm(1);
    int slept = nanosleep(&long_time, &left);
    int error = errno;
    alarm(0);
    for (volatile int i = 0; i < 3; i++)
        if (sigsetjmp(out, 1) == 0)
            *nowhere = 1;
    pid_t pid = fork();
    if (pid == 0)
        raise(SIGTERM);
    waitpid(pid, &status, 0);
    printf("sleep %d %s, %d alarm, %d faults, signal %d\n", slept,
           error == EINTR ? "EINTR" : "?", alarms > 0, (int)faults,
           WTERMSIG(status));
    return left.tv_sec >= 2000 && left.tv_sec < 3000 ? 0 : 1;
}
