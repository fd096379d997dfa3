/*
 * Waiting with SIGCHLD handlers, SA_RESTART, SA_NOCLDWAIT; children that end
 * together; sleepers in any order: each child is told once.
 *
 * Bad input: rows 74, 80.
 */
/* smp: 1 2 4 */
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "common/child.h"

enum { CHILDREN = 40 };

static volatile int handled, reaped;

static void on_child(int number)
{
    int status;
    handled++;
    while (waitpid(-1, &status, WNOHANG) > 0) {
        reaped++;
    }
}

static void on_child_only(int number)
{
    handled++;
}

static int child_ends(void *code)
{
    return (int)(intptr_t)code;
}

static int child_ends_later(void *code)
{
    usleep(1000 * (unsigned int)((intptr_t)code * 7 % 40));
    return (int)(intptr_t)code;
}

static void check_handler_reaps(void)
{
    struct sigaction action = { .sa_handler = on_child,
                                .sa_flags = SA_RESTART };
    sigset_t block, old;
    sigaction(SIGCHLD, &action, NULL);
    for (intptr_t i = 0; i < CHILDREN; i++) {
        child_start(child_ends, (void *)i);
    }
    sigemptyset(&block);
    sigaddset(&block, SIGCHLD);
    sigprocmask(SIG_BLOCK, &block, &old);
    while (reaped < CHILDREN) {
        sigsuspend(&old);
    }
    sigprocmask(SIG_SETMASK, &old, NULL);
    CHECK_EQ(reaped, CHILDREN, "a handler reaps them all");
    CHECK(handled > 0 && handled <= CHILDREN + 1, "in %d calls", handled);
    CHECK_ERRNO(waitpid(-1, NULL, 0), ECHILD, "none is left");
}

static void check_wait_restarts(void)
{
    struct sigaction action = { .sa_handler = on_child_only,
                                .sa_flags = SA_RESTART };
    int seen = 0, status, sum = 0;
    sigaction(SIGCHLD, &action, NULL);
    handled = 0;
    for (intptr_t i = 0; i < CHILDREN; i++) {
        child_start(child_ends_later, (void *)i);
    }
    while (wait(&status) > 0) {
        seen++;
        sum += WEXITSTATUS(status);
    }
    CHECK_EQ(errno, ECHILD, "wait with SA_RESTART is never EINTR");
    CHECK_EQ(seen, CHILDREN, "each is told once");
    CHECK_EQ(sum, CHILDREN * (CHILDREN - 1) / 2, "with its own code");
    CHECK(handled > 0, "and SIGCHLD came");
}

static void check_no_zombies(void)
{
    struct sigaction action = { .sa_handler = on_child_only,
                                .sa_flags = SA_NOCLDWAIT };
    sigaction(SIGCHLD, &action, NULL);
    for (intptr_t i = 0; i < CHILDREN; i++) {
        child_start(child_ends_later, (void *)i);
    }
    errno = 0;
    while (wait(NULL) > 0 || errno == EINTR) {
        errno = 0;
    }
    CHECK_EQ(errno, ECHILD, "SA_NOCLDWAIT: waits for all, tells none");
    signal(SIGCHLD, SIG_DFL);
}

static void check_picks(void)
{
    pid_t pids[CHILDREN];
    int wrong = 0, status;
    for (intptr_t i = 0; i < CHILDREN; i++) {
        pids[i] = child_start(child_ends_later, (void *)i);
    }
    for (int i = CHILDREN - 1; i >= 0; i--) {
        wrong +=
            waitpid(pids[i], &status, 0) != pids[i] || WEXITSTATUS(status) != i;
    }
    CHECK_EQ(wrong, 0, "waiting by pid, last first");
}

static long now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000l + t.tv_nsec;
}

enum { SLEEPERS = 8, TRIES = 10, EARLY = 100 };

/* Its order, or EARLY: it woke before its time. */
static int child_sleeps(void *order)
{
    struct timespec time = { 0, 10000000l * (intptr_t)order };
    long begun = now_ns();
    nanosleep(&time, NULL);
    return now_ns() - begun < time.tv_nsec ? EARLY : (int)(intptr_t)order;
}

/* How many of them end after one that sleeps longer. */
static int sleep_together(int *seen, int *early)
{
    int status, longest = 0, late = 0;
    for (intptr_t i = SLEEPERS; i > 0; i--) {
        child_start(child_sleeps, (void *)(i * 2));
    }
    for (; wait(&status) > 0; ++*seen) {
        int order = WEXITSTATUS(status);
        *early += order == EARLY;
        late += order < longest;
        longest = order > longest ? order : longest;
    }
    return late;
}

/* A host that stands still for a while mixes them, so that one try in which they
 * come in order is enough; but none is ever early. */
static void check_sleepers(void)
{
    int tries = 0, seen = 0, early = 0, late;
    do {
        late = sleep_together(&seen, &early);
    } while (++tries < TRIES && late);
    CHECK_EQ(seen, tries * SLEEPERS, "all sleepers wake");
    CHECK_EQ(early, 0, "none before its time");
    CHECK_EQ(late, 0, "they wake in the order of their times");
}

int main(void)
{
    check_start();
    check_handler_reaps();
    check_wait_restarts();
    check_no_zombies();
    check_picks();
    check_sleepers();
    return check_done();
}
