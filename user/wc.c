/*
 * wc - counts lines, words and bytes.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/options.h"
#include "common/report.h"

static const char help[] = "Usage: wc [-c] [-l] [-w] [FILE]...\n"
                           "  -c  bytes   -l  lines   -w  words\n";

struct counts {
    unsigned long long lines, words, bytes;
};

static char buffer[32 * 1024];
static int want_lines, want_words, want_bytes;
static int column; /* width of a figure */

static int count(int fd, struct counts *c)
{
    int in_word = 0;
    for (;;) {
        ssize_t got = read(fd, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got ? -1 : 0;
        c->bytes += (unsigned long long)got;
        for (ssize_t i = 0; i < got; i++) {
            int space = isspace((unsigned char)buffer[i]);
            c->lines += buffer[i] == '\n';
            c->words += !space && !in_word;
            in_word = !space;
        }
    }
}

static void print(const struct counts *c, const char *name)
{
    const char *gap = "";
    if (want_lines) {
        printf("%*llu", column, c->lines);
        gap = " ";
    }
    if (want_words) {
        printf("%s%*llu", gap, column, c->words);
        gap = " ";
    }
    if (want_bytes)
        printf("%s%*llu", gap, column, c->bytes);
    printf("%s%s\n", name ? " " : "", name ? name : "");
}

/* As wide as the sum of the sizes; 7 where a size is not known before. */
static int column_width(char **names, int files)
{
    unsigned long long sum = 0;
    int least = 1, wide = 1;
    struct stat st;
    if (files <= 1 && want_lines + want_words + want_bytes == 1)
        return 1;
    for (int i = 0; i < files || i < 1; i++) {
        int failed = files && strcmp(names[i], "-") != 0 ? stat(names[i], &st)
                                                         : fstat(0, &st);
        if (failed)
            continue;
        if (S_ISREG(st.st_mode))
            sum += (unsigned long long)st.st_size;
        else
            least = 7;
    }
    for (; sum >= 10; sum /= 10)
        wide++;
    return wide > least ? wide : least;
}

static int count_file(const char *path, struct counts *total)
{
    struct counts c = { 0, 0, 0 };
    int fd = strcmp(path, "-") ? open(path, O_RDONLY) : 0;
    if (fd < 0) {
        report_errno("%s", path);
        return 1;
    }
    int status = count(fd, &c) ? 1 : 0;
    if (status)
        report_errno("%s", path);
    print(&c, path);
    if (fd)
        close(fd);
    total->lines += c.lines;
    total->words += c.words;
    total->bytes += c.bytes;
    return status;
}

int main(int argc, char **argv)
{
    struct options o;
    struct counts total = { 0, 0, 0 };
    int letter, status = 0;
    (void)argc;
    options_begin(&o, argv, help, 1);
    while ((letter = options_next(&o, "clw")) != -1) {
        want_bytes |= letter == 'c';
        want_lines |= letter == 'l';
        want_words |= letter == 'w';
    }
    if (!want_bytes && !want_lines && !want_words)
        want_bytes = want_lines = want_words = 1;
    column = column_width(o.operands, o.count);
    if (!o.count) {
        if (count(0, &total)) {
            report_errno("standard input");
            status = 1;
        }
        print(&total, NULL);
    }
    for (int i = 0; i < o.count; i++)
        status |= count_file(o.operands[i], &total);
    if (o.count > 1)
        print(&total, "total");
    return report_finish(status);
}
