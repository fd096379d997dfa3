/*
 * sigqueue: values arrive in order, as often as sent, also through sigwaitinfo;
 * the limit of queued signals and who may pretend what.
 *
 * smp: 1 4
 */
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/badptr.h"
#include "common/child.h"
#include "common/raw.h"

enum { MANY = 20 };

static int values[2 * MANY], numbers[2 * MANY], count, wrong;

static void note(int number, siginfo_t *info, void *context)
{
    (void)context;
    if (count < 2 * MANY) {
        numbers[count] = number;
        values[count++] = info->si_value.sival_int;
    }
    wrong += info->si_code != SI_QUEUE || info->si_pid != getpid() ||
             info->si_signo != number;
}

static void handle(int number, void (*handler)(int, siginfo_t *, void *))
{
    struct sigaction sa;
    memset(&sa, 0, sizeof(sa));
    sa.sa_sigaction = handler;
    sa.sa_flags = SA_SIGINFO;
    sigfillset(&sa.sa_mask);
    NEED(sigaction(number, &sa, NULL) == 0);
}

static void send(pid_t pid, int number, int value)
{
    union sigval v = { .sival_int = value };
    NEED(sigqueue(pid, number, v) == 0);
}

static void check_order(void)
{
    sigset_t set, old;
    handle(SIGRTMIN + 1, note);
    handle(SIGRTMIN + 2, note);
    handle(SIGUSR1, note);
    sigfillset(&set);
    sigprocmask(SIG_BLOCK, &set, &old);
    for (int i = 0; i < MANY; i++) {
        send(getpid(), SIGRTMIN + 2, 100 + i);
        send(getpid(), SIGRTMIN + 1, i);
        send(getpid(), SIGUSR1, 1000 + i);
    }
    CHECK_EQ(count, 0, "blocked");
    sigprocmask(SIG_SETMASK, &old, NULL);
    CHECK_EQ(count, 2 * MANY, "as many as sent, and the standard one");
    CHECK_EQ(numbers[0], SIGUSR1, "the lowest first");
    CHECK_EQ(values[0], 1000, "with its first value");
    int in_order = 1;
    for (int i = 0; i < MANY; i++) {
        in_order &= values[1 + i] == i;
    }
    CHECK(in_order, "in the order of sending");
    CHECK_EQ(values[MANY + 1], 100, "then the next number");
    CHECK_EQ(wrong, 0, "siginfo is complete");
}

static int child_asks(void *parent)
{
    for (int i = 1; i <= MANY; i++) {
        send(*(pid_t *)parent, SIGRTMIN + 3, i);
    }
    return 0;
}

static void check_between_processes(void)
{
    siginfo_t info;
    sigset_t set;
    pid_t self = getpid();
    int sum = 0;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + 3);
    sigprocmask(SIG_BLOCK, &set, NULL);
    pid_t pid = child_start(child_asks, &self);
    for (int i = 1; i <= MANY; i++) {
        CHECK_EQ(sigwaitinfo(&set, &info), SIGRTMIN + 3, "sigwaitinfo");
        sum += info.si_value.sival_int == i && info.si_pid == pid;
    }
    CHECK_EQ(sum, MANY, "each value once, in order, from the child");
    const struct timespec none = { 0, 0 };
    CHECK_ERRNO(sigtimedwait(&set, &info, &none), EAGAIN, "no more");
    CHECK_EQ(child_wait(pid), 0, "the child has ended");
}

static int child_fills(void *unused)
{
    struct rlimit limit = { 5, 5 };
    union sigval v = { .sival_int = 0 };
    sigset_t set;
    (void)unused;
    sigfillset(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
    setrlimit(RLIMIT_SIGPENDING, &limit);
    int sent = 0;
    while (sent < 100 && sigqueue(getpid(), SIGRTMIN + 1, v) == 0) {
        sent++;
    }
    if (sent == 100 || errno != EAGAIN) {
        return 1;
    }
    return kill(getpid(), SIGRTMIN + 1) == 0 ? 0 : 2;
}

static void check_arguments(void)
{
    siginfo_t info;
    union sigval v = { .sival_int = 0 };
    pid_t self = getpid(), parent = getppid();
    CHECK_ERRNO(sigqueue(self, 65, v), EINVAL, "signal 65");
    CHECK_ERRNO(sigqueue(self, -1, v), EINVAL, "signal -1");
    CHECK_EQ(sigqueue(self, 0, v), 0, "signal 0 checks");
    CHECK_ERRNO(sigqueue(0x3fffffff, 0, v), ESRCH, "no such process");
    memset(&info, 0, sizeof(info));
    CHECK_EQ(RAW4(SYS_rt_sigqueueinfo, parent, 0, &info, 0), -EPERM,
             "pretending to be kill");
    info.si_code = SI_TKILL;
    CHECK_EQ(RAW4(SYS_rt_sigqueueinfo, parent, 0, &info, 0), -EPERM,
             "pretending to be tkill");
    CHECK_EQ(RAW4(SYS_rt_sigqueueinfo, self, 0, &info, 0), 0, "to itself");
    info.si_code = SI_QUEUE;
    CHECK_EQ(RAW4(SYS_rt_tgsigqueueinfo, self, self, 0, &info), 0, "thread");
    CHECK_EQ(RAW4(SYS_rt_tgsigqueueinfo, parent, self, 0, &info), -ESRCH,
             "not a thread of that process");
    CHECK_EQ(RAW4(SYS_rt_tgsigqueueinfo, 0, self, 0, &info), -EINVAL, "pid 0");
    for (size_t i = 0; i < badptr_count(); i++) {
        CHECK_EQ(RAW4(SYS_rt_sigqueueinfo, self, 0, badptr(i), 0), -EFAULT,
                 "siginfo at %s", badptr_name(i));
    }
}

int main(void)
{
    check_start();
    check_order();
    check_between_processes();
    CHECK_EXITS(child_fills, NULL, 0, "the queue is bounded, kill is not");
    check_arguments();
    return check_done();
}
