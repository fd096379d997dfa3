/*
 * lib/c/stream_text.c - characters and lines from and to streams.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stream.h"

int getc(FILE *stream)
{
    return fgetc(stream);
}

int getchar(void)
{
    return fgetc(stdin);
}

int getc_unlocked(FILE *stream)
{
    return fgetc(stream);
}

int getchar_unlocked(void)
{
    return fgetc(stdin);
}

int putc(int c, FILE *stream)
{
    return fputc(c, stream);
}

int putchar(int c)
{
    return fputc(c, stdout);
}

int putc_unlocked(int c, FILE *stream)
{
    return fputc(c, stream);
}

int putchar_unlocked(int c)
{
    return fputc(c, stdout);
}

char *fgets(char *buf, int size, FILE *stream)
{
    int length = 0;

    while (length + 1 < size) {
        int c = fgetc(stream);

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

/* The line's memory grows by doubling. */
ssize_t getdelim(char **line, size_t *size, int delimiter, FILE *stream)
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
        c = fgetc(stream);
        if (c != EOF)
            (*line)[length++] = (char)c;
    } while (c != EOF && c != delimiter);
    (*line)[length] = '\0';
    return length > 0 ? (ssize_t)length : -1;
}

ssize_t getline(char **line, size_t *size, FILE *stream)
{
    return getdelim(line, size, '\n', stream);
}

int fputs(const char *text, FILE *stream)
{
    size_t length = strlen(text);

    return stream_write(stream, text, length) == length ? 0 : EOF;
}

int puts(const char *text)
{
    return fputs(text, stdout) == EOF ? EOF : fputc('\n', stdout);
}
