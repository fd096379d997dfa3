/*
 * pthread_setschedparam and the attributes for it, affinity of threads, and
 * signals to threads.
 *
 * smp: 1 2
 */
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common/child.h"

static sem_t go, there;
static pthread_t main_thread;
static pthread_t handled_by;
static volatile int handled;

static void *waits(void *unused)
{
    sem_post(&there);
    while (sem_wait(&go) != 0) {
        continue;
    }
    return unused;
}

static void *tells_policy(void *unused)
{
    struct sched_param param = { 0 };
    int policy = -1;
    (void)unused;
    pthread_getschedparam(pthread_self(), &policy, &param);
    return (void *)(long)(policy * 100 + param.sched_priority);
}

static void start(pthread_t *thread)
{
    NEED(pthread_create(thread, NULL, waits, NULL) == 0);
    NEED(sem_wait(&there) == 0);
}

static void finish(pthread_t thread)
{
    NEED(sem_post(&go) == 0 && pthread_join(thread, NULL) == 0);
}

static void check_parameters(void)
{
    struct sched_param param = { .sched_priority = 0 };
    pthread_t thread;
    int policy = -1;
    start(&thread);
    CHECK_EQ(pthread_getschedparam(thread, &policy, &param), 0, "get");
    CHECK(policy == SCHED_OTHER && param.sched_priority == 0, "SCHED_OTHER");
    CHECK_EQ(pthread_setschedparam(thread, SCHED_BATCH, &param), 0, "set");
    CHECK_EQ(pthread_getschedparam(thread, &policy, &param), 0, "get");
    CHECK_EQ(policy, SCHED_BATCH, "the policy set");
    CHECK_EQ(pthread_getschedparam(pthread_self(), &policy, &param), 0, "mine");
    CHECK_EQ(policy, SCHED_OTHER, "is as it was");
    CHECK_EQ(pthread_setschedparam(thread, 99, &param), EINVAL, "no policy");
    param.sched_priority = 100;
    CHECK_EQ(pthread_setschedparam(thread, SCHED_RR, &param), EINVAL, "range");
    finish(thread);
}

static void check_attributes(void)
{
    struct sched_param param = { .sched_priority = 7 }, out;
    pthread_attr_t attr;
    pthread_t thread;
    void *result;
    int value = -1;
    NEED(pthread_attr_init(&attr) == 0);
    CHECK(pthread_attr_getinheritsched(&attr, &value) == 0 &&
              value == PTHREAD_INHERIT_SCHED,
          "inherits by default");
    CHECK_EQ(pthread_attr_setinheritsched(&attr, 5), EINVAL, "no such");
    CHECK_EQ(pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED), 0,
             "explicit");
    CHECK_EQ(pthread_attr_setschedpolicy(&attr, 5), EINVAL, "no policy");
    CHECK_EQ(pthread_attr_setschedpolicy(&attr, SCHED_FIFO), 0, "policy");
    CHECK_EQ(pthread_attr_setschedparam(&attr, &param), 0, "priority");
    CHECK(pthread_attr_getschedparam(&attr, &out) == 0 &&
              out.sched_priority == 7,
          "is kept");
    int error = pthread_create(&thread, &attr, tells_policy, NULL);
    /* On a machine where we may not, that is the answer. */
    CHECK(error == 0 || error == EPERM, "create");
    if (error == 0) {
        NEED(pthread_join(thread, &result) == 0);
    }
    CHECK(error == EPERM || result == (void *)107l, "began with it");
    NEED(pthread_attr_setschedpolicy(&attr, SCHED_OTHER) == 0);
    param.sched_priority = 0;
    NEED(pthread_attr_setschedparam(&attr, &param) == 0);
    CHECK_EQ(pthread_create(&thread, &attr, tells_policy, NULL), 0, "create");
    NEED(pthread_join(thread, &result) == 0);
    CHECK_EQ(result, 0, "began with it");
    pthread_attr_destroy(&attr);
}

static void check_affinity(void)
{
    cpu_set_t all, one;
    pthread_t thread;
    int cpu = 0;
    NEED(sched_getaffinity(0, sizeof(all), &all) == 0);
    while (!CPU_ISSET(cpu, &all)) {
        cpu++;
    }
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    start(&thread);
    CHECK_EQ(pthread_setaffinity_np(thread, sizeof(one), &one), 0, "set");
    CPU_ZERO(&one);
    CHECK_EQ(pthread_getaffinity_np(thread, sizeof(one), &one), 0, "get");
    CHECK(CPU_COUNT(&one) == 1 && CPU_ISSET(cpu, &one), "one CPU");
    CHECK_EQ(pthread_getaffinity_np(pthread_self(), sizeof(one), &one), 0,
             "mine");
    CHECK_EQ(CPU_COUNT(&one), CPU_COUNT(&all), "is as it was");
    CPU_ZERO(&one);
    CHECK_EQ(pthread_setaffinity_np(thread, sizeof(one), &one), EINVAL, "none");
    finish(thread);
}

static void note(int number)
{
    handled_by = pthread_self();
    handled = number;
}

static void *kills_main(void *unused)
{
    (void)unused;
    return (void *)(long)pthread_kill(main_thread, SIGUSR2);
}

static bool await_handler(int number)
{
    for (int i = 0; i < 20000 && handled != number; i++) {
        usleep(1000);
    }
    return handled == number;
}

static void check_signals(void)
{
    struct sigaction action = { .sa_handler = note, .sa_flags = SA_RESTART };
    sigset_t set, old;
    pthread_t thread;
    void *result;
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGUSR2, &action, NULL);
    start(&thread);
    CHECK_EQ(pthread_kill(thread, 0), 0, "it is there");
    CHECK_EQ(pthread_kill(thread, 1000), EINVAL, "no signal");
    CHECK_EQ(pthread_kill(thread, SIGUSR1), 0, "pthread_kill");
    CHECK(await_handler(SIGUSR1), "was handled");
    CHECK(pthread_equal(handled_by, thread), "by that thread");
    finish(thread);
    NEED(pthread_create(&thread, NULL, kills_main, NULL) == 0);
    CHECK(pthread_join(thread, &result) == 0 && result == NULL, "to main");
    CHECK(await_handler(SIGUSR2), "was handled");
    CHECK(pthread_equal(handled_by, main_thread), "by main");
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    CHECK_EQ(pthread_sigmask(SIG_BLOCK, &set, &old), 0, "pthread_sigmask");
    handled = 0;
    CHECK_EQ(pthread_kill(main_thread, SIGUSR1), 0, "blocked");
    CHECK(handled == 0, "it waits");
    CHECK_EQ(pthread_sigmask(SIG_SETMASK, &old, NULL), 0, "no more");
    CHECK_EQ(handled, SIGUSR1, "it came");
    CHECK_EQ(pthread_sigmask(77, &set, NULL), EINVAL, "no such way");
}

int main(void)
{
    check_start();
    main_thread = pthread_self();
    NEED(sem_init(&go, 0, 0) == 0 && sem_init(&there, 0, 0) == 0);
    check_parameters();
    check_attributes();
    check_affinity();
    check_signals();
    return check_done();
}
