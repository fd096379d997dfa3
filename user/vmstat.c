/*
 * vmstat - what memory, swap, disks and CPUs do, from /proc.
 *
 * The first line has averages since boot, each further one what happened in
 * the delay before it. In KiB: swpd free buff cache; in KiB per second: si so
 * (from and to swap), bi bo (from and to disks); per second: in cs (interrupts,
 * switches); in percent of CPU time: us sy id wa st.
 * Read next: common/proc.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/files.h"
#include "common/options.h"
#include "common/proc.h"
#include "common/report.h"

static const char help[] =
    "Usage: vmstat [-n] [-w] [DELAY [COUNT]]\n"
    "       vmstat -s\n"
    "  -n  the heading only once\n"
    "  -w  wide columns\n"
    "  -s  all counters since boot, one a line\n"
    "DELAY is in seconds; without COUNT lines go on for ever.\n";

enum { HEADING_LINES = 22, CPU_FIELDS = 8 };

static int wide;

/* Times of all CPUs in ticks, in the order of /proc/stat. */
enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL };

struct sample {
    unsigned long cpu[CPU_FIELDS];
    unsigned long interrupts, switches, boot_time, forks, running, blocked;
    unsigned long paged_in, paged_out;     /* KiB */
    unsigned long swapped_in, swapped_out; /* pages */
};

/* The number after `key` at the start of a line; 0 when it is not there. */
static unsigned long number_after(const char *text, const char *key)
{
    size_t length = strlen(key);
    for (const char *at = text; at && *at; at = strchr(at, '\n')) {
        at += *at == '\n';
        if (strncmp(at, key, length) == 0 && at[length] == ' ')
            return strtoul(at + length, NULL, 10);
    }
    return 0;
}

static char *read_or_die(const char *path)
{
    char *text = file_read_all(path, NULL);
    if (!text) {
        report_errno("%s", path);
        exit(1);
    }
    return text;
}

static void take_sample(struct sample *s)
{
    char *text = read_or_die("/proc/stat"), *p = text + strcspn(text, " \n");
    for (int i = 0; i < CPU_FIELDS; i++)
        s->cpu[i] = strtoul(p, &p, 10);
    s->interrupts = number_after(text, "intr");
    s->switches = number_after(text, "ctxt");
    s->boot_time = number_after(text, "btime");
    s->forks = number_after(text, "processes");
    s->running = number_after(text, "procs_running");
    s->blocked = number_after(text, "procs_blocked");
    free(text);
    text = read_or_die("/proc/vmstat");
    s->paged_in = number_after(text, "pgpgin");
    s->paged_out = number_after(text, "pgpgout");
    s->swapped_in = number_after(text, "pswpin");
    s->swapped_out = number_after(text, "pswpout");
    free(text);
}

static long meminfo(const char *field)
{
    long value = proc_meminfo(field);
    return value < 0 ? 0 : value;
}

/* ---- lines of columns ---------------------------------------------------- */

static void print_heading(void)
{
    if (wide)
        printf("--procs-- -----------------------memory---------------------- "
               "---swap-- -----io---- -system-- ----------cpu----------\n"
               "   r    b         swpd         free         buff        cache "
               "  si   so    bi    bo   in   cs  us  sy  id  wa  st\n");
    else
        printf("procs -----------memory---------- ---swap-- -----io---- "
               "-system-- ------cpu-----\n"
               " r  b   swpd   free   buff  cache   si   so    bi    bo   in "
               "  cs us sy id wa st\n");
}

/* Rounded; a counter that went back counts as 0. */
static unsigned long per_second(unsigned long now, unsigned long before,
                                double seconds)
{
    return now > before ? (unsigned long)((double)(now - before) / seconds + .5)
                        : 0;
}

static void print_cpu(const struct sample *now, const struct sample *before)
{
    unsigned long d[CPU_FIELDS], sum = 0, part[5];
    for (int i = 0; i < CPU_FIELDS; i++) {
        d[i] = now->cpu[i] > before->cpu[i] ? now->cpu[i] - before->cpu[i] : 0;
        sum += d[i];
    }
    part[0] = d[USER] + d[NICE];
    part[1] = d[SYSTEM] + d[IRQ] + d[SOFTIRQ];
    part[2] = d[IDLE];
    part[3] = d[IOWAIT];
    part[4] = d[STEAL];
    if (!sum)
        part[2] = sum = 1; /* nothing passed: idle */
    for (int i = 0; i < 5; i++)
        printf(wide ? " %3lu" : " %2lu", (100 * part[i] + sum / 2) / sum);
    putchar('\n');
}

static void print_line(const struct sample *now, const struct sample *before,
                       double seconds)
{
    unsigned long kib = (unsigned long)sysconf(_SC_PAGESIZE) / 1024;
    long swapped = meminfo("SwapTotal") - meminfo("SwapFree");
    long cache = meminfo("Cached") + meminfo("SReclaimable");
    printf(wide ? "%4lu %4lu %12ld %12ld %12ld %12ld"
                : "%2lu %2lu %6ld %6ld %6ld %6ld",
           now->running, now->blocked, swapped, meminfo("MemFree"),
           meminfo("Buffers"), cache);
    printf(
        " %4lu %4lu %5lu %5lu",
        per_second(now->swapped_in * kib, before->swapped_in * kib, seconds),
        per_second(now->swapped_out * kib, before->swapped_out * kib, seconds),
        per_second(now->paged_in, before->paged_in, seconds),
        per_second(now->paged_out, before->paged_out, seconds));
    printf(" %4lu %4lu",
           per_second(now->interrupts, before->interrupts, seconds),
           per_second(now->switches, before->switches, seconds));
    print_cpu(now, before);
    fflush(stdout);
}

static double uptime(void)
{
    char *text = read_or_die("/proc/uptime");
    double seconds = strtod(text, NULL);
    free(text);
    return seconds > 0.01 ? seconds : 0.01;
}

/* count < 0: for ever. */
static void print_lines(unsigned long delay, long count, int one_heading)
{
    struct sample now, before;
    memset(&before, 0, sizeof before);
    double since = 0;
    for (long i = 0; count < 0 || i < count; i++) {
        if (i > 0)
            sleep((unsigned)delay);
        double then = uptime();
        take_sample(&now);
        if (i == 0 || (!one_heading && i % HEADING_LINES == 0))
            print_heading();
        print_line(&now, &before, then > since ? then - since : 0.01);
        before = now;
        since = then;
    }
}

/* ---- -s ------------------------------------------------------------------ */

static void print_count(unsigned long n, const char *what)
{
    printf("%13lu %s\n", n, what);
}

static void print_kib(long kib, const char *what)
{
    printf("%13ld K %s\n", kib, what);
}

static void print_counters(void)
{
    static const char *const times[CPU_FIELDS] = {
        "non-nice user cpu ticks", "nice user cpu ticks", "system cpu ticks",
        "idle cpu ticks",          "IO-wait cpu ticks",   "IRQ cpu ticks",
        "softirq cpu ticks",       "stolen cpu ticks",
    };
    struct sample s;
    take_sample(&s);
    long total = meminfo("MemTotal"), unused = meminfo("MemFree");
    long buffers = meminfo("Buffers");
    long cache = meminfo("Cached") + meminfo("SReclaimable");
    print_kib(total, "total memory");
    print_kib(total - unused - buffers - cache, "used memory");
    print_kib(unused, "free memory");
    print_kib(buffers, "buffer memory");
    print_kib(cache, "swap cache");
    print_kib(meminfo("SwapTotal"), "total swap");
    print_kib(meminfo("SwapTotal") - meminfo("SwapFree"), "used swap");
    print_kib(meminfo("SwapFree"), "free swap");
    for (int i = 0; i < CPU_FIELDS; i++)
        print_count(s.cpu[i], times[i]);
    print_kib((long)s.paged_in, "paged in");
    print_kib((long)s.paged_out, "paged out");
    print_count(s.swapped_in, "pages swapped in");
    print_count(s.swapped_out, "pages swapped out");
    print_count(s.interrupts, "interrupts");
    print_count(s.switches, "CPU context switches");
    print_count(s.boot_time, "boot time");
    print_count(s.forks, "forks");
}

/* A number from 1 on, or the end of the program. */
static long number_of(const struct options *o, int i, const char *what)
{
    char *rest;
    long n = strtol(o->operands[i], &rest, 10);
    if (rest == o->operands[i] || *rest || n <= 0) {
        report("%s '%s' is no positive number", what, o->operands[i]);
        options_bad(o);
    }
    return n;
}

int main(int argc, char **argv)
{
    struct options o;
    int letter, counters = 0, one_heading = 0;
    (void)argc;
    options_begin(&o, argv, help, 1);
    while ((letter = options_next(&o, "nws")) != -1) {
        wide |= letter == 'w';
        counters |= letter == 's';
        one_heading |= letter == 'n';
    }
    if (o.count > 2)
        options_bad(&o);
    if (counters) {
        print_counters();
        return report_finish(0);
    }
    long delay = o.count > 0 ? number_of(&o, 0, "delay") : 0;
    long count = o.count > 1 ? number_of(&o, 1, "count") : o.count ? -1 : 1;
    print_lines((unsigned long)delay, count, one_heading);
    return report_finish(0);
}
