/*
 * Stacks of user threads grow on demand, end at a page without rights, and cost
 * one page while their thread is parked; what cannot be had is an error.
 *
 * smp: 1 4
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include "common/child.h"
#include "common/models.h"

enum { THREADS = 30, PARKED = 1000, FRAME = 512, DEEP = 70 };

/* About DEEP * FRAME bytes, checked on the way back. */
static __attribute__((noinline)) long descends(long depth, long salt)
{
    volatile unsigned char frame[FRAME];

    for (int i = 0; i < FRAME; i++)
        frame[i] = (unsigned char)(salt + depth + i);
    if (depth % 16 == 0)
        uthread_yield();
    long good = depth == 0 ? 0 : descends(depth - 1, salt);
    for (int i = 0; i < FRAME; i++)
        if (frame[i] != (unsigned char)(salt + depth + i))
            return -1000000;
    return good + 1;
}

static void *goes_deep(void *salt)
{
    return (void *)descends(DEEP, (long)salt);
}

static void *first(void *unused)
{
    struct uthread *threads[THREADS];
    long good = 0;

    for (long i = 0; i < THREADS; i++)
        threads[i] = uthread_create(goes_deep, (void *)(i * 37));
    for (int i = 0; i < THREADS; i++)
        good += (long)uthread_join(threads[i]) == DEEP + 1;
    CHECK_EQ(good, THREADS, "%s: deep stacks do not meet", model_name);
    return NULL;
}

/* ---- the end of a stack --------------------------------------------------- */

static __attribute__((noinline)) long overflows(long depth)
{
    volatile char frame[FRAME];

    frame[0] = (char)depth;
    return depth < 0 ? 0 : overflows(depth + 1) + frame[0];
}

static void *goes_too_deep(void *unused)
{
    return (void *)overflows(0);
}

static void *lets_one_overflow(void *unused)
{
    return uthread_join(uthread_create(goes_too_deep, NULL));
}

static int overflow_body(void *which)
{
    struct uthread_options options = { .model = *(enum uthread_model *)which,
                                       .carriers = 1 };

    uthread_run(&options, lets_one_overflow, NULL);
    return 0;
}

/* ---- what they cost ------------------------------------------------------- */

static long resident_kib(void)
{
    static char text[8192];

    if (check_read_file("/proc/self/status", text, sizeof(text)) <= 0)
        return -1;
    const char *line = strstr(text, "VmRSS:");
    return line ? atol(line + strlen("VmRSS:")) : -1;
}

static void *waits(void *channel)
{
    void *value;

    uthread_channel_receive(channel, &value);
    return NULL;
}

static void *parks_many(void *unused)
{
    static struct uthread *threads[PARKED];
    struct uthread_channel *channel = uthread_channel_create(0);
    long before = resident_kib();

    for (int i = 0; i < PARKED; i++) {
        threads[i] = uthread_create(waits, channel);
        uthread_yield();
    }
    uthread_sleep_ms(1);
    long pages = (resident_kib() - before) / 4;
    CHECK(pages > PARKED * 4 / 5 && pages < PARKED * 5 / 4,
          "%s: a parked thread costs one page (%ld for %d)", model_name, pages,
          PARKED);
    uthread_channel_close(channel);
    for (int i = 0; i < PARKED; i++)
        uthread_join(threads[i]);
    return NULL;
}

/* ---- when there are no more ----------------------------------------------- */

static void *makes_until_error(void *unused)
{
    static struct uthread *threads[PARKED];
    struct uthread_channel *channel = uthread_channel_create(0);
    struct rlimit limit = { 32ul << 20, 32ul << 20 };
    int made = 0, error = 0;

    NEED(setrlimit(RLIMIT_AS, &limit) == 0);
    for (; made < PARKED; made++) {
        threads[made] = uthread_create(waits, channel);
        if (!threads[made]) {
            error = errno;
            break;
        }
    }
    CHECK(made < PARKED && (error == ENOMEM || error == EAGAIN),
          "%s: no more address space is an error", model_name);
    uthread_channel_close(channel);
    for (int i = 0; i < made; i++)
        uthread_join(threads[i]);
    struct uthread *again = uthread_create(waits, channel);
    CHECK(again != NULL, "%s: then there is some again", model_name);
    if (again)
        uthread_join(again);
    return NULL;
}

static int exhaust_body(void *which)
{
    check_subtest();
    run_model(*(enum uthread_model *)which, 1, 0, makes_until_error, NULL);
    return check_done();
}

int main(void)
{
    check_start();
    run_models(0, 0, first, NULL);
    run_model(UTHREAD_MANY_TO_ONE, 1, 0, parks_many, NULL);
    run_model(UTHREAD_MANY_TO_MANY, 1, 0, parks_many, NULL);
    run_model(UTHREAD_VIRTUAL, 1, 0, parks_many, NULL);
    for (int i = 0; i < UTHREAD_MODELS; i++) {
        enum uthread_model which = (enum uthread_model)i;
        CHECK_DIES(overflow_body, &which, SIGSEGV, "%s: an overflow is a fault",
                   uthread_model_name(which));
        CHECK_EXITS(exhaust_body, &which, 0, "%s: the end of memory",
                    uthread_model_name(which));
    }
    return check_done();
}
