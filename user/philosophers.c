/*
 * philosophers - a deadlock, and the order that cannot have one.
 */
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/options.h"
#include "common/report.h"

static const char help[] =
    "Usage: philosophers [-o] [-n MEALS] [-p PHILOSOPHERS] [-t SECONDS]\n"
    "PHILOSOPHERS (default 2) sit round a table with as many forks and eat "
    "MEALS\n"
    "(default 100) times each, with the fork on their left and the one on "
    "their\n"
    "right. Each takes the left one first. When all of them hold their left "
    "forks,\n"
    "nobody can go on: after SECONDS (default 2) the program says so and exits "
    "with\n"
    "status 1.\n"
    "\n"
    "-o: the fork with the lower number first. Whoever holds the highest fork "
    "that\n"
    "is taken can always eat, so there is no circle to wait in.\n"
    "\n"
    "tools/racehunt finds a schedule that ends in the deadlock.\n";

enum { MOST = 16 };

struct table {
    sem_t forks[MOST]; /* 1: it lies on the table */
    volatile long meals[MOST];
};

struct plan {
    long philosophers, meals, seconds;
    int ordered;
};

static pid_t children[MOST];
static volatile sig_atomic_t stuck;

/* A philosopher's life. */
static void dine(struct table *table, long me, const struct plan *plan)
{
    long first = me, second = (me + 1) % plan->philosophers;
    if (plan->ordered && first > second) {
        first = second;
        second = me;
    }
    for (long i = 0; i < plan->meals; i++) {
        sem_wait(&table->forks[first]);
        sem_wait(&table->forks[second]);
        table->meals[me]++;
        sem_post(&table->forks[second]);
        sem_post(&table->forks[first]);
    }
}

/* The time is over: end those that still wait. */
static void on_alarm(int number)
{
    (void)number;
    stuck = 1;
    for (int i = 0; i < MOST; i++)
        if (children[i] > 0)
            kill(children[i], SIGKILL);
}

/* 0, or -1 when a process cannot be made. */
static int run(struct table *table, const struct plan *plan)
{
    for (long i = 0; i < plan->philosophers; i++) {
        children[i] = fork();
        if (children[i] < 0)
            return -1;
        if (children[i] == 0) {
            dine(table, i, plan);
            _exit(0);
        }
    }
    signal(SIGALRM, on_alarm);
    alarm((unsigned)plan->seconds);
    for (long i = 0; i < plan->philosophers; i++)
        waitpid(children[i], NULL, 0);
    alarm(0);
    return 0;
}

static int show(const struct table *table, const struct plan *plan)
{
    for (long i = 0; i < plan->philosophers; i++)
        printf("philosopher %ld: %ld meals\n", i, table->meals[i]);
    if (stuck)
        printf("deadlock: nobody can go on\n");
    return stuck ? 1 : 0;
}

static long number_of(const struct options *o, long least, long most)
{
    long n;
    if (options_number(o->value, &n) || n < least || n > most) {
        report("not a number from %ld to %ld: '%s'", least, most, o->value);
        exit(2);
    }
    return n;
}

int main(int argc, char **argv)
{
    struct options o;
    struct plan plan = { .philosophers = 2, .meals = 100, .seconds = 2 };
    int letter;
    (void)argc;
    options_begin(&o, argv, help, 2);
    while ((letter = options_next(&o, "on:p:t:")) != -1) {
        if (letter == 'o')
            plan.ordered = 1;
        else if (letter == 'n')
            plan.meals = number_of(&o, 1, 1000000);
        else if (letter == 'p')
            plan.philosophers = number_of(&o, 2, MOST);
        else
            plan.seconds = number_of(&o, 1, 3600);
    }
    struct table *table = mmap(NULL, sizeof(*table), PROT_READ | PROT_WRITE,
                               MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int failed = table == MAP_FAILED;
    for (int i = 0; i < MOST && !failed; i++)
        failed = sem_init(&table->forks[i], 1, 1);
    if (failed || run(table, &plan)) {
        report_errno("cannot start");
        return 2;
    }
    return report_finish(show(table, &plan));
}
