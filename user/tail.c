/*
 * tail - prints the end of files: 10 lines, or as -n or -c says; -n +N and
 * -c +N print from line or byte N on.
 *
 * The input is read whole, so that a pipe and a file are treated alike.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/files.h"
#include "common/options.h"
#include "common/report.h"

static const char help[] = "Usage: tail [-n [+]LINES | -c [+]BYTES] [FILE]...\n"
                           "       tail -LINES [FILE]...\n";

static long count = 10;
static int by_lines = 1, from_start;

/* Reads fd to its end into memory the caller frees; NULL on error. */
static char *read_rest(int fd, size_t *length)
{
    size_t used = 0, room = 32 * 1024;
    char *text = memory_get(room);
    for (;;) {
        ssize_t got = read(fd, text + used, room - used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            free(text);
            return NULL;
        }
        if (got == 0)
            break;
        used += (size_t)got;
        if (used == room)
            text = memory_resize(text, room *= 2);
    }
    *length = used;
    return text;
}

/* Where the wanted part of text starts. */
static size_t part_start(const char *text, size_t length)
{
    size_t n = (size_t)count, i;
    if (!by_lines && from_start)
        return n ? (n - 1 < length ? n - 1 : length) : 0;
    if (!by_lines)
        return n < length ? length - n : 0;
    if (from_start) {
        for (i = 0; i < length && n > 1; i++)
            n -= text[i] == '\n';
        return i;
    }
    if (n == 0)
        return length;
    i = length;
    if (i && text[i - 1] == '\n')
        i--;
    for (; i > 0; i--)
        if (text[i - 1] == '\n' && --n == 0)
            return i;
    return 0;
}

static int tail_file(const char *path, int title)
{
    static int before;
    size_t length;
    int is_stdin = strcmp(path, "-") == 0;
    const char *name = is_stdin ? "standard input" : path;
    int fd = is_stdin ? 0 : open(path, O_RDONLY);
    if (fd < 0) {
        report_errno("cannot open '%s' for reading", path);
        return 1;
    }
    if (title)
        printf("%s==> %s <==\n", before++ ? "\n" : "", name);
    fflush(stdout);
    char *text = read_rest(fd, &length);
    if (fd)
        close(fd);
    if (!text) {
        report_errno("error reading '%s'", name);
        return 1;
    }
    size_t start = part_start(text, length);
    int failed = file_write_all(1, text + start, length - start);
    if (failed)
        report_errno("write error");
    free(text);
    return failed ? 1 : 0;
}

static int set_count(const char *text)
{
    from_start = *text == '+';
    if (*text == '+' || *text == '-')
        text++;
    return options_number(text, &count);
}

int main(int argc, char **argv)
{
    struct options o;
    int letter, status = 0;
    report_set_name(argv[0], "tail");
    if (argc > 1 && argv[1][0] == '-' && argv[1][1] >= '0' &&
        argv[1][1] <= '9') { /* tail -5 */
        if (set_count(argv[1] + 1)) {
            report("invalid number of lines: '%s'", argv[1] + 1);
            return 1;
        }
        argv[1] = argv[0];
        argv++;
    }
    options_begin(&o, argv, help, 1);
    while ((letter = options_next(&o, "n:c:")) != -1) {
        by_lines = letter == 'n';
        if (set_count(o.value)) {
            report("invalid number of %s: '%s'", by_lines ? "lines" : "bytes",
                   o.value);
            return 1;
        }
    }
    if (!o.count)
        return tail_file("-", 0);
    for (int i = 0; i < o.count; i++)
        status |= tail_file(o.operands[i], o.count > 1);
    return status;
}
