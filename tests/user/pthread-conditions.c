/*
 * pthread_cond: a bounded buffer, turns, broadcasts, time-outs; no wake-up is
 * lost, and none comes without its mutex.
 *
 * smp: 1 2 4
 */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include "common/child.h"

enum { PRODUCERS = 3, CONSUMERS = 3, ITEMS = 1500, ROOM = 4, TURNS = 1500 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t not_full = PTHREAD_COND_INITIALIZER;
static pthread_cond_t not_empty = PTHREAD_COND_INITIALIZER;
static long buffer[ROOM], sum;
static unsigned filled, taken;

static void *produces(void *unused)
{
    (void)unused;
    for (long i = 1; i <= ITEMS; i++) {
        pthread_mutex_lock(&mutex);
        while (filled == ROOM) {
            pthread_cond_wait(&not_full, &mutex);
        }
        buffer[filled++] = i;
        /* With and without the mutex: both are right. */
        if (i % 2) {
            pthread_cond_signal(&not_empty);
        }
        pthread_mutex_unlock(&mutex);
        if (i % 2 == 0) {
            pthread_cond_signal(&not_empty);
        }
    }
    return NULL;
}

static void *consumes(void *unused)
{
    (void)unused;
    for (int i = 0; i < ITEMS; i++) {
        pthread_mutex_lock(&mutex);
        while (filled == 0) {
            pthread_cond_wait(&not_empty, &mutex);
        }
        sum += buffer[--filled];
        taken++;
        pthread_cond_signal(&not_full);
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static void check_buffer(void)
{
    pthread_t threads[PRODUCERS + CONSUMERS];
    for (int i = 0; i < PRODUCERS + CONSUMERS; i++) {
        NEED(pthread_create(&threads[i], NULL,
                            i < PRODUCERS ? produces : consumes, NULL) == 0);
    }
    for (int i = 0; i < PRODUCERS + CONSUMERS; i++) {
        NEED(pthread_join(threads[i], NULL) == 0);
    }
    CHECK_EQ(taken, PRODUCERS * ITEMS, "all items arrived");
    CHECK_EQ(sum, PRODUCERS * (long)ITEMS * (ITEMS + 1) / 2, "each once");
    CHECK_EQ(filled, 0, "none is left");
}

/* Two take turns; in shared memory these may be two processes. */
static struct turns {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int turn, count;
} * t;

static void take_turns(int me)
{
    for (int i = 0; i < TURNS; i++) {
        pthread_mutex_lock(&t->mutex);
        while (t->turn != me) {
            pthread_cond_wait(&t->changed, &t->mutex);
        }
        t->turn = !me;
        t->count++;
        pthread_cond_signal(&t->changed);
        pthread_mutex_unlock(&t->mutex);
    }
}

static void *second(void *unused)
{
    take_turns(1);
    return unused;
}

static int second_process(void *unused)
{
    (void)unused;
    take_turns(1);
    return 0;
}

static void check_turns(bool processes)
{
    pthread_mutexattr_t mutex_attr;
    pthread_condattr_t attr;
    pthread_t thread;
    pid_t pid = 0;
    pthread_mutexattr_init(&mutex_attr);
    pthread_condattr_init(&attr);
    if (processes) {
        NEED(pthread_mutexattr_setpshared(&mutex_attr, 1) == 0);
        NEED(pthread_condattr_setpshared(&attr, 1) == 0);
    }
    NEED(pthread_mutex_init(&t->mutex, &mutex_attr) == 0);
    NEED(pthread_cond_init(&t->changed, &attr) == 0);
    t->turn = t->count = 0;
    if (processes) {
        pid = child_start(second_process, NULL);
    } else {
        NEED(pthread_create(&thread, NULL, second, NULL) == 0);
    }
    take_turns(0);
    CHECK_EQ(processes ? child_wait(pid) : pthread_join(thread, NULL), 0,
             "the other one");
    CHECK_EQ(t->count, 2 * TURNS, "all turns, processes %d", processes);
    CHECK_EQ(pthread_cond_destroy(&t->changed), 0, "destroy");
}

/* Many wait; each announces itself, then leaves when the gate opens. */
enum { CROWD = 10, GATES = 30 };

static struct gate_of_many {
    pthread_cond_t opened;
    int open;
} * gate_now;
static pthread_cond_t arrived = PTHREAD_COND_INITIALIZER;
static int waiting, left;

static void *passes_gate(void *unused)
{
    struct gate_of_many *gate = gate_now;
    pthread_mutex_lock(&mutex);
    waiting++;
    pthread_cond_signal(&arrived);
    while (!gate->open) {
        pthread_cond_wait(&gate->opened, &mutex);
    }
    left++;
    pthread_mutex_unlock(&mutex);
    return unused;
}

static void check_broadcast(void)
{
    int passed = 0;
    for (int round = 0; round < GATES; round++) {
        pthread_t threads[CROWD];
        gate_now = calloc(1, sizeof(*gate_now));
        NEED(gate_now && pthread_cond_init(&gate_now->opened, NULL) == 0);
        waiting = left = 0;
        for (int i = 0; i < CROWD; i++) {
            NEED(pthread_create(&threads[i], NULL, passes_gate, NULL) == 0);
        }
        pthread_mutex_lock(&mutex);
        while (waiting < CROWD) {
            pthread_cond_wait(&arrived, &mutex);
        }
        gate_now->open = 1;
        pthread_cond_broadcast(&gate_now->opened);
        pthread_mutex_unlock(&mutex);
        for (int i = 0; i < CROWD; i++) {
            NEED(pthread_join(threads[i], NULL) == 0);
        }
        passed += left;
        pthread_cond_destroy(&gate_now->opened);
        free(gate_now);
    }
    CHECK_EQ(passed, CROWD * GATES, "a broadcast wakes all");
}

static void check_time_out(clockid_t clock)
{
    pthread_condattr_t attr;
    pthread_cond_t condition;
    struct timespec until, now, wrong = { .tv_nsec = 1000000000 };
    int result;
    NEED(pthread_condattr_init(&attr) == 0);
    CHECK_EQ(pthread_condattr_setclock(&attr, clock), 0, "a clock");
    NEED(pthread_cond_init(&condition, &attr) == 0);
    clock_gettime(clock, &until);
    until.tv_nsec += 30000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&mutex);
    do {
        result = pthread_cond_timedwait(&condition, &mutex, &until);
    } while (result == 0);
    clock_gettime(clock, &now);
    CHECK_EQ(result, ETIMEDOUT, "nobody signals");
    CHECK(now.tv_sec > until.tv_sec ||
              (now.tv_sec == until.tv_sec && now.tv_nsec >= until.tv_nsec),
          "not too early");
    CHECK_EQ(pthread_mutex_trylock(&mutex), EBUSY, "the mutex is taken");
    CHECK_EQ(pthread_cond_timedwait(&condition, &mutex, &wrong), EINVAL,
             "no time");
    pthread_mutex_unlock(&mutex);
    CHECK_EQ(pthread_cond_destroy(&condition), 0, "destroy");
}

static void check_errors(void)
{
    pthread_mutex_t errors = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;
    pthread_condattr_t attr;
    CHECK_EQ(pthread_cond_wait(&not_full, &errors), EPERM, "not its owner");
    pthread_condattr_init(&attr);
    CHECK_EQ(pthread_condattr_setclock(&attr, CLOCK_PROCESS_CPUTIME_ID), EINVAL,
             "no such clock");
    CHECK_EQ(pthread_cond_signal(&not_full), 0, "a signal for nobody");
    CHECK_EQ(pthread_cond_broadcast(&not_full), 0, "a broadcast for nobody");
}

int main(void)
{
    check_start();
    t = shared_memory(sizeof(*t));
    check_buffer();
    check_turns(false);
    check_turns(true);
    check_broadcast();
    check_time_out(CLOCK_REALTIME);
    check_time_out(CLOCK_MONOTONIC);
    check_errors();
    return check_done();
}
