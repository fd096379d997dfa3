/*
 * lib/c/stream_text.c - lines from and to streams.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stream.h"

static char *get_line(char *buf, int size, FILE *stream)
{
    int length = 0;

    while (length + 1 < size) {
        int c = stream_get(stream);

        if (c == EOF)
            break;
        buf[length++] = (char)c;
        if (c == '\n')
            break;
    }
    if (length == 0 || stream->has_error)
        return NULL;
    buf[length] = '\0';
    return buf;
}

char *fgets(char *buf, int size, FILE *stream)
{
    return STREAM_LOCKED(stream, get_line(buf, size, stream));
}

/* The line's memory grows by doubling. */
static ssize_t get_delimited(char **line, size_t *size, int delimiter,
                             FILE *stream)
{
    size_t length = 0;
    int c;

    if (*line == NULL)
        *size = 0;
    do {
        if (length + 2 > *size) {
            size_t room = *size < 64 ? 128 : *size * 2;
            char *larger = realloc(*line, room);

            if (larger == NULL)
                return -1;
            *line = larger;
            *size = room;
        }
        c = stream_get(stream);
        if (c != EOF)
            (*line)[length++] = (char)c;
    } while (c != EOF && c != delimiter);
    (*line)[length] = '\0';
    return length > 0 ? (ssize_t)length : -1;
}

ssize_t getdelim(char **line, size_t *size, int delimiter, FILE *stream)
{
    return STREAM_LOCKED(stream, get_delimited(line, size, delimiter, stream));
}

ssize_t getline(char **line, size_t *size, FILE *stream)
{
    return getdelim(line, size, '\n', stream);
}

static int put_text(const char *text, FILE *stream)
{
    size_t length = strlen(text);

    return stream_write(stream, text, length) == length ? 0 : EOF;
}

int fputs(const char *text, FILE *stream)
{
    return STREAM_LOCKED(stream, put_text(text, stream));
}

int puts(const char *text)
{
    return STREAM_LOCKED(
        stdout, put_text(text, stdout) == EOF ? EOF : stream_put('\n', stdout));
}
