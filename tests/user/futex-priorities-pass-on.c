/*
 * futex: owners inherit the real-time priority of who waits for their locks,
 * along a chain, also when it changes while they wait; the most urgent waiter
 * is the next owner; nothing is left when the lock is free.
 *
 * smp: 1 2 4
 */
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "common/child.h"
#include "common/futex.h"
#include "common/scheduling.h"

enum { NORMAL = 20 }; /* what /proc shows of nice 0 */

/* Shared: two locks and who got the first one, in order. */
static volatile uint32_t *lock, *lock2, *order, *count;

static long do_lock(volatile uint32_t *l)
{
    return futex(l, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
}

static long unlock(volatile uint32_t *l)
{
    return futex(l, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
}

/* Its priority as it counts: -1 - p in real time, 20 + nice outside. */
static int priority_of(pid_t pid)
{
    char path[40], text[400];
    int priority = 1000;
    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    int fd = open(path, O_RDONLY);
    NEED(fd >= 0);
    ssize_t got = read(fd, text, sizeof(text) - 1);
    close(fd);
    NEED(got > 0);
    text[got] = '\0';
    const char *at = strrchr(text, ')');
    for (int field = 2; at && field < 18; field++) {
        at = strchr(at + 1, ' ');
    }
    NEED(at && sscanf(at, "%d", &priority) == 1);
    return priority;
}

/* It changes under way to the wait: look until it is so. */
static int settles_at(pid_t pid, int priority)
{
    struct timespec pause_time = { .tv_nsec = 1000000 };
    for (int i = 0; i < 20000 && priority_of(pid) != priority; i++) {
        nanosleep(&pause_time, NULL);
    }
    return priority_of(pid);
}

static int child_waits(void *priority)
{
    NEED(set_policy(0, SCHED_FIFO, (int)(long)priority) == 0);
    NEED(do_lock(lock) == 0);
    order[__atomic_fetch_add(count, 1, __ATOMIC_SEQ_CST)] = (uint32_t)getpid();
    return unlock(lock) == 0 ? 0 : 1;
}

static void check_one_owner(void)
{
    pid_t me = getpid();
    *lock = *count = 0;
    NEED(do_lock(lock) == 0);
    CHECK_EQ(priority_of(me), NORMAL, "an owner for whom nobody waits");
    pid_t low = child_start(child_waits, (void *)10l);
    CHECK_EQ(settles_at(me, -11), -11, "one of 10 waits");
    pid_t high = child_start(child_waits, (void *)20l);
    CHECK_EQ(settles_at(me, -21), -21, "one of 20 waits too");
    CHECK_EQ(get_rt_priority(0), 0, "our own is none");
    CHECK_EQ(set_policy(low, SCHED_FIFO, 30), 0, "the first one gets 30");
    CHECK_EQ(priority_of(me), -31, "the owner at once too");
    CHECK_EQ(set_policy(low, SCHED_FIFO, 5), 0, "then 5");
    CHECK_EQ(priority_of(me), -21, "the second one's counts");
    CHECK_EQ(set_policy(low, SCHED_RR, 40), 0, "and in the end 40");
    CHECK_EQ(unlock(lock), 0, "unlock");
    CHECK_EQ(priority_of(me), NORMAL, "nothing is left");
    CHECK_EQ(child_wait(low), 0, "the first one had it");
    CHECK_EQ(child_wait(high), 0, "the second one had it");
    CHECK_EQ(order[0], (uint32_t)low, "the most urgent one first");
    CHECK_EQ(order[1], (uint32_t)high, "then the other");
}

/* Owns the second lock and waits for the first. */
static int child_between(void *unused)
{
    NEED(do_lock(lock2) == 0 && do_lock(lock) == 0);
    return unlock(lock) == 0 && unlock(lock2) == 0 &&
                   priority_of(getpid()) == NORMAL
               ? 0
               : 1;
}

static int child_at_the_end(void *unused)
{
    NEED(set_policy(0, SCHED_RR, 50) == 0);
    return do_lock(lock2) == 0 && unlock(lock2) == 0 ? 0 : 1;
}

static void check_chain(void)
{
    pid_t me = getpid();
    *lock = *lock2 = 0;
    NEED(do_lock(lock) == 0);
    pid_t between = child_start(child_between, NULL);
    NEED(futex_await_bits(lock, FUTEX_WAITERS));
    CHECK_EQ(priority_of(me), NORMAL, "one without urgency waits");
    pid_t end = child_start(child_at_the_end, NULL);
    CHECK_EQ(settles_at(me, -51), -51, "an urgent one waits for that");
    CHECK_EQ(priority_of(between), -51, "which inherits as well");
    NEED(kill(end, SIGKILL) == 0);
    CHECK_EQ(child_wait(end), SIGKILL, "it is killed");
    CHECK_EQ(priority_of(me), NORMAL, "and its priority goes");
    CHECK_EQ(priority_of(between), NORMAL, "along the chain");
    end = child_start(child_at_the_end, NULL);
    CHECK_EQ(settles_at(me, -51), -51, "another one waits");
    CHECK_EQ(unlock(lock), 0, "unlock");
    CHECK_EQ(priority_of(me), NORMAL, "that was all");
    CHECK_EQ(child_wait(between), 0, "the one between is normal again");
    CHECK_EQ(child_wait(end), 0, "the urgent one had the lock");
}

int main(void)
{
    check_start();
    lock = shared_memory(PAGE);
    lock2 = lock + 16;
    order = lock + 32;
    count = lock + 48;
    check_one_owner();
    check_chain();
    return check_done();
}
