/*
 * Processes that only compute get about the same time each, also when there
 * are more of them than CPUs and all were started from one CPU, and again when
 * some of them have ended.  (Linux has others to serve on its CPUs, too.)
 */
/* host: no */
/* smp: 1 2 */
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "common/child.h"

enum { SPINNERS = 6, RUN_MS = 500, LONGEST = 40 };

/* The spinners' processor time, in their own words. */
static volatile long *used_us;

static long cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int child_spins(void *slot)
{
    while (*(volatile long *)slot >= 0) {
        *(volatile long *)slot = cpu_us();
    }
    return 0;
}

/* Least time that one of spinners [first, SPINNERS) has had since then, in
 * percent of the most that one has had. */
static long least_share(int first, const long *before)
{
    long least = 0, most = 0;
    for (int i = first; i < SPINNERS; i++) {
        long used = used_us[i] - before[i];
        least = i == first || used < least ? used : least;
        most = used > most ? used : most;
    }
    check_note("between %ld and %ld ms each", least / 1000, most / 1000);
    return most == 0 ? 0 : least * 100 / most;
}

/* The longer they run, the less counts a turn in which a CPU stood still because
 * its host was busy; one that gets too little never comes to its share. */
static bool come_to_share(int first)
{
    struct timespec time = { 0, RUN_MS * 1000000 };
    long before[SPINNERS];
    for (int i = first; i < SPINNERS; i++) {
        before[i] = used_us[i];
    }
    for (int i = 0; i < LONGEST; i++) {
        nanosleep(&time, NULL);
        if (least_share(first, before) > 45) {
            return true;
        }
    }
    return false;
}

int main(void)
{
    pid_t pids[SPINNERS];

    check_start();
    used_us = shared_memory(SPINNERS * sizeof(*used_us));
    for (int i = 0; i < SPINNERS; i++) {
        pids[i] = child_start(child_spins, (void *)&used_us[i]);
    }
    CHECK(come_to_share(0), "%d spinners", SPINNERS);
    for (int i = 0; i < SPINNERS; i++) {
        if (i == 2) {
            CHECK(come_to_share(i), "the %d that are left", SPINNERS - i);
        }
        kill(pids[i], SIGKILL);
        child_wait(pids[i]);
    }
    return check_done();
}
