/*
 * No CPU stays idle for long while a thread that may run there waits elsewhere:
 * not when the waiting one's mask has just been widened, nor when a longer queue
 * has only threads that must stay.
 *
 * smp: 1 2 4
 */
#include <sys/syscall.h>
#include "common/child.h"
#include "common/raw.h"
#include "common/scheduling.h"
#include "common/thread.h"

enum { PINNED = 2 };

static struct thread pinned[PINNED], wide;
static volatile int stop;
static int home, other;

static unsigned here(void)
{
    unsigned cpu = 0;

    RAW3(SYS_getcpu, &cpu, 0, 0);
    return cpu;
}

static int spins(void *unused)
{
    (void)unused;
    while (!stop) {
    }
    return 0;
}

/* Runs until it comes to another CPU than `home`. */
static int spins_until_away(void *unused)
{
    (void)unused;
    wide.progress = 1;
    while (!stop && here() == (unsigned)home) {
    }
    wide.progress = 2;
    return 0;
}

int main(void)
{
    uint64_t all = get_cpus(0);

    home = first_cpu();
    other = next_cpu(home);
    if (other < 0) {
        return check_done();
    }
    set_cpus(0, 1ul << home);
    for (int i = 0; i < PINNED; i++) {
        thread_start(&pinned[i], spins, NULL);
    }
    thread_start(&wide, spins_until_away, NULL);
    CHECK(thread_await(&wide.progress, 1), "it runs");
    /* The first thread sleeps from now on: the other CPUs are idle. */
    CHECK_EQ(set_cpus(wide.tid, all), 0, "it may go");
    CHECK(thread_await(&wide.progress, 2), "it gets a CPU of its own");
    stop = 1;
    for (int i = 0; i < PINNED; i++) {
        thread_join(&pinned[i]);
    }
    thread_join(&wide);
    return check_done();
}
