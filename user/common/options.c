/*
 * options.c - command-line options.
 *
 * Operands found between options are moved to the front of argv as parsing
 * goes on: those places have been read already, so no second array is needed.
 * Read next: ../cat.c for a user of it.
 */
#include "options.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

void options_begin(struct options *o, char **argv, const char *help,
                   int bad_status)
{
    memset(o, 0, sizeof *o);
    report_set_name(argv[0], "?");
    o->operands = argv;
    o->argv = argv[0] ? argv + 1 : argv;
    o->help = help;
    o->bad_status = bad_status;
}

void options_bad(const struct options *o)
{
    fflush(stdout);
    fprintf(stderr, "Try '%s --help' for more information.\n", program_name);
    exit(o->bad_status);
}

/* Moves on to the next cluster of letters; 0 when no options are left. */
static int next_cluster(struct options *o, int stop_at_operand)
{
    for (; !o->stopped && *o->argv; o->argv++) {
        const char *arg = *o->argv;
        if (strcmp(arg, "--") == 0) {
            o->argv++;
            break;
        }
        if (strcmp(arg, "--help") == 0) {
            fputs(o->help, stdout);
            exit(report_finish(0));
        }
        if (arg[0] == '-' && arg[1] == '-') {
            report("unrecognized option '%s'", arg);
            options_bad(o);
        }
        if (arg[0] == '-' && arg[1]) {
            o->cluster = arg + 1;
            o->argv++;
            return 1;
        }
        if (stop_at_operand)
            break;
        o->operands[o->count++] = *o->argv;
    }
    o->stopped = 1;
    while (*o->argv)
        o->operands[o->count++] = *o->argv++;
    o->operands[o->count] = NULL;
    return 0;
}

int options_next(struct options *o, const char *spec)
{
    o->value = NULL;
    if (!(o->cluster && *o->cluster) && !next_cluster(o, spec[0] == '+'))
        return -1;

    int letter = (unsigned char)*o->cluster++;
    const char *found = letter == ':' ? NULL : strchr(spec, letter);
    if (!found || letter == '+') {
        report("invalid option -- '%c'", letter);
        options_bad(o);
    }
    if (found[1] != ':')
        return letter;
    if (*o->cluster) {
        o->value = o->cluster;
        o->cluster = NULL;
    } else if (*o->argv) {
        o->value = *o->argv++;
    } else {
        report("option requires an argument -- '%c'", letter);
        options_bad(o);
    }
    return letter;
}

int options_number(const char *text, long *number)
{
    unsigned long value = 0;
    unsigned shift = 0;
    if (*text < '0' || *text > '9')
        return -1;
    for (; *text >= '0' && *text <= '9'; text++) {
        if (value > (LONG_MAX - 9ul) / 10)
            return -1;
        value = value * 10 + (unsigned long)(*text - '0');
    }
    if (*text == 'k' || *text == 'K')
        shift = 10;
    else if (*text == 'M')
        shift = 20;
    else if (*text == 'G')
        shift = 30;
    if ((shift && *++text) || (!shift && *text) ||
        value > (unsigned long)LONG_MAX >> shift)
        return -1;
    *number = (long)(value << shift);
    return 0;
}
