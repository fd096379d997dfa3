/*
 * A stop signal to a process group stops all of it: a child that is being made
 * meanwhile is either stopped too or made after the group goes on.
 *
 * smp: 1 2 4
 * timeout: 60
 */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "common/child.h"
#include "common/thread.h"

enum { ROUNDS = 25, CHILDREN = 24, TRIES = 60 };

static volatile unsigned *beats; /* one for each child */
static struct gate started;

static int beat(int child)
{
    for (;;) {
        beats[child]++;
        thread_pause();
    }
    return 0;
}

static int forks(void *unused)
{
    (void)unused;
    setpgid(0, 0);
    gate_open(&started);
    for (int i = 0; i < CHILDREN; i++) {
        if (fork() == 0) {
            return beat(i);
        }
    }
    for (;;) {
        pause();
    }
    return 0;
}

/* How many children still run. */
static int count_running(void)
{
    unsigned before[CHILDREN];
    int running = 0;

    for (int i = 0; i < CHILDREN; i++) {
        before[i] = beats[i];
    }
    nanosleep(&(struct timespec){ .tv_nsec = 30000000 }, NULL);
    for (int i = 0; i < CHILDREN; i++) {
        running += beats[i] != before[i];
    }
    return running;
}

/* Does nobody run, or soon nobody? */
static bool is_quiet(void)
{
    for (int tries = 0; tries < TRIES; tries++) {
        if (count_running() == 0) {
            return true;
        }
    }
    return false;
}

static void check_round(int round)
{
    int status = 0;

    memset((void *)beats, 0, CHILDREN * sizeof(*beats));
    gate_make(&started);
    pid_t group = child_start(forks, NULL);
    gate_pass(&started);
    nanosleep(&(struct timespec){ .tv_nsec = 200000l * (round % 12) }, NULL);
    kill(-group, SIGSTOP);
    waitpid(group, &status, WUNTRACED);
    CHECK(WIFSTOPPED(status), "round %d: stopped, 0x%x", round, status);
    CHECK(is_quiet(), "round %d: nobody runs", round);
    kill(-group, SIGKILL);
    child_wait(group);
    gate_close(&started);
}

int main(void)
{
    beats = shared_memory(CHILDREN * sizeof(*beats));
    for (int i = 0; i < ROUNDS; i++) {
        check_round(i);
    }
    return check_done();
}
