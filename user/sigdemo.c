/*
 * sigdemo - SIGUSR1 between two processes that take turns.
 *
 * SIGUSR1 is blocked but for the time of sigsuspend(), which opens it and
 * sleeps in one step; so a signal can never come between looking and sleeping,
 * where it would be lost. The same is then done with sigwaitinfo(), and with
 * real-time signals that carry the number of the turn.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/measure.h"
#include "common/options.h"
#include "common/report.h"

static const char help[] =
    "Usage: sigdemo [TURNS]\n"
    "Two processes take TURNS turns (default 1000): each waits for a signal of "
    "the\n"
    "other and sends one back. First three turns are told as they happen.\n"
    "\n"
    "Watch that the processes alternate strictly, although nothing but the "
    "signal\n"
    "says whose turn it is, and that no signal is lost: a standard signal that "
    "is\n"
    "pending already is not counted again, but here the other one waits before "
    "it\n"
    "sends the next. Then compare the ways of waiting: a handler costs a frame "
    "on\n"
    "the stack and a system call to return from it; sigwaitinfo() needs "
    "neither.\n"
    "At the end 5 signals are sent to a process that blocks them: of SIGUSR1 "
    "one\n"
    "is left, of a real-time signal all, in order.\n";

enum { TOLD = 3, SENT = 5 };

static volatile sig_atomic_t came;

static void note(int number)
{
    (void)number;
    came++;
}

/* How one side waits for the other, and answers. */
struct way {
    const char *name;
    int number;
    void (*wait)(int number);
};

static void wait_in_handler(int number)
{
    sigset_t open;
    sigprocmask(SIG_BLOCK, NULL, &open);
    sigdelset(&open, number);
    int before = came;
    while (came == before)
        sigsuspend(&open);
}

static void wait_without(int number)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number);
    while (sigwaitinfo(&set, NULL) < 0)
        ;
}

static void answer(pid_t other, int number, int turn)
{
    const union sigval value = { .sival_int = turn };
    if (sigqueue(other, number, value))
        report_errno("sigqueue");
}

static void tell(const char *who, int turn)
{
    printf("%-6s  pid %d: turn %d\n", who, (int)getpid(), turn);
    fflush(stdout);
}

/* The second player: ends after its last turn. */
static void follow(const struct way *w, pid_t other, long turns, int told)
{
    for (int i = 1; i <= turns; i++) {
        w->wait(w->number);
        if (told)
            tell("child", i);
        answer(other, w->number, i);
    }
    _exit(0);
}

/* Nanoseconds for all turns, or 0 when it did not work. */
static unsigned long long play(const struct way *w, long turns, int told)
{
    pid_t self = getpid(), child = fork();
    int status;
    if (child < 0) {
        report_errno("fork");
        return 0;
    }
    if (child == 0)
        follow(w, self, turns, told);
    unsigned long long start = measure_clock();
    for (int i = 1; i <= turns; i++) {
        if (told)
            tell("parent", i);
        answer(child, w->number, i);
        w->wait(w->number);
    }
    unsigned long long took = measure_clock() - start;
    if (waitpid(child, &status, 0) != child || status != 0)
        return 0;
    return took;
}

/* How many of SENT blocked signals are there afterwards; *in_order tells
 * whether the values rose. */
static int count_left(int number, int *in_order)
{
    const struct timespec none = { 0, 0 };
    siginfo_t info;
    sigset_t set;
    int left = 0;
    *in_order = 1;
    for (int i = 1; i <= SENT; i++)
        answer(getpid(), number, i);
    sigemptyset(&set);
    sigaddset(&set, number);
    while (sigtimedwait(&set, &info, &none) == number)
        *in_order &= info.si_value.sival_int == ++left;
    return left;
}

static void block(int number)
{
    struct sigaction action;
    sigset_t set;
    memset(&action, 0, sizeof action);
    action.sa_handler = note;
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
    sigemptyset(&set);
    sigaddset(&set, number);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

static int print_ways(const struct way *ways, int count, long turns)
{
    int status = 0;
    printf("\n%-28s %10s %16s\n", "way of waiting", "turns", "ns per turn");
    for (int i = 0; i < count; i++) {
        unsigned long long took = play(&ways[i], turns, 0);
        if (took == 0)
            status = 1;
        printf("%-28s %10ld %16llu\n", ways[i].name, turns,
               took / (unsigned long long)turns);
    }
    return status;
}

static void print_queues(const struct way *ways)
{
    printf("\n%-28s %10s %10s %10s\n", "sent to who blocks it", "sent", "left",
           "in order");
    for (int i = 0; i <= 2; i += 2) {
        int in_order, left = count_left(ways[i].number, &in_order);
        printf("%-28s %10d %10d %10s\n", i ? "a real-time signal" : "SIGUSR1",
               SENT, left, in_order ? "yes" : "no");
    }
}

int main(int argc, char **argv)
{
    const struct way ways[] = {
        { "SIGUSR1, handler", SIGUSR1, wait_in_handler },
        { "SIGUSR1, sigwaitinfo", SIGUSR1, wait_without },
        { "real-time, sigwaitinfo", SIGRTMIN + 2, wait_without },
    };
    struct options o;
    long turns = 1000;
    (void)argc;
    options_begin(&o, argv, help, 1);
    while (options_next(&o, "") != -1)
        ;
    if (o.count > 1 ||
        (o.count == 1 && (options_number(o.operands[0], &turns) || turns < 1 ||
                          turns > 10000000)))
        options_bad(&o);
    block(ways[0].number);
    block(ways[2].number);
    if (play(&ways[0], TOLD, 1) == 0)
        return 1;
    int status = print_ways(ways, 3, turns);
    print_queues(ways);
    return report_finish(status);
}
