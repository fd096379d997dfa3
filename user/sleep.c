/*
 * sleep - waits: sleep NUMBER[smhd]..., fractions are allowed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/report.h"

/* Adds the time in text to *sum; -1 when text is not a time. */
static int add_time(const char *text, struct timespec *sum)
{
    static const char units[] = "smhd";
    static const long factors[] = { 1, 60, 3600, 86400 };
    long seconds = 0, billionth = 0, place = 100000000, digits = 0;
    for (; *text >= '0' && *text <= '9'; text++, digits++)
        if (seconds < 1000000000)
            seconds = seconds * 10 + (*text - '0');
    if (*text == '.')
        for (text++; *text >= '0' && *text <= '9'; text++, digits++) {
            billionth += (*text - '0') * place;
            place /= 10;
        }
    const char *unit = *text ? strchr(units, *text) : units;
    if (!digits || !unit || (*text && text[1]))
        return -1;
    long factor = factors[unit - units];
    billionth = billionth * factor + sum->tv_nsec;
    sum->tv_sec += seconds * factor + billionth / 1000000000;
    sum->tv_nsec = billionth % 1000000000;
    return 0;
}

int main(int argc, char **argv)
{
    struct timespec left = { 0, 0 };
    report_set_name(argv[0], "sleep");
    if (argc < 2) {
        report("missing operand");
        return 1;
    }
    for (int i = 1; i < argc; i++)
        if (add_time(argv[i], &left)) {
            report("invalid time interval '%s'", argv[i]);
            return 1;
        }
    while (nanosleep(&left, &left))
        if (errno != EINTR) {
            report_errno("cannot sleep");
            return 1;
        }
    return 0;
}
