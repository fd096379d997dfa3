/*
 * report.c - messages of user programs.
 *
 * Standard output is flushed before a message is written, so that output and
 * messages of one program keep their order when both go to the same place.
 * Read next: options.c.
 */
#include "report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *program_name = "?";

void report_set_name(const char *argv0, const char *fallback)
{
    program_name = fallback;
    if (argv0 && argv0[0]) {
        const char *slash = strrchr(argv0, '/');
        program_name = slash && slash[1] ? slash + 1 : argv0;
    }
}

void report(const char *format, ...)
{
    va_list args;
    fflush(stdout);
    fprintf(stderr, "%s: ", program_name);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

void report_errno(const char *format, ...)
{
    int saved = errno;
    va_list args;
    fflush(stdout);
    fprintf(stderr, "%s: ", program_name);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, ": %s\n", strerror(saved));
    errno = saved;
}

int report_finish(int status)
{
    if (fflush(stdout) || ferror(stdout)) {
        report_errno("write error");
        return 1;
    }
    return status;
}
