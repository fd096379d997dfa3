/*
 * hexdump - shows bytes as hexadecimal numbers and as characters, in the form
 * of "hexdump -C"; lines that repeat are shown as one '*'.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "common/options.h"
#include "common/report.h"

static const char help[] = "Usage: hexdump [-C] [-v] [-s SKIP] [-n LENGTH] "
                           "[FILE]\n"
                           "  -v  show repeated lines too\n";

enum { PER_LINE = 16 };

static void print_line(unsigned long offset, const unsigned char *b, size_t n)
{
    printf("%08lx ", offset);
    for (size_t i = 0; i < PER_LINE; i++) {
        if (i < n)
            printf("%s%02x ", i % 8 ? "" : " ", b[i]);
        else
            printf("%s   ", i % 8 ? "" : " ");
    }
    printf(" |");
    for (size_t i = 0; i < n; i++)
        putchar(isprint(b[i]) ? b[i] : '.');
    printf("|\n");
}

static void dump(FILE *f, long skip, long length, int all)
{
    unsigned char line[PER_LINE], previous[PER_LINE];
    unsigned long offset = 0;
    int repeated = 0, first = 1;
    while (skip > 0 && fgetc(f) != EOF) {
        skip--;
        offset++;
    }
    while (length != 0) {
        size_t want =
            length > 0 && length < PER_LINE ? (size_t)length : (size_t)PER_LINE;
        size_t n = fread(line, 1, want, f);
        if (n == 0)
            break;
        length -= length > 0 ? (long)n : 0;
        if (!all && !first && n == PER_LINE && !memcmp(line, previous, n)) {
            if (!repeated++)
                puts("*");
        } else {
            print_line(offset, line, n);
            repeated = 0;
        }
        memcpy(previous, line, n);
        first = 0;
        offset += n;
    }
    if (offset)
        printf("%08lx\n", offset);
}

int main(int argc, char **argv)
{
    struct options o;
    long skip = 0, length = -1;
    int letter, all = 0;
    FILE *f = stdin;
    (void)argc;
    options_begin(&o, argv, help, 1);
    while ((letter = options_next(&o, "Cvs:n:")) != -1) {
        all |= letter == 'v';
        if ((letter == 's' && options_number(o.value, &skip)) ||
            (letter == 'n' && options_number(o.value, &length))) {
            report("invalid number: '%s'", o.value);
            return 1;
        }
    }
    if (o.count && !(f = fopen(o.operands[0], "r"))) {
        report_errno("%s", o.operands[0]);
        return 1;
    }
    dump(f, skip, length, all);
    if (ferror(f)) {
        report_errno("%s", o.count ? o.operands[0] : "standard input");
        return report_finish(1);
    }
    return report_finish(0);
}
