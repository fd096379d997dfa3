/*
 * What stops whom: uthread_read(), uthread_write() and uthread_sleep_ms() stop
 * the thread that calls them, under each model; what blocks in the kernel stops
 * everyone on its kernel thread, unless uthread_call() finds it another one.
 *
 * smp: 1 2 4
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include "common/models.h"

enum { READERS = 10, BIG = 300000, CARRIERS = 2, NAPPERS = 60 };

struct reader {
    int ends[2];
    char got;
};

static volatile int steps, started, blocked;
static int callers;

static void *reads_one(void *argument)
{
    struct reader *r = argument;

    __atomic_add_fetch(&started, 1, __ATOMIC_SEQ_CST);
    return (void *)uthread_read(r->ends[0], &r->got, 1);
}

/* All wait in uthread_read() at once; then each is served. */
static void test_readers(void)
{
    struct reader readers[READERS];
    struct uthread *threads[READERS];
    long good = 0;

    started = 0;
    for (int i = 0; i < READERS; i++) {
        NEED(pipe(readers[i].ends) == 0);
        threads[i] = uthread_create(reads_one, &readers[i]);
    }
    await_value(&started, READERS);
    uthread_sleep_ms(2);
    CHECK(true, "%s: readers that wait do not stop us", model_name);
    for (int i = READERS - 1; i >= 0; i--) {
        char c = (char)('a' + i);
        NEED(write(readers[i].ends[1], &c, 1) == 1);
        good += (long)uthread_join(threads[i]) == 1 && readers[i].got == c;
        close(readers[i].ends[0]);
        close(readers[i].ends[1]);
    }
    CHECK_EQ(good, READERS, "%s: each reads its byte", model_name);
}

static void *writes_much(void *argument)
{
    static char bytes[BIG];
    int fd = *(int *)argument;
    long done = 0;

    for (size_t i = 0; i < BIG; i++)
        bytes[i] = (char)(i * 7 + i / 251);
    while (done < BIG) {
        ssize_t n = uthread_write(fd, bytes + done, (size_t)(BIG - done));
        if (n <= 0)
            break;
        done += n;
    }
    close(fd);
    return (void *)done;
}

/* More than fits between a writer and a reader. */
static void test_flow(bool is_socket)
{
    int ends[2];
    char piece[1000];
    long got = 0, wrong = 0;

    NEED((is_socket ? socketpair(AF_UNIX, SOCK_STREAM, 0, ends) : pipe(ends)) ==
         0);
    struct uthread *t = uthread_create(writes_much, &ends[1]);
    for (;;) {
        ssize_t n = uthread_read(ends[0], piece, sizeof(piece));
        if (n <= 0)
            break;
        for (ssize_t i = 0; i < n; i++, got++)
            wrong += piece[i] != (char)(got * 7 + got / 251);
    }
    CHECK_EQ(uthread_join(t), BIG, "%s: all is written to a %s", model_name,
             is_socket ? "socket" : "pipe");
    CHECK(got == BIG && wrong == 0, "%s: and read", model_name);
    close(ends[0]);
}

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Did it take long enough? */
static void *sleeps(void *ms)
{
    uint64_t before = now_ms();

    uthread_sleep_ms((unsigned)(long)ms);
    return (void *)(long)(now_ms() - before + 1 >= (uint64_t)ms);
}

static void test_sleepers(void)
{
    struct uthread *sleepers[READERS];
    long good = 0;

    for (long i = 0; i < READERS; i++)
        sleepers[i] = uthread_create(sleeps, (void *)(7 * i % 30));
    for (int i = 0; i < READERS; i++)
        good += (long)uthread_join(sleepers[i]);
    CHECK_EQ(good, READERS, "%s: all sleep for long enough", model_name);
}

static void *naps(void *stop)
{
    while (!*(volatile int *)stop)
        uthread_sleep_ms(5);
    return NULL;
}

/* More sleepers than the process may have files: poll() must not see them. */
static void test_sleepers_and_reader(void)
{
    static volatile int stop;
    struct rlimit old, low;
    struct uthread *nappers[NAPPERS];
    struct reader r;

    NEED(getrlimit(RLIMIT_NOFILE, &old) == 0 && pipe(r.ends) == 0);
    low = (struct rlimit){ NAPPERS / 2, old.rlim_max };
    NEED(setrlimit(RLIMIT_NOFILE, &low) == 0);
    stop = 0;
    for (int i = 0; i < NAPPERS; i++)
        nappers[i] = uthread_create(naps, (void *)&stop);
    struct uthread *t = uthread_create(reads_one, &r);
    uthread_sleep_ms(10);
    NEED(write(r.ends[1], "x", 1) == 1);
    uthread_join(t);
    CHECK_EQ(r.got, 'x', "%s: many sleepers do not hide a reader", model_name);
    stop = 1;
    for (int i = 0; i < NAPPERS; i++)
        uthread_join(nappers[i]);
    NEED(setrlimit(RLIMIT_NOFILE, &old) == 0);
    close(r.ends[0]);
    close(r.ends[1]);
}

struct server {
    int listening;
    long served;
};

static void *serves(void *argument)
{
    struct server *s = argument;

    for (int i = 0; i < READERS; i++) {
        int fd = uthread_accept(s->listening, NULL, NULL);
        char c = 0;
        s->served += uthread_read(fd, &c, 1) == 1 && c == 'a' + i;
        close(fd);
    }
    return NULL;
}

/* The listening socket is O_NONBLOCK, which must not show. */
static void test_accept(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct server s = { .served = 0 };

    snprintf(address.sun_path, sizeof(address.sun_path), "socket-%s",
             model_name);
    unlink(address.sun_path);
    s.listening = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    NEED(bind(s.listening, (struct sockaddr *)&address, sizeof(address)) == 0);
    NEED(listen(s.listening, READERS) == 0);
    struct uthread *t = uthread_create(serves, &s);
    for (int i = 0; i < READERS; i++) {
        char c = (char)('a' + i);
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        uthread_yield(); /* it waits */
        NEED(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
        uthread_yield();
        NEED(write(fd, &c, 1) == 1);
        close(fd);
    }
    uthread_join(t);
    CHECK_EQ(s.served, READERS, "%s: connections are accepted", model_name);
    close(s.listening);
}

/* While so many block, with CARRIERS carriers? */
static bool others_go_on(int count)
{
    if (model == UTHREAD_MANY_TO_ONE)
        return false;
    return model != UTHREAD_MANY_TO_MANY || count < CARRIERS;
}

static void *steps_on(void *stop)
{
    while (!*(volatile int *)stop) {
        __atomic_add_fetch(&steps, 1, __ATOMIC_SEQ_CST);
        uthread_yield();
    }
    return NULL;
}

/* Blocks in the kernel until all callers do, then until the others have made a
 * step; for a while only, where they cannot. */
static void *blocks(void *unused)
{
    int tries = others_go_on(callers) ? 20000 : 100;

    __atomic_add_fetch(&blocked, 1, __ATOMIC_SEQ_CST);
    while (blocked < callers)
        usleep(1000);
    int before = __atomic_load_n(&steps, __ATOMIC_SEQ_CST);
    while (tries-- > 0) {
        usleep(1000);
        if (__atomic_load_n(&steps, __ATOMIC_SEQ_CST) != before)
            return (void *)1;
    }
    return NULL;
}

static void *calls(void *unused)
{
    return uthread_call(blocks, NULL);
}

/* With two carriers, of which one or both are blocked. */
static void test_call(void)
{
    struct uthread *threads[CARRIERS];
    long saw_steps = 0;
    static volatile int stop;

    stop = 0;
    blocked = 0;
    struct uthread *other = uthread_create(steps_on, (void *)&stop);
    for (int i = 0; i < callers; i++)
        threads[i] = uthread_create(calls, NULL);
    for (int i = 0; i < callers; i++)
        saw_steps += (long)uthread_join(threads[i]);
    stop = 1;
    uthread_join(other);
    if (others_go_on(callers))
        CHECK_EQ(saw_steps, callers, "%s: the others go on while %d block",
                 model_name, callers);
    else
        CHECK(saw_steps < callers, "%s: all stop when %d block", model_name,
              callers);
}

static void *first(void *unused)
{
    test_readers();
    test_flow(false);
    test_flow(true);
    test_sleepers();
    test_sleepers_and_reader();
    test_accept();
    callers = 1;
    test_call();
    callers = CARRIERS;
    if (model != UTHREAD_MANY_TO_ONE)
        test_call();
    return NULL;
}

int main(void)
{
    check_start();
    check_enter_scratch();
    run_models(CARRIERS, 0, first, NULL);
    return check_done();
}
