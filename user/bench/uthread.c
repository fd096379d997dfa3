/*
 * uthread.c - the cost of a user thread and of a switch between two of them,
 * under each of the four models of lib/uthread.
 */
#include "bench.h"

#include <errno.h>
#include <string.h>

#include "../../lib/uthread/uthread.h"
#include "common/measure.h"

/* The names end in this. */
static const char *const endings[UTHREAD_MODELS] = {
    [UTHREAD_MANY_TO_ONE] = "_n1",
    [UTHREAD_MANY_TO_MANY] = "_nm",
    [UTHREAD_ONE_TO_ONE] = "_11",
    [UTHREAD_VIRTUAL] = "_virt",
};

static struct series series;
static int failed;

static void *do_nothing(void *unused)
{
    return unused;
}

/* The first thread: makes others and waits for each. */
static void *create_often(void *unused)
{
    enum { TIMES = 200 };
    while (!failed && series_more(&series)) {
        uint64_t t = measure_clock();
        for (int i = 0; i < TIMES && !failed; i++) {
            struct uthread *thread = uthread_create(do_nothing, NULL);
            failed = !thread;
            if (thread)
                uthread_join(thread);
        }
        series_add_time(&series, measure_clock() - t, TIMES);
    }
    return unused;
}

/* ---- switches ---- */

enum { SWITCHES = 5000 };

static void *yield_in_rounds(void *unused)
{
    for (int i = 0; i < (bench_rounds + 1) * SWITCHES; i++)
        uthread_yield();
    return unused;
}

/* The first thread: each of its turns is one of the other thread, too. */
static void *yield_often(void *unused)
{
    struct uthread *other = uthread_create(yield_in_rounds, NULL);
    failed = !other;
    while (!failed && series_more(&series)) {
        uint64_t t = measure_clock();
        for (int i = 0; i < SWITCHES; i++)
            uthread_yield();
        series_add_time(&series, measure_clock() - t, (uint64_t)(2 * SWITCHES));
    }
    if (other)
        uthread_join(other);
    return unused;
}

/* ---- both ---- */

static int run(const char *name, void *(*body)(void *))
{
    struct uthread_options options = { .carriers = 0 };
    const char *ending = strrchr(name, '_');
    for (int i = 0; i < UTHREAD_MODELS; i++)
        if (strcmp(ending, endings[i]) == 0)
            options.model = (enum uthread_model)i;
    if (uthread_run(&options, body, NULL) || failed)
        return -1;
    return series_print(&series, name, "ns");
}

static int bench_create(const char *name)
{
    return run(name, create_often);
}

static int bench_switch(const char *name)
{
    return run(name, yield_often);
}

const struct bench uthread_benches[] = {
    { "uthread_create_n1", bench_create, "create and join, many to one" },
    { "uthread_create_nm", bench_create, "many to many" },
    { "uthread_create_11", bench_create, "one to one" },
    { "uthread_create_virt", bench_create, "virtual" },
    { "uthread_switch_n1", bench_switch, "switch by yielding, many to one" },
    { "uthread_switch_nm", bench_switch, "many to many" },
    { "uthread_switch_11", bench_switch, "one to one" },
    { "uthread_switch_virt", bench_switch, "virtual" },
    { NULL, NULL, NULL },
};
