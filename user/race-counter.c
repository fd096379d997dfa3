/*
 * race-counter - a counter that two processes share, with and without a lock.
 */
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/options.h"
#include "common/report.h"

static const char help[] =
    "Usage: race-counter [-l] [-n STEPS] [-p PROCESSES]\n"
    "PROCESSES (default 2) add STEPS (default 1000) each to one counter in "
    "shared\n"
    "memory: load, add 1, store. -l takes a lock around it.\n"
    "\n"
    "Exit status 1 says that additions were lost: one process was preempted\n"
    "between its load and its store, and the other one counted meanwhile. "
    "That is\n"
    "rare, as a process does all its steps within one time slice; "
    "tools/racehunt\n"
    "finds a schedule in which it happens and shows it again.\n";

struct shared {
    sem_t lock;
    volatile long counter;
};

/* The three steps that one "counter++" is. */
static void add_one(struct shared *shared)
{
    long value = shared->counter;
    value++;
    shared->counter = value;
}

static void count(struct shared *shared, long steps, int locked)
{
    for (long i = 0; i < steps; i++) {
        if (locked)
            sem_wait(&shared->lock);
        add_one(shared);
        if (locked)
            sem_post(&shared->lock);
    }
}

static int run(struct shared *shared, long processes, long steps, int locked)
{
    int status, failed = 0;
    for (long i = 0; i < processes; i++) {
        pid_t pid = fork();
        if (pid < 0)
            failed = 1;
        if (pid == 0) {
            count(shared, steps, locked);
            _exit(0);
        }
    }
    while (wait(&status) > 0)
        failed |= status != 0;
    return failed ? -1 : 0;
}

static long number_of(const struct options *o)
{
    long n;
    if (options_number(o->value, &n) || n < 1 || n > 10000000) {
        report("not a number from 1 to 10000000: '%s'", o->value);
        exit(2);
    }
    return n;
}

int main(int argc, char **argv)
{
    struct options o;
    long processes = 2, steps = 1000;
    int letter, locked = 0;
    (void)argc;
    options_begin(&o, argv, help, 2);
    while ((letter = options_next(&o, "ln:p:")) != -1) {
        if (letter == 'l')
            locked = 1;
        else
            *(letter == 'p' ? &processes : &steps) = number_of(&o);
    }
    struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
                                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED || sem_init(&shared->lock, 1, 1) ||
        run(shared, processes, steps, locked)) {
        report_errno("cannot start");
        return 2;
    }
    long wanted = processes * steps;
    printf("counted %ld of %ld, lost %ld\n", shared->counter, wanted,
           wanted - shared->counter);
    return report_finish(shared->counter != wanted);
}
