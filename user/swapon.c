/*
 * swapon - use disks that mkswap has set up in place of memory.
 *
 *   swapon DEVICE...            each with a priority below all so far
 *   swapon -p PRIORITY DEVICE   areas with a higher one fill up first, equal
 *                               ones take turns
 *   swapon --show, swapon       what is in use, from /proc/swaps
 *
 * Read next: swapoff.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/swap.h>

#include "common/files.h"
#include "common/options.h"
#include "common/report.h"

static const char help[] =
    "Usage: swapon [-v] [-p PRIORITY] DEVICE...\n"
    "       swapon [--show | -s]\n"
    "  -p  0 to 32767; areas with a higher one are filled first\n"
    "  -v  say what is done\n"
    "  --show  what is in use (the same without arguments)\n"
    "  -s      the same as /proc/swaps has it\n";

enum { AREAS_MAX = 64, PRIORITY_MAX = 32767 };

struct area {
    char name[256], type[16], size[32], used[32], priority[16];
};

static char *read_swaps(void)
{
    char *text = file_read_all("/proc/swaps", NULL);
    if (!text) {
        report_errno("/proc/swaps");
        exit(1);
    }
    return text;
}

/* With one letter and at most one digit behind the point: "1020K", "1.5G". */
static void format_size(char *out, size_t size, unsigned long kib)
{
    const char *unit = "KMGT";
    unsigned long tenths = kib * 10;
    if (kib == 0) {
        snprintf(out, size, "0B");
        return;
    }
    for (; tenths >= 10240 && unit[1]; unit++)
        tenths = (tenths + 512) / 1024;
    if (tenths % 10)
        snprintf(out, size, "%lu.%lu%c", tenths / 10, tenths % 10, *unit);
    else
        snprintf(out, size, "%lu%c", tenths / 10, *unit);
}

static int parse_line(const char *line, struct area *a)
{
    unsigned long size, used;
    if (sscanf(line, "%255s %15s %lu %lu %15s", a->name, a->type, &size, &used,
               a->priority) != 5)
        return -1;
    format_size(a->size, sizeof a->size, size);
    format_size(a->used, sizeof a->used, used);
    return 0;
}

static int wider(int width, const char *text)
{
    return (int)strlen(text) > width ? (int)strlen(text) : width;
}

static void show(void)
{
    static struct area areas[AREAS_MAX + 1] = { { "NAME", "TYPE", "SIZE",
                                                  "USED", "PRIO" } };
    int width[5] = { 0 }, count = 1;
    char *text = read_swaps(), *line = strchr(text, '\n');
    for (; line && count <= AREAS_MAX; line = strchr(line + 1, '\n'))
        count += !parse_line(line + 1, &areas[count]);
    free(text);
    for (int i = 0; i < count; i++) {
        width[0] = wider(width[0], areas[i].name);
        width[1] = wider(width[1], areas[i].type);
        width[2] = wider(width[2], areas[i].size);
        width[3] = wider(width[3], areas[i].used);
        width[4] = wider(width[4], areas[i].priority);
    }
    for (int i = 0; count > 1 && i < count; i++)
        printf("%-*s %-*s %*s %*s %*s\n", width[0], areas[i].name, width[1],
               areas[i].type, width[2], areas[i].size, width[3], areas[i].used,
               width[4], areas[i].priority);
}

static int summary(int raw)
{
    if (!raw) {
        show();
        return report_finish(0);
    }
    char *text = read_swaps();
    fputs(text, stdout);
    free(text);
    return report_finish(0);
}

/* Options with two dashes are not options_next()'s. */
static int take_show(char **argv)
{
    int found = 0;
    for (char **from = argv, **to = argv;; from++) {
        if (*from && strcmp(*from, "--show") == 0)
            found = 1;
        else
            *to++ = *from;
        if (!*from)
            return found;
    }
}

int main(int argc, char **argv)
{
    struct options o;
    int letter, verbose = 0, raw = 0, flags = 0, status = 0;
    int shown = take_show(argv);
    (void)argc;
    options_begin(&o, argv, help, 1);
    while ((letter = options_next(&o, "vsp:")) != -1) {
        if (letter == 'v')
            verbose = 1;
        if (letter == 's')
            raw = 1;
        if (letter == 'p') {
            char *rest;
            long n = strtol(o.value, &rest, 10);
            if (rest == o.value || *rest || n < -1 || n > PRIORITY_MAX) {
                report("failed to parse priority: '%s'", o.value);
                return 1;
            }
            flags = n < 0 ? 0 : SWAP_FLAG_PREFER | (int)n;
        }
    }
    if (shown || raw || !o.count)
        return summary(raw);
    for (int i = 0; i < o.count; i++) {
        if (verbose)
            printf("swapon %s\n", o.operands[i]);
        if (swapon(o.operands[i], flags)) {
            report_errno("%s: swapon failed", o.operands[i]);
            status = 255;
        }
    }
    return report_finish(status);
}
