/*
 * lib/c/print.c - the printf family, over the core in base/format.c.
 *
 * Text for unbuffered streams is collected first, so that a message on
 * stderr is one write and lines of several processes do not mix.
 */
#include "print.h"

#include <err.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stream.h"

struct stream_sink {
    struct format_sink sink;
    FILE *stream;
    bool failed;
    size_t pending; /* bytes in block, for unbuffered streams */
    char block[512];
};

static void pass_on(struct stream_sink *s, const char *text, size_t length)
{
    if (length > 0 && stream_write(s->stream, text, length) != length)
        s->failed = true;
}

static void stream_sink_write(struct format_sink *sink, const char *text,
                              size_t length)
{
    struct stream_sink *s = (struct stream_sink *)sink;

    if (s->stream->mode != _IONBF) {
        pass_on(s, text, length);
        return;
    }
    if (s->pending + length > sizeof(s->block)) {
        pass_on(s, s->block, s->pending);
        s->pending = 0;
    }
    if (length > sizeof(s->block)) {
        pass_on(s, text, length);
        return;
    }
    memcpy(s->block + s->pending, text, length);
    s->pending += length;
}

static int print(FILE *stream, const char *format, va_list args)
{
    struct stream_sink s = {
        .sink = { .write = stream_sink_write, .convert = print_convert_float },
        .stream = stream,
    };
    int length = format_to_sink(&s.sink, format, args);

    pass_on(&s, s.block, s.pending);
    return s.failed ? -1 : length;
}

int vfprintf(FILE *stream, const char *format, va_list args)
{
    return STREAM_LOCKED(stream, print(stream, format, args));
}

int vprintf(const char *format, va_list args)
{
    return vfprintf(stdout, format, args);
}

int printf(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int length = vfprintf(stdout, format, args);

    va_end(args);
    return length;
}

int fprintf(FILE *stream, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int length = vfprintf(stream, format, args);

    va_end(args);
    return length;
}

int vdprintf(int fd, const char *format, va_list args)
{
    struct stream stream = {
        .fd = fd,
        .writable = true,
        .mode = _IONBF,
        .mode_known = true,
    };

    stream.buf = stream.tiny;
    stream.size = sizeof(stream.tiny);
    return vfprintf(&stream, format, args);
}

int dprintf(int fd, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int length = vdprintf(fd, format, args);

    va_end(args);
    return length;
}

struct buffer_sink {
    struct format_sink sink;
    char *buf;
    size_t size; /* without the terminator */
};

static void buffer_sink_write(struct format_sink *sink, const char *text,
                              size_t length)
{
    struct buffer_sink *b = (struct buffer_sink *)sink;

    if (sink->length < b->size) {
        size_t room = b->size - sink->length;

        memcpy(b->buf + sink->length, text, length < room ? length : room);
    }
}

int vsnprintf(char *buf, size_t size, const char *format, va_list args)
{
    struct buffer_sink b = {
        .sink = { .write = buffer_sink_write, .convert = print_convert_float },
        .buf = buf,
        .size = size > 0 ? size - 1 : 0,
    };
    int length = format_to_sink(&b.sink, format, args);

    if (size > 0)
        buf[(size_t)length < size ? (size_t)length : size - 1] = '\0';
    return length;
}

int snprintf(char *buf, size_t size, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int length = vsnprintf(buf, size, format, args);

    va_end(args);
    return length;
}

int vsprintf(char *buf, const char *format, va_list args)
{
    return vsnprintf(buf, INT_MAX, format, args);
}

int sprintf(char *buf, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int length = vsnprintf(buf, INT_MAX, format, args);

    va_end(args);
    return length;
}

int vasprintf(char **out, const char *format, va_list args)
{
    va_list copy;

    va_copy(copy, args);
    int length = vsnprintf(NULL, 0, format, copy);

    va_end(copy);
    *out = malloc((size_t)length + 1);
    if (*out == NULL)
        return -1;
    return vsnprintf(*out, (size_t)length + 1, format, args);
}

int asprintf(char **out, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int length = vasprintf(out, format, args);

    va_end(args);
    return length;
}

void vwarnx(const char *format, va_list args)
{
    flockfile(stderr);
    fprintf(stderr, "%s: ", program_invocation_short_name);
    if (format != NULL)
        vfprintf(stderr, format, args);
    fputc('\n', stderr);
    funlockfile(stderr);
}

void vwarn(const char *format, va_list args)
{
    int error = errno;

    flockfile(stderr);
    fprintf(stderr, "%s: ", program_invocation_short_name);
    if (format != NULL) {
        vfprintf(stderr, format, args);
        fputs(": ", stderr);
    }
    fprintf(stderr, "%s\n", strerror(error));
    funlockfile(stderr);
}

void warn(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vwarn(format, args);
    va_end(args);
}

void warnx(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vwarnx(format, args);
    va_end(args);
}

void err(int status, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vwarn(format, args);
    va_end(args);
    exit(status);
}

void errx(int status, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vwarnx(format, args);
    va_end(args);
    exit(status);
}
