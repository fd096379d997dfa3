/*
 * A signal that ends the process ends all its threads at once, not only when
 * the one that is to take it comes to run: a process whose first thread cannot
 * get at the CPU can be killed, and one that forks and forks in its second
 * thread leaves no child behind when its group is killed.
 *
 * smp: 1 2 4
 * timeout: 120
 */
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "common/child.h"
#include "common/raw.h"
#include "common/scheduling.h"
#include "common/thread.h"

enum {
    KILLER_PRIORITY = 20,
    HOG_PRIORITY = 10,
    PATIENCE_MS = 30000,
    GROUPS = 12,
    FORKERS = 3,
    FORKS = 40
};

static struct thread hog, forkers[FORKERS];
static struct gate started, alive;
static volatile bool is_over; /* never */

static int spins(void *unused)
{
    (void)unused;
    set_policy(0, SCHED_FIFO, HOG_PRIORITY);
    RAW3(SYS_write, started.ends[1], "", 1);
    while (!is_over) {
    }
    return 0;
}

/* An ordinary first thread, and one that never gives way to it. */
static int sleeps_behind_a_hog(void *cpu)
{
    set_normal();
    set_cpus(0, 1ul << *(int *)cpu);
    thread_start(&hog, spins, NULL);
    while (!is_over) {
        pause();
    }
    return 0;
}

static void check_hog(int signal)
{
    int cpu = first_cpu();

    set_cpus(0, 1ul << cpu);
    gate_make(&started);
    pid_t pid = child_start(sleeps_behind_a_hog, &cpu);
    gate_pass(&started);
    kill(pid, signal);
    int status = child_wait(pid);
    CHECK(WTERMSIG(status) == signal, "signal %d ends a hog: status 0x%x",
          signal, status);
    gate_close(&started);
}

static int sleeps(void)
{
    while (!is_over) {
        RAW1(SYS_pause, 0);
    }
    return 0;
}

static int forks(void *unused)
{
    (void)unused;
    for (int i = 0; i < FORKS; i++) {
        if (RAW6(SYS_clone, SIGCHLD, 0, 0, 0, 0, 0) == 0) {
            return sleeps();
        }
    }
    return sleeps();
}

static int leads_forkers(void *unused)
{
    (void)unused;
    setpgid(0, 0);
    for (int i = 0; i < FORKERS; i++) {
        thread_start(&forkers[i], forks, NULL);
    }
    gate_open(&started);
    return sleeps();
}

/* Has everybody that could write there ended?  Waits for it, not for ever. */
static bool is_nobody_alive(void)
{
    struct pollfd end = { .fd = alive.ends[0], .events = POLLIN };

    return poll(&end, 1, PATIENCE_MS) == 1 && (end.revents & POLLHUP);
}

static void check_group(int signal)
{
    gate_make(&started);
    gate_make(&alive);
    pid_t group = child_start(leads_forkers, NULL);
    close(alive.ends[1]);
    gate_pass(&started);
    nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
    kill(-group, signal);
    child_wait(group);
    CHECK(is_nobody_alive(), "signal %d ends all of a group", signal);
    kill(-group, SIGKILL);
    close(alive.ends[0]);
    gate_close(&started);
}

int main(void)
{
    for (int i = 0; i < GROUPS; i++) {
        check_group(i % 2 ? SIGKILL : SIGTERM);
    }
    if (set_policy(0, SCHED_FIFO, KILLER_PRIORITY) == 0) {
        check_hog(SIGKILL);
        check_hog(SIGTERM);
        check_hog(SIGQUIT);
    }
    return check_done();
}
