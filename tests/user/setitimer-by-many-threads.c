/*
 * There is one timer for all threads of a process: who sets it while others do,
 * and while it fires, changes that one and leaves nothing else behind.
 *
 * smp: 1 2 4
 */
#include <signal.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include "common/child.h"
#include "common/raw.h"
#include "common/thread.h"

enum { THREADS = 4, ROUNDS = 3000 };

static struct thread threads[THREADS];
static volatile sig_atomic_t alarms;

static void on_alarm(int signal)
{
    (void)signal;
    alarms++;
}

static int sets(void *unused)
{
    (void)unused;
    for (int i = 0; i < ROUNDS; i++) {
        struct itimerval value = { .it_value = { .tv_usec = 1 + i % 50 } };
        if (i % 3 == 0) {
            value.it_interval.tv_usec = 30;
        }
        RAW3(SYS_setitimer, ITIMER_REAL, &value, 0);
        if (i % 7 == 0) {
            RAW1(SYS_alarm, 0);
        }
    }
    return 0;
}

int main(void)
{
    struct itimerval left, off = { 0 }, late = { .it_value = { 1000, 0 } };
    struct sigaction action = { .sa_handler = on_alarm };

    sigaction(SIGALRM, &action, NULL);
    for (int i = 0; i < THREADS; i++) {
        thread_start(&threads[i], sets, NULL);
    }
    for (int i = 0; i < THREADS; i++) {
        thread_join(&threads[i]);
    }
    CHECK_EQ(setitimer(ITIMER_REAL, &late, NULL), 0, "the last word");
    int before = alarms;
    for (int i = 0; i < 20; i++) {
        thread_pause();
    }
    CHECK(alarms <= before + 1, "an old alarm fires: %d", alarms - before);
    CHECK_EQ(setitimer(ITIMER_REAL, &off, &left), 0, "off");
    CHECK(left.it_value.tv_sec > 900, "what was left: %ld s",
          (long)left.it_value.tv_sec);
    CHECK_EQ(getitimer(ITIMER_REAL, &left), 0, "off it is");
    CHECK(left.it_value.tv_sec == 0 && left.it_value.tv_usec == 0, "no time");
    return check_done();
}
