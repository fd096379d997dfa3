/*
 * futex: four processes, ten thousand rounds in all: a token in a ring, a lock,
 * a lock with an owner, a barrier whose waiters are requeued, and robust locks
 * whose owners keep dying.  A lost wake-up shows as a hang.
 *
 * smp: 1 2 4
 * timeout: 120
 * args: 2500
 */
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"
#include "common/futex.h"
#include "common/raw.h"

enum { PROCESSES = 4 };

static struct shared {
    volatile uint32_t turn, lock, generation, arrived;
    volatile uint32_t counter; /* changed by who has the lock */
    volatile uint32_t robust;  /* a word, whose link is before it in `list` */
    struct robust_list link;
} * s;

static int rounds;

static void wait_at(volatile uint32_t *word, uint32_t value)
{
    futex(word, FUTEX_WAIT, value, NULL, NULL, 0);
}

static void wake(volatile uint32_t *word, int count)
{
    futex(word, FUTEX_WAKE, (uint32_t)count, NULL, NULL, 0);
}

static bool swap(volatile uint32_t *word, uint32_t from, uint32_t to)
{
    return __atomic_compare_exchange_n(word, &from, to, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST);
}

/* ---- a lock: 0 free, 1 taken, 2 and somebody may wait ---------------------- */

static void lock_contended(void)
{
    while (__atomic_exchange_n(&s->lock, 2, __ATOMIC_SEQ_CST) != 0) {
        wait_at(&s->lock, 2);
    }
}

static void lock(void)
{
    if (!swap(&s->lock, 0, 1)) {
        lock_contended();
    }
}

static void unlock(void)
{
    if (__atomic_exchange_n(&s->lock, 0, __ATOMIC_SEQ_CST) == 2) {
        wake(&s->lock, 1);
    }
}

/* Read, let others try, write. */
static void step(int i)
{
    uint32_t seen = s->counter;
    if (i % 16 == 0) {
        sched_yield();
    }
    s->counter = seen + 1;
}

static int child_locks(void *unused)
{
    (void)unused;
    for (int i = 0; i < rounds; i++) {
        lock();
        step(i);
        unlock();
    }
    return 0;
}

/* ---- a lock with an owner --------------------------------------------------- */

static int child_owns(void *unused)
{
    uint32_t me = (uint32_t)getpid();
    (void)unused;
    for (int i = 0; i < rounds; i++) {
        if (!swap(&s->lock, 0, me) &&
            futex(&s->lock, FUTEX_LOCK_PI, 0, NULL, NULL, 0) != 0) {
            return 1;
        }
        step(i);
        if (!swap(&s->lock, me, 0) &&
            futex(&s->lock, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0) != 0) {
            return 2;
        }
    }
    return 0;
}

/* ---- a ring ----------------------------------------------------------------- */

static int child_passes_on(void *number)
{
    uint32_t me = (uint32_t)(long)number, now;
    for (int i = 0; i < rounds; i++) {
        while ((now = s->turn) != me) {
            wait_at(&s->turn, now);
        }
        s->counter++;
        __atomic_store_n(&s->turn, (me + 1) % PROCESSES, __ATOMIC_SEQ_CST);
        wake(&s->turn, INT_MAX);
    }
    return 0;
}

/* ---- a barrier --------------------------------------------------------------- */

/* The last one to come lets the others queue at the lock. */
static void open_barrier(void)
{
    s->arrived = 0;
    for (;;) {
        uint32_t old = s->generation;
        s->generation = old + 1;
        long got = futex(&s->generation, FUTEX_CMP_REQUEUE, 1,
                         (void *)(long)INT_MAX, &s->lock, old + 1);
        if (got >= 0) {
            break;
        }
    }
    s->lock = 2; /* those that were moved do not mark it */
}

static int child_meets(void *unused)
{
    (void)unused;
    for (int i = 0; i < rounds / 4; i++) {
        lock();
        uint32_t generation = s->generation;
        if (++s->arrived == PROCESSES) {
            s->counter++;
            open_barrier();
        }
        while (s->generation == generation) {
            unlock();
            wait_at(&s->generation, generation);
            lock_contended();
        }
        unlock();
    }
    return 0;
}

/* ---- owners that die ---------------------------------------------------------- */

static void robust_lock(void)
{
    uint32_t me = (uint32_t)getpid(), seen;
    for (;;) {
        seen = s->robust;
        if ((seen & FUTEX_TID_MASK) == 0) {
            if (swap(&s->robust, seen, me | (seen & FUTEX_WAITERS))) {
                return;
            }
        } else if ((seen & FUTEX_WAITERS) ||
                   swap(&s->robust, seen, seen | FUTEX_WAITERS)) {
            wait_at(&s->robust, seen | FUTEX_WAITERS);
        }
    }
}

/* Dies with the lock, by exit or by a signal. */
static int child_dies(void *how)
{
    static struct robust_list_head head; /* read after the return from here */
    head.futex_offset = (long)&s->robust - (long)&s->link;
    head.list.next = &head.list;
    head.list_op_pending = &s->link;
    RAW2(SYS_set_robust_list, &head, sizeof(head));
    robust_lock();
    head.list.next = &s->link; /* the link is the owner's */
    s->link.next = &head.list;
    s->counter++;
    if (how) {
        kill(getpid(), SIGKILL);
    }
    return 0;
}

static int child_lets_die(void *number)
{
    int good = 0, deaths = rounds / 50;
    for (int i = 0; i < deaths; i++) {
        long how = ((long)number + i) % 2;
        good += child_run(child_dies, (void *)how) == (how ? SIGKILL : 0);
    }
    return good == deaths ? 0 : 1;
}

/* ------------------------------------------------------------------------------ */

static void run(child_body *body, const char *name, uint32_t expected)
{
    pid_t pids[PROCESSES];
    int good = 0;
    s->turn = s->lock = s->generation = s->arrived = s->counter = 0;
    for (long i = 0; i < PROCESSES; i++) {
        pids[i] = child_start(body, (void *)i);
    }
    for (int i = 0; i < PROCESSES; i++) {
        good += child_wait(pids[i]) == 0;
    }
    CHECK_EQ(good, PROCESSES, "%s: all came to the end", name);
    CHECK_EQ(s->counter, expected, "%s: nothing was lost", name);
}

int main(int argc, char **argv)
{
    check_start();
    rounds = (int)check_rounds(argc, argv, 2500);
    uint32_t n = (uint32_t)rounds;
    s = shared_memory(PAGE);
    run(child_passes_on, "ring", n * PROCESSES);
    run(child_locks, "lock", n * PROCESSES);
    run(child_owns, "lock with an owner", n * PROCESSES);
    CHECK_EQ(s->lock, 0, "it is free");
    run(child_meets, "barrier", n / 4);
    run(child_lets_die, "owners that die", n / 50 * PROCESSES);
    return check_done();
}
