/*
 * output.c - what the shell itself writes.
 * Read next: builtins.c.
 */
#include "output.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../common/files.h"
#include "memory.h"

enum { FLUSH_BYTES = 4096 };

static struct text pending;

void output_string(const char *string)
{
    text_add_string(&pending, string);
    if (pending.length >= FLUSH_BYTES)
        output_flush();
}

void output_format(const char *format, ...)
{
    char line[512];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    output_string(line);
}

void output_quoted(const char *value)
{
    output_string("'");
    for (; *value; value++) {
        char one[2] = { *value, 0 };
        output_string(*value == '\'' ? "'\\''" : one);
    }
    output_string("'");
}

int output_flush(void)
{
    int result = 0;
    if (pending.length)
        result = file_write_all(1, pending.bytes, pending.length);
    pending.length = 0;
    return result;
}
