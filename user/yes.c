/*
 * yes - writes a line again and again until nobody reads it any more.
 */
#include <stdio.h>

#include "common/report.h"

int main(int argc, char **argv)
{
    report_set_name(argv[0], "yes");
    do {
        if (argc < 2)
            fputs("y", stdout);
        for (int i = 1; i < argc; i++)
            printf("%s%s", i > 1 ? " " : "", argv[i]);
        putchar('\n');
    } while (!ferror(stdout));
    return report_finish(0);
}
