/*
 * free - how memory is used, from /proc/meminfo.
 *
 * "used" is what is neither free nor page cache: the memory that processes and
 * the kernel hold. The files of the initial RAM disk count as page cache.
 */
#include <stdio.h>

#include "common/options.h"
#include "common/proc.h"
#include "common/report.h"

static const char help[] = "Usage: free [-b | -k | -m | -h]\n"
                           "  -b  bytes   -k  KiB (the default)   -m  MiB\n"
                           "  -h  with the unit that fits\n";

static int unit = 'k';

static void print_amount(long kib)
{
    char text[32];
    const char *suffix = "KMGT";
    if (unit == 'b') {
        printf(" %11ld", kib * 1024);
    } else if (unit == 'm') {
        printf(" %11ld", kib / 1024);
    } else if (unit == 'k') {
        printf(" %11ld", kib);
    } else {
        long tenths = kib * 10;
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

int main(int argc, char **argv)
{
    struct options o;
    int letter;
    (void)argc;
    options_begin(&o, argv, help, 1);
    while ((letter = options_next(&o, "bkmh")) != -1)
        unit = letter;
    long total = proc_meminfo("MemTotal");
    if (total < 0) {
        report_errno("/proc/meminfo");
        return 1;
    }
    long unused = field("MemFree");
    long cache = field("Buffers") + field("Cached");
    long available = proc_meminfo("MemAvailable");
    printf("%-6s %11s %11s %11s %11s %11s %11s\n", "", "total", "used", "free",
           "shared", "buff/cache", "available");
    printf("%-6s", "Mem:");
    print_amount(total);
    print_amount(total - unused - cache);
    print_amount(unused);
    print_amount(field("Shmem"));
    print_amount(cache);
    print_amount(available < 0 ? unused + cache : available);
    printf("\n%-6s", "Swap:");
    print_amount(field("SwapTotal"));
    print_amount(field("SwapTotal") - field("SwapFree"));
    print_amount(field("SwapFree"));
    putchar('\n');
    return report_finish(0);
}
