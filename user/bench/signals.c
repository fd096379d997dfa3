/*
 * signals.c - the cost of signals: naming a handler, running it, and repairing
 * a fault in it.
 */
#include "bench.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/measure.h"

static volatile int handled;
static char *page; /* what the handler of SIGSEGV makes writable again */

static void on_signal(int number)
{
    (void)number;
    handled++;
}

static void on_fault(int number)
{
    (void)number;
    handled++;
    mprotect(page, BENCH_PAGE, PROT_READ | PROT_WRITE);
}

static int bench_install(const char *name)
{
    struct series s = { .count = 0 };
    struct sigaction action = { .sa_handler = on_signal };
    enum { CALLS = 10000 };
    while (series_more(&s)) {
        uint64_t t = measure_clock();
        for (int i = 0; i < CALLS; i++)
            if (sigaction(SIGUSR1, &action, NULL))
                return -1;
        series_add_time(&s, measure_clock() - t, CALLS);
    }
    return series_print(&s, name, "ns");
}

static int bench_deliver(const char *name)
{
    struct series s = { .count = 0 };
    struct sigaction action = { .sa_handler = on_signal };
    pid_t self = getpid();
    enum { SIGNALS = 2000 };
    if (sigaction(SIGUSR1, &action, NULL))
        return -1;
    while (series_more(&s)) {
        handled = 0;
        uint64_t t = measure_clock();
        for (int i = 0; i < SIGNALS; i++)
            if (kill(self, SIGUSR1))
                return -1;
        series_add_time(&s, measure_clock() - t, SIGNALS);
        if (handled != SIGNALS)
            return -1;
    }
    return series_print(&s, name, "ns");
}

/* What is measured ends with the second execution of the store; protecting
 * the page for the next time is not part of it. */
static int bench_fault(const char *name)
{
    struct series s = { .count = 0 };
    struct sigaction action = { .sa_handler = on_fault };
    enum { FAULTS = 1000 };
    page = bench_get_memory(BENCH_PAGE, MAP_PRIVATE);
    if (!page || sigaction(SIGSEGV, &action, NULL))
        return -1;
    *(volatile char *)page = 1;
    while (series_more(&s)) {
        uint64_t sum = 0;
        handled = 0;
        for (int i = 0; i < FAULTS; i++) {
            mprotect(page, BENCH_PAGE, PROT_READ);
            uint64_t t = measure_clock();
            *(volatile char *)page = 2;
            sum += measure_clock() - t;
        }
        series_add_time(&s, sum, FAULTS);
        if (handled != FAULTS)
            return -1;
    }
    return series_print(&s, name, "ns");
}

const struct bench signal_benches[] = {
    { "signal_install", bench_install, "sigaction" },
    { "signal_deliver", bench_deliver, "kill(self), handler, return" },
    { "signal_fault", bench_fault, "SIGSEGV, handler with mprotect, return" },
    { NULL, NULL, NULL },
};
