/*
 * swapoff - stop using disks in place of memory: what they hold is read back.
 *
 * Read next: swapon.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/swap.h>

#include "common/files.h"
#include "common/options.h"
#include "common/report.h"

static const char help[] = "Usage: swapoff [-v] DEVICE...\n"
                           "       swapoff [-v] -a\n"
                           "  -a  all that are in use\n"
                           "  -v  say what is done\n";

static int verbose;

static int stop(const char *path)
{
    if (verbose)
        printf("swapoff %s\n", path);
    if (swapoff(path) == 0)
        return 0;
    report_errno("%s: swapoff failed", path);
    return 1;
}

/* The first word of each line of /proc/swaps but the first. */
static int stop_all(void)
{
    int status = 0;
    char *text = file_read_all("/proc/swaps", NULL);
    if (!text) {
        report_errno("/proc/swaps");
        return 1;
    }
    char *line = strchr(text, '\n');
    while (line && *++line) {
        char *end = strchr(line, '\n');
        line[strcspn(line, " \t\n")] = 0;
        status |= stop(line);
        line = end;
    }
    free(text);
    return status;
}

int main(int argc, char **argv)
{
    struct options o;
    int letter, all = 0, status = 0;
    (void)argc;
    options_begin(&o, argv, help, 1);
    while ((letter = options_next(&o, "av")) != -1) {
        all |= letter == 'a';
        verbose |= letter == 'v';
    }
    if (!all && !o.count) {
        report("bad usage");
        options_bad(&o);
    }
    if (all)
        status = stop_all();
    for (int i = 0; i < o.count; i++)
        status |= stop(o.operands[i]);
    return report_finish(status);
}
