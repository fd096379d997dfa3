/*
 * Processes that never enter the kernel are preempted: others run meanwhile,
 * and of equal ones none starves.
 */
/* smp: 1 2 4 */
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "common/child.h"

enum { SPINNERS = 6, ENOUGH = 400000 };

static volatile long *counters;

static int child_spins(void *which)
{
    for (;;) {
        counters[(intptr_t)which * 16]++;
    }
    return 0;
}

int main(void)
{
    pid_t pids[SPINNERS];
    long low = 0;
    check_start();
    counters = shared_memory(PAGE);
    for (intptr_t i = 0; i < SPINNERS; i++) {
        pids[i] = child_start(child_spins, (void *)i);
    }
    CHECK(true, "we still run beside %d spinners", SPINNERS);
    for (int i = 0; i < 2000; i++) {
        low = counters[0];
        for (int k = 1; k < SPINNERS; k++) {
            low = counters[k * 16] < low ? counters[k * 16] : low;
        }
        if (low > ENOUGH) {
            break;
        }
        usleep(10000);
    }
    CHECK(low > ENOUGH, "each of them gets somewhere (%ld)", low);
    for (int i = 0; i < SPINNERS; i++) {
        NEED(kill(pids[i], SIGKILL) == 0);
        CHECK_EQ(child_wait(pids[i]), SIGKILL, "spinner %d is killed", i);
    }
    CHECK_EQ(sched_yield(), 0, "sched_yield");
    return check_done();
}
