/*
 * free - how memory and swap are used, from /proc/meminfo.
 *
 * "used" is what is neither free nor page cache: the memory that processes and
 * the kernel hold. The files of the initial RAM disk count as page cache.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/options.h"
#include "common/proc.h"
#include "common/report.h"

static const char help[] =
    "Usage: free [-b | -k | -m | -g | -h] [-w] [-t] [-s DELAY] [-c COUNT]\n"
    "  -b  bytes   -k  KiB (the default)   -m  MiB   -g  GiB\n"
    "  -h  with the unit that fits\n"
    "  -w  buffers apart from the page cache\n"
    "  -t  the sum of memory and swap\n"
    "  -s  again after so many seconds, for ever or (-c) COUNT times\n";

static int unit = 'k';
static int wide, with_total;

static void print_amount(long kib)
{
    char text[32];
    const char *suffix = "KMGT";
    if (unit == 'b') {
        printf(" %11ld", kib * 1024);
    } else if (unit == 'm') {
        printf(" %11ld", kib / 1024);
    } else if (unit == 'g') {
        printf(" %11ld", kib / 1024 / 1024);
    } else if (unit == 'k') {
        printf(" %11ld", kib);
    } else {
        long tenths = kib * 10;
        if (kib == 0) {
            printf(" %11s", "0B");
            return;
        }
        for (; tenths >= 10240 && suffix[1]; suffix++)
            tenths /= 1024;
        if (tenths < 100)
            snprintf(text, sizeof text, "%ld.%ld%ci", tenths / 10, tenths % 10,
                     *suffix);
        else
            snprintf(text, sizeof text, "%ld%ci", tenths / 10, *suffix);
        printf(" %11s", text);
    }
}

static long field(const char *name)
{
    long value = proc_meminfo(name);
    return value < 0 ? 0 : value;
}

static void print_row(const char *name, long total, long used, long unused)
{
    printf("%-8s", name);
    print_amount(total);
    print_amount(used);
    print_amount(unused);
}

static int print_all(void)
{
    long total = proc_meminfo("MemTotal");
    if (total < 0) {
        report_errno("/proc/meminfo");
        return -1;
    }
    long unused = field("MemFree"), buffers = field("Buffers");
    long cache = field("Cached") + field("SReclaimable");
    long used = total - unused - buffers - cache;
    long available = proc_meminfo("MemAvailable");
    long swap = field("SwapTotal"), free_swap = field("SwapFree");
    printf("%-8s %11s %11s %11s %11s", "", "total", "used", "free", "shared");
    printf(wide ? " %11s %11s %11s\n" : "%.0s %11s %11s\n", "buffers",
           wide ? "cache" : "buff/cache", "available");
    print_row("Mem:", total, used, unused);
    print_amount(field("Shmem"));
    if (wide)
        print_amount(buffers);
    print_amount(wide ? cache : buffers + cache);
    print_amount(available < 0 ? unused + buffers + cache : available);
    putchar('\n');
    print_row("Swap:", swap, swap - free_swap, free_swap);
    putchar('\n');
    if (with_total) {
        print_row("Total:", total + swap, used + swap - free_swap,
                  unused + free_swap);
        putchar('\n');
    }
    return 0;
}

static void nap(double seconds)
{
    struct timespec time = { .tv_sec = (time_t)seconds };
    time.tv_nsec = (long)((seconds - (double)time.tv_sec) * 1e9);
    nanosleep(&time, NULL);
}

int main(int argc, char **argv)
{
    struct options o;
    int letter;
    long count = 0; /* 0: once, or for ever with a delay */
    double delay = 0;
    (void)argc;
    options_begin(&o, argv, help, 1);
    while ((letter = options_next(&o, "bkmghwts:c:")) != -1) {
        if (letter == 'w')
            wide = 1;
        else if (letter == 't')
            with_total = 1;
        else if (letter == 's')
            delay = strtod(o.value, NULL);
        else if (letter == 'c')
            count = strtol(o.value, NULL, 10);
        else
            unit = letter;
    }
    if (delay < 0 || count < 0) {
        report("delay and count must be positive");
        options_bad(&o);
    }
    if (count == 0)
        count = delay > 0 ? -1 : 1;
    for (long i = 0; i != count; i++) {
        if (i > 0) {
            nap(delay > 0 ? delay : 1);
            putchar('\n');
        }
        if (print_all())
            return 1;
        fflush(stdout);
    }
    return report_finish(0);
}
