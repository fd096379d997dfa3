/*
 * setitimer: ITIMER_VIRTUAL and ITIMER_PROF run only while the process does.
 * A machine that stands still may have its time counted as work: what must take
 * no time is tried several times.
 *
 * smp: 1 4
 */
#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>
#include "common/child.h"

enum { TRIES = 20 };

static volatile sig_atomic_t virtual, profile;

static void note(int number)
{
    if (number == SIGVTALRM) {
        virtual ++;
    } else {
        profile++;
    }
}

static long cpu_ms(void)
{
    struct rusage r;
    getrusage(RUSAGE_SELF, &r);
    return (r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000 +
           (r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1000;
}

static void set(int which, long ms, long interval_ms)
{
    struct itimerval t = { { 0, interval_ms * 1000 }, { 0, ms * 1000 } };
    CHECK_EQ(setitimer(which, &t, NULL), 0, "set timer %d", which);
}

static void spin_until(const volatile sig_atomic_t *count, int wanted)
{
    volatile long sum = 0;
    while (*count < wanted) {
        sum++;
    }
}

/* Sets a timer of 100 ms, which does not run while this process is asleep; the
 * CPU time before. */
static long check_asleep(void)
{
    struct itimerval left = { { 0, 0 }, { 0, 0 } };
    long from = 0;
    for (int i = 0; i < TRIES && left.it_value.tv_usec <= 50000; i++) {
        from = cpu_ms();
        set(ITIMER_VIRTUAL, 100, 0);
        virtual = 0; /* the signals of the tries before */
        usleep(300000);
        NEED(getitimer(ITIMER_VIRTUAL, &left) == 0);
    }
    CHECK_EQ(virtual, 0, "asleep no time goes by");
    CHECK(left.it_value.tv_usec > 50000 && left.it_value.tv_usec <= 104000,
          "about all is left: %ld us", (long)left.it_value.tv_usec);
    return from;
}

int main(void)
{
    struct itimerval left;
    check_start();
    signal(SIGVTALRM, note);
    signal(SIGPROF, note);
    long from = check_asleep();
    spin_until(&virtual, 1);
    long took = cpu_ms() - from;
    /* A busy host's Linux counts in ticks that it gives away as a whole. */
    CHECK(took >= 60, "SIGVTALRM after 100 ms of work: %ld", took);
    CHECK_EQ(getitimer(ITIMER_VIRTUAL, &left), 0, "getitimer");
    CHECK_EQ(left.it_value.tv_usec, 0, "it comes once");
    from = cpu_ms();
    set(ITIMER_PROF, 50, 50);
    spin_until(&profile, 3);
    took = cpu_ms() - from;
    CHECK(took >= 90, "three times SIGPROF: %ld ms", took);
    set(ITIMER_PROF, 0, 0);
    int seen = profile;
    from = cpu_ms();
    while (cpu_ms() - from < 100) {
    }
    CHECK_EQ(profile, seen, "stopped");
    CHECK_EQ(virtual, 1, "no other signal came");
    CHECK_ERRNO(getitimer(3, &left), EINVAL, "no such timer");
    CHECK_ERRNO(setitimer(-1, &left, NULL), EINVAL, "no such timer");
    return check_done();
}
