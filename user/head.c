/*
 * head - prints the beginning of files: 10 lines, or as -n or -c says.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/files.h"
#include "common/options.h"
#include "common/report.h"

static const char help[] = "Usage: head [-n LINES | -c BYTES] [FILE]...\n"
                           "       head -LINES [FILE]...\n";

static char buffer[16 * 1024];

/* How much of the buffer belongs to the wanted part; counts down *left. */
static size_t wanted_part(size_t got, long *left, int by_lines)
{
    if (!by_lines) {
        size_t part = (unsigned long)*left < got ? (size_t)*left : got;
        *left -= (long)part;
        return part;
    }
    for (size_t i = 0; i < got; i++)
        if (buffer[i] == '\n' && --*left == 0)
            return i + 1;
    return got;
}

static int head(int fd, const char *name, long left, int by_lines)
{
    while (left > 0) {
        ssize_t got = read(fd, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            report_errno("error reading '%s'", name);
            return 1;
        }
        if (got == 0)
            break;
        size_t part = wanted_part((size_t)got, &left, by_lines);
        if (file_write_all(1, buffer, part)) {
            report_errno("write error");
            return 1;
        }
        /* What was read too much belongs to the next reader, if it can. */
        if (part < (size_t)got)
            lseek(fd, (off_t)part - (off_t)got, SEEK_CUR);
    }
    return 0;
}

static int head_file(const char *path, long left, int by_lines, int title)
{
    static int before;
    int is_stdin = strcmp(path, "-") == 0;
    int fd = is_stdin ? 0 : open(path, O_RDONLY);
    if (fd < 0) {
        report_errno("cannot open '%s' for reading", path);
        return 1;
    }
    if (title) {
        printf("%s==> %s <==\n", before ? "\n" : "",
               is_stdin ? "standard input" : path);
        fflush(stdout);
        before = 1;
    }
    int status = head(fd, is_stdin ? "standard input" : path, left, by_lines);
    if (fd)
        close(fd);
    return status;
}

int main(int argc, char **argv)
{
    struct options o;
    long count = 10;
    int letter, by_lines = 1, status = 0;
    report_set_name(argv[0], "head");
    if (argc > 1 && argv[1][0] == '-' && argv[1][1] >= '0' &&
        argv[1][1] <= '9') { /* head -5 */
        if (options_number(argv[1] + 1, &count)) {
            report("invalid number of lines: '%s'", argv[1] + 1);
            return 1;
        }
        argv[1] = argv[0];
        argv++;
    }
    options_begin(&o, argv, help, 1);
    while ((letter = options_next(&o, "n:c:q")) != -1) {
        if (letter == 'q')
            continue;
        by_lines = letter == 'n';
        if (options_number(o.value, &count)) {
            report("invalid number of %s: '%s'", by_lines ? "lines" : "bytes",
                   o.value);
            return 1;
        }
    }
    if (!o.count)
        return head_file("-", count, by_lines, 0);
    for (int i = 0; i < o.count; i++)
        status |= head_file(o.operands[i], count, by_lines, o.count > 1);
    return status;
}
