/*
 * tee - copies standard input to standard output and to files.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/files.h"
#include "common/options.h"
#include "common/report.h"

static const char help[] =
    "Usage: tee [-a] [FILE]...\n"
    "Copy standard input to each FILE and to standard output.\n"
    "  -a  append to the files\n";

static char buffer[32 * 1024];

int main(int argc, char **argv)
{
    struct options o;
    int status = 0, flags = O_WRONLY | O_CREAT | O_TRUNC;
    (void)argc;
    options_begin(&o, argv, help, 1);
    while (options_next(&o, "a") != -1)
        flags = O_WRONLY | O_CREAT | O_APPEND;

    int *fds = memory_get((size_t)o.count * sizeof(int));
    for (int i = 0; i < o.count; i++) {
        fds[i] = open(o.operands[i], flags, 0666);
        if (fds[i] < 0) {
            report_errno("%s", o.operands[i]);
            status = 1;
        }
    }
    for (;;) {
        ssize_t got = read(0, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            report_errno("read error");
        if (got <= 0)
            return got ? 1 : status;
        if (file_write_all(1, buffer, (size_t)got)) {
            report_errno("standard output");
            return 1;
        }
        for (int i = 0; i < o.count; i++) {
            if (fds[i] < 0 || !file_write_all(fds[i], buffer, (size_t)got))
                continue;
            report_errno("%s", o.operands[i]);
            close(fds[i]);
            fds[i] = -1;
            status = 1;
        }
    }
}
