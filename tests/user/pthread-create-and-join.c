/*
 * pthread_create, join, detach, exit: results, attributes, cleanup handlers,
 * memory that comes back, and what ends the process.
 *
 * smp: 1 2 4
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"

enum { THREADS = 8, DETACHED = 200, AT_ONCE = 10 };

static unsigned ended, order[3], pushed;
static pthread_t main_thread;

static void *adds_one(void *argument)
{
    return (char *)argument + 1;
}

static void *exits(void *argument)
{
    pthread_exit((char *)argument + 2);
}

static void *counts(void *unused)
{
    (void)unused;
    __atomic_add_fetch(&ended, 1, __ATOMIC_SEQ_CST);
    return NULL;
}

static void *detaches_itself(void *unused)
{
    (void)unused;
    pthread_detach(pthread_self());
    return counts(NULL);
}

static void *joins_itself(void *unused)
{
    (void)unused;
    return (void *)(long)pthread_join(pthread_self(), NULL);
}

static void *joins_main(void *unused)
{
    void *result = NULL;
    (void)unused;
    int error = pthread_join(main_thread, &result);
    exit(error == 0 && result == &main_thread ? 42 : 1);
}

/* Lines of /proc/self/maps. */
static int count_maps(void)
{
    static char text[65536];
    int lines = 0;
    NEED(check_read_file("/proc/self/maps", text, sizeof(text)) > 0);
    for (const char *p = text; (p = strchr(p, '\n')); p++) {
        lines++;
    }
    return lines;
}

static bool await(unsigned *word, unsigned value)
{
    for (int i = 0; i < 20000; i++) {
        if (__atomic_load_n(word, __ATOMIC_SEQ_CST) == value) {
            return true;
        }
        usleep(1000);
    }
    return false;
}

/* Threads that are in /proc, until there is only one. */
static bool await_alone(void)
{
    char text[2000];
    for (int i = 0; i < 20000; i++) {
        NEED(check_read_file("/proc/self/status", text, sizeof(text)) > 0);
        if (strstr(text, "Threads:\t1\n")) {
            return true;
        }
        usleep(1000);
    }
    return false;
}

static void check_results(void)
{
    pthread_t threads[THREADS];
    char base[THREADS];
    int right = 0;
    for (int i = 0; i < THREADS; i++) {
        NEED(pthread_create(&threads[i], NULL, i % 2 ? exits : adds_one,
                            base + i) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *result;
        right += pthread_join(threads[i], &result) == 0 &&
                 result == base + i + 1 + i % 2;
    }
    CHECK_EQ(right, THREADS, "results of return and pthread_exit");
    void *result;
    NEED(pthread_create(&threads[0], NULL, joins_itself, NULL) == 0);
    CHECK_EQ(pthread_join(threads[0], &result), 0, "join");
    CHECK_EQ(result, EDEADLK, "not with oneself");
    CHECK(pthread_equal(pthread_self(), pthread_self()), "pthread_equal");
    CHECK(!pthread_equal(pthread_self(), 0), "not equal");
}

static void remember(void *argument)
{
    order[pushed++] = (unsigned)(long)argument;
}

static void *cleans_up(void *unused)
{
    (void)unused;
    pthread_cleanup_push(remember, (void *)1);
    pthread_cleanup_push(remember, (void *)2);
    pthread_cleanup_push(remember, (void *)3);
    pthread_cleanup_pop(0);
    pthread_exit(NULL);
    pthread_cleanup_pop(0);
    pthread_cleanup_pop(0);
    return NULL;
}

static void check_cleanup(void)
{
    pthread_t thread;
    NEED(pthread_create(&thread, NULL, cleans_up, NULL) == 0);
    NEED(pthread_join(thread, NULL) == 0);
    CHECK_EQ(pushed, 2, "handlers left ran");
    CHECK(order[0] == 2 && order[1] == 1, "the last first");
    pthread_cleanup_push(remember, (void *)7);
    pthread_cleanup_pop(1);
    CHECK(pushed == 3 && order[2] == 7, "pop runs one");
}

static void check_detached(void)
{
    pthread_attr_t attr;
    pthread_t thread;
    NEED(pthread_create(&thread, NULL, counts, NULL) == 0);
    NEED(pthread_join(thread, NULL) == 0);
    int before = count_maps();
    ended = 0;
    pthread_attr_init(&attr);
    CHECK_EQ(pthread_attr_setdetachstate(&attr, 9), EINVAL, "no such state");
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, 64 * 1024);
    for (int i = 0; i < DETACHED; i++) {
        while (pthread_create(&thread, i % 2 ? &attr : NULL,
                              i % 2 ? counts : detaches_itself, NULL) != 0) {
            usleep(1000);
        }
        if (i % AT_ONCE == AT_ONCE - 1) {
            NEED(await_alone());
        }
    }
    CHECK(await(&ended, DETACHED), "detached threads ran");
    CHECK(await_alone(), "and ended");
    /* The C library may keep as many stacks as there were at once. */
    CHECK(count_maps() < before + DETACHED / 4, "and left no memory");
    ended = 0;
    NEED(pthread_create(&thread, NULL, counts, NULL) == 0);
    CHECK(await(&ended, 1) && await_alone(), "one has ended");
    CHECK_EQ(pthread_detach(thread), 0, "and is detached then");
    pthread_attr_destroy(&attr);
}

static void *uses_stack(void *argument)
{
    volatile char bytes[90000];
    for (size_t i = 0; i < sizeof(bytes); i += 1000) {
        bytes[i] = (char)i;
    }
    return (char *)bytes > (char *)argument &&
                   (char *)bytes < (char *)argument + 0x20000
               ? argument
               : NULL;
}

static int overflows(int depth)
{
    volatile char bytes[1000];
    bytes[0] = (char)depth;
    return depth < 0 ? 0 : overflows(depth + 1) + bytes[0];
}

static void *overflows_stack(void *unused)
{
    (void)unused;
    return (void *)(long)overflows(0);
}

static int overflow(void *unused)
{
    pthread_t thread;
    (void)unused;
    pthread_create(&thread, NULL, overflows_stack, NULL);
    pthread_join(thread, NULL);
    return 0;
}

static void check_stacks(void)
{
    pthread_attr_t attr;
    pthread_t thread;
    size_t size = 0;
    void *result, *at;
    pthread_attr_init(&attr);
    CHECK_EQ(pthread_attr_setstacksize(&attr, 100), EINVAL, "too small");
    CHECK_EQ(pthread_attr_setstacksize(&attr, 0x40000), 0, "a stack size");
    CHECK(pthread_attr_getstacksize(&attr, &size) == 0 && size == 0x40000,
          "is kept");
    CHECK_EQ(pthread_create(&thread, &attr, uses_stack, NULL), 0, "and used");
    pthread_join(thread, NULL);
    char *stack = mmap(NULL, 0x20000, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    NEED(stack != MAP_FAILED);
    CHECK_EQ(pthread_attr_setstack(&attr, stack, 0x20000), 0, "setstack");
    CHECK(pthread_attr_getstack(&attr, &at, &size) == 0 && at == stack,
          "getstack");
    NEED(pthread_create(&thread, &attr, uses_stack, stack) == 0);
    CHECK(pthread_join(thread, &result) == 0 && result == stack,
          "a thread runs on it");
    stack[0] = 1;
    CHECK_EQ(munmap(stack, 0x20000), 0, "and it is left alone after");
    CHECK_DIES(overflow, NULL, SIGSEGV, "stacks end in a guard");
}

static void *exits_process(void *unused)
{
    (void)unused;
    exit(43);
}

static void *sleeps(void *unused)
{
    (void)unused;
    while (pause() == -1) {
        continue;
    }
    return NULL;
}

static int thread_calls_exit(void *unused)
{
    pthread_t thread;
    pthread_create(&thread, NULL, sleeps, NULL);
    pthread_create(&thread, NULL, exits_process, NULL);
    sleeps(unused);
    return 0;
}

static int main_returns(void *unused)
{
    pthread_t thread;
    (void)unused;
    pthread_create(&thread, NULL, sleeps, NULL);
    return 44;
}

static int main_exits_alone(void *unused)
{
    pthread_t thread;
    (void)unused;
    main_thread = pthread_self();
    pthread_create(&thread, NULL, joins_main, NULL);
    pthread_exit(&main_thread);
}

static int last_one_exits(void *unused)
{
    pthread_t thread;
    (void)unused;
    pthread_create(&thread, NULL, counts, NULL);
    pthread_exit(&main_thread);
}

static void check_process_end(void)
{
    CHECK_EXITS(thread_calls_exit, NULL, 43, "exit from a thread");
    CHECK_EXITS(main_returns, NULL, 44, "return of main");
    CHECK_EXITS(main_exits_alone, NULL, 42, "main ends before the others");
    CHECK_EXITS(last_one_exits, NULL, 0, "the last one ends the process");
}

int main(void)
{
    check_start();
    check_results();
    check_cleanup();
    check_detached();
    check_stacks();
    check_process_end();
    return check_done();
}
