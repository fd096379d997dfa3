/*
 * seq - prints whole numbers: seq LAST, seq FIRST LAST, seq FIRST STEP LAST.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/report.h"

static long number(const char *text)
{
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (end == text || *end || errno) {
        report("invalid integer argument: '%s'", text);
        exit(1);
    }
    return value;
}

int main(int argc, char **argv)
{
    report_set_name(argv[0], "seq");
    if (argc < 2 || argc > 4) {
        report(argc < 2 ? "missing operand" : "extra operand");
        return 1;
    }
    long first = argc > 2 ? number(argv[1]) : 1;
    long step = argc > 3 ? number(argv[2]) : 1;
    long last = number(argv[argc - 1]);
    if (step == 0) {
        report("invalid Zero increment value: '%s'", argv[2]);
        return 1;
    }
    for (long i = first; step > 0 ? i <= last : i >= last;) {
        printf("%ld\n", i);
        if (__builtin_add_overflow(i, step, &i))
            break;
    }
    return report_finish(0);
}
