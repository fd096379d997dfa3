/*
 * echo - writes its arguments, separated by spaces.
 */
#include <stdio.h>
#include <string.h>

#include "common/report.h"

int main(int argc, char **argv)
{
    int newline = 1, i = 1;
    report_set_name(argv[0], "echo");
    if (argc > 1 && strcmp(argv[1], "-n") == 0) {
        newline = 0;
        i++;
    }
    for (int first = i; i < argc; i++) {
        if (i > first)
            putchar(' ');
        fputs(argv[i], stdout);
    }
    if (newline)
        putchar('\n');
    return report_finish(0);
}
