/*
 * main.c - the trade between models of threads, in one table.
 *
 * Read next: trade.c (how it is measured), park.c (very many threads)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/options.h"
#include "common/report.h"
#include "threads.h"

static const char help[] =
    "Usage: threads [--model MODEL] [--count N]\n"
    "       threads --park N [--model MODEL]\n"
    "Shows what threads cost under each model of lib/uthread, or under MODEL, "
    "and\n"
    "what they do to each other; one row for each model:\n"
    "\n"
    "  create   a thread is made, runs and is joined, one of N (default 1000)\n"
    "  yield    to the other one of two threads, on one CPU\n"
    "  pass     a message to the other thread, who waits for it\n"
    "           (all three: CPU time, also of the kernel)\n"
    "  read 1   what the others do while one thread is in read(), where there "
    "are\n"
    "           two kernel threads\n"
    "  read 2   the same with two threads\n"
    "  call 2   with two threads in uthread_call(), which may find another "
    "kernel\n"
    "           thread for what blocks\n"
    "  uread 2  with two threads in uthread_read()\n"
    "  crash    what the others do when one follows a wild pointer\n"
    "  speed    of as many threads as there are CPUs, against one\n"
    "\n"
    "--park: threads that only wait, 100, 1000 and so on up to N; MODEL is "
    "virtual\n"
    "then. Each has a stack, which is two regions of the process, its guard "
    "page\n"
    "being one; /proc/sys/vm/max_map_count limits those. -m, -n and -p are "
    "short\n"
    "for the options.\n";

enum { MOST_THREADS = 1000000, DEFAULT_COUNT = 1000 };

/* Long options become letters. */
static void shorten(char **argv)
{
    static const struct {
        const char *name;
        char *letter;
    } options[] = { { "--model", "-m" },
                    { "--engine", "-m" },
                    { "--count", "-n" },
                    { "--park", "-p" } };

    for (; *argv; argv++)
        for (unsigned i = 0; i < sizeof(options) / sizeof(options[0]); i++)
            if (strcmp(*argv, options[i].name) == 0)
                *argv = options[i].letter;
}

static long number_of(const struct options *o)
{
    long n;

    if (options_number(o->value, &n) || n < 1 || n > MOST_THREADS) {
        report("not a number from 1 to %d: '%s'", MOST_THREADS, o->value);
        exit(2);
    }
    return n;
}

static int model_of(const struct options *o)
{
    int model = uthread_model_by_name(o->value);

    if (model < 0) {
        report("no such model: '%s'; there are:", o->value);
        for (int i = 0; i < UTHREAD_MODELS; i++)
            fprintf(stderr, "  %s\n", uthread_model_name(i));
        exit(2);
    }
    return model;
}

/* ---- the table ------------------------------------------------------------ */

static void show_time(double ns)
{
    if (ns < 1000)
        printf("  %5.0f ns", ns);
    else
        printf("  %5.1f us", ns / 1000);
}

static void show_fate(enum fate fate)
{
    static const char *const words[] = { "?", "go on", "stop", "end" };

    printf("  %-6s", words[fate]);
}

static int show_model(enum uthread_model model, long count)
{
    struct trade t = { 0 };

    if (trade_measure(model, count, &t) != 0)
        return 1;
    printf("%-12s", uthread_model_name(model));
    show_time(t.create_ns);
    show_time(t.yield_ns);
    show_time(t.pass_ns);
    show_fate(t.one_reads);
    show_fate(t.all_read);
    show_fate(t.all_call);
    show_fate(t.all_uthread_read);
    show_fate(t.crash);
    if (t.speed > 0)
        printf("  %4.2f\n", t.speed);
    else
        printf("  -\n");
    fflush(stdout);
    return 0;
}

static int show_table(int model, long count)
{
    int status = 0;

    printf("%-12s  %8s  %8s  %8s  %-6s  %-6s  %-6s  %-7s %-5s  speed\n",
           "model", "create", "yield", "pass", "read 1", "read 2", "call 2",
           "uread 2", "crash");
    fflush(stdout);
    for (int i = 0; i < UTHREAD_MODELS; i++)
        if (model < 0 || model == i)
            status |= show_model((enum uthread_model)i, count);
    return status;
}

int main(int argc, char **argv)
{
    long count = DEFAULT_COUNT, parked = 0;
    struct options o;
    int letter, model = -1;

    (void)argc;
    shorten(argv);
    options_begin(&o, argv, help, 2);
    while ((letter = options_next(&o, "m:n:p:")) != -1) {
        if (letter == 'm')
            model = model_of(&o);
        else
            *(letter == 'n' ? &count : &parked) = number_of(&o);
    }
    if (o.count > 0)
        options_bad(&o);
    if (parked > 0)
        return report_finish(park_show(
            model < 0 ? UTHREAD_VIRTUAL : (enum uthread_model)model, parked));
    return report_finish(show_table(model, count));
}
