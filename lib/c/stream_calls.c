/*
 * lib/c/stream_calls.c - what stdio.h offers for one stream: take its lock, do
 * the work of stream.c, give it back.
 *
 * Idea:  the lock belongs to a thread and counts, so that a program can hold a
 *        stream over several calls (flockfile) that lock it themselves.  While
 *        the process has one thread no lock is taken at all.
 * Read next: stream.h
 */
#include "stream.h"

void flockfile(FILE *stream)
{
    struct pthread *self = libc_self();

    /* Only the caller itself can have stored this here. */
    if (__atomic_load_n(&stream->owner, __ATOMIC_RELAXED) != self) {
        latch_lock(&stream->latch);
        __atomic_store_n(&stream->owner, self, __ATOMIC_RELAXED);
    }
    stream->depth++;
}

int ftrylockfile(FILE *stream)
{
    struct pthread *self = libc_self();

    if (__atomic_load_n(&stream->owner, __ATOMIC_RELAXED) != self) {
        if (!latch_try(&stream->latch))
            return -1;
        __atomic_store_n(&stream->owner, self, __ATOMIC_RELAXED);
    }
    stream->depth++;
    return 0;
}

void funlockfile(FILE *stream)
{
    if (--stream->depth > 0)
        return;
    __atomic_store_n(&stream->owner, NULL, __ATOMIC_RELAXED);
    latch_unlock(&stream->latch);
}

int setvbuf(FILE *stream, char *buf, int mode, size_t size)
{
    return STREAM_LOCKED(stream, stream_set_buffer(stream, buf, mode, size));
}

void setbuf(FILE *stream, char *buf)
{
    setvbuf(stream, buf, buf != NULL ? _IOFBF : _IONBF, BUFSIZ);
}

void setlinebuf(FILE *stream)
{
    setvbuf(stream, NULL, _IOLBF, 0);
}

size_t fwrite(const void *buf, size_t size, size_t count, FILE *stream)
{
    if (size == 0 || count == 0)
        return 0;
    return STREAM_LOCKED(stream, stream_write(stream, buf, size * count)) /
           size;
}

size_t fread(void *buf, size_t size, size_t count, FILE *stream)
{
    if (size == 0)
        return 0;
    return STREAM_LOCKED(stream, stream_read(stream, buf, size * count)) / size;
}

int fputc(int c, FILE *stream)
{
    return STREAM_LOCKED(stream, stream_put(c, stream));
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
    return stream_put(c, stream);
}

int putchar_unlocked(int c)
{
    return stream_put(c, stdout);
}

int fgetc(FILE *stream)
{
    return STREAM_LOCKED(stream, stream_get(stream));
}

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
    return stream_get(stream);
}

int getchar_unlocked(void)
{
    return stream_get(stdin);
}

int ungetc(int c, FILE *stream)
{
    return STREAM_LOCKED(stream, stream_unget(c, stream));
}

int fseeko(FILE *stream, off_t offset, int whence)
{
    return STREAM_LOCKED(stream, stream_seek(stream, offset, whence));
}

int fseek(FILE *stream, long offset, int whence)
{
    return fseeko(stream, offset, whence);
}

off_t ftello(FILE *stream)
{
    return STREAM_LOCKED(stream, stream_tell(stream));
}

long ftell(FILE *stream)
{
    return ftello(stream);
}

void rewind(FILE *stream)
{
    fseeko(stream, 0, SEEK_SET);
    stream->has_error = false;
}

int fileno(FILE *stream)
{
    return stream->fd;
}

int feof(FILE *stream)
{
    return stream->at_end;
}

int ferror(FILE *stream)
{
    return stream->has_error;
}

void clearerr(FILE *stream)
{
    stream->at_end = stream->has_error = false;
}
