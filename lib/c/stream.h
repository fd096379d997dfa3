/*
 * lib/c/stream.h - what a FILE is, for the parts of stdio.
 *
 * A stream has one buffer.  It holds either bytes that were read and not yet
 * taken, [position, end), or bytes that were written and not yet passed on,
 * [0, end) with `writing` set.
 *
 * Its lock is `latch` with the thread that has taken it, `depth` times.  The
 * functions below that do not say otherwise want it held; what programs call
 * takes it (STREAM_LOCKED).
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "thread.h"

struct stream {
    int fd;
    bool readable, writable;
    bool append;
    bool writing; /* the buffer holds output */
    bool at_end, has_error;
    bool mode_known; /* false: look at the descriptor when first used */
    int mode;        /* _IOFBF, _IOLBF or _IONBF */
    unsigned char *buf;
    size_t size; /* of buf */
    size_t position, end;
    bool own_buf;          /* buf is from malloc */
    bool is_static;        /* one of the three standard streams */
    pid_t child;           /* popen(): its process, else 0 */
    unsigned char tiny[8]; /* unbuffered streams; also room for ungetc() */
    struct stream *next;   /* list of all, for fflush(NULL) and exit() */
    struct latch latch;
    struct pthread *owner; /* of the latch */
    unsigned depth;
};

/* The value of an expression, computed with the stream's lock; without it as
 * long as there is one thread. */
#define STREAM_LOCKED(stream, expression)                                      \
    __extension__({                                                            \
        FILE *stream_ = (stream);                                              \
        bool locked_ = libc_threaded;                                          \
        if (locked_)                                                           \
            flockfile(stream_);                                                \
        __auto_type value_ = (expression);                                     \
        if (locked_)                                                           \
            funlockfile(stream_);                                              \
        value_;                                                                \
    })

/* At exit: passes on all output, and moves the file position of input back
 * to the first byte not taken, for whoever shares the descriptor.  Takes the
 * locks it needs. */
void stream_finish_all(void);

/* Passes on what is buffered for output, or gives input back.  0 or EOF. */
int stream_flush(FILE *stream);

/* Writes bytes through the buffer.  Returns how many were accepted. */
size_t stream_write(FILE *stream, const void *bytes, size_t count);

/* Reads bytes through the buffer.  Returns how many there were. */
size_t stream_read(FILE *stream, void *buf, size_t total);

/* As setvbuf, ungetc, fseeko and ftello. */
int stream_set_buffer(FILE *stream, char *buf, int mode, size_t size);
int stream_unget(int c, FILE *stream);
int stream_seek(FILE *stream, off_t offset, int whence);
off_t stream_tell(FILE *stream);

int stream_put_slowly(int c, FILE *stream);
int stream_get_slowly(FILE *stream);

/* One byte; the common case is a buffer that takes or has it. */
static inline int stream_put(int c, FILE *stream)
{
    if (stream->writing && stream->mode == _IOFBF &&
        stream->end + 1 < stream->size)
        return stream->buf[stream->end++] = (unsigned char)c;
    return stream_put_slowly(c, stream);
}

static inline int stream_get(FILE *stream)
{
    if (!stream->writing && stream->position < stream->end)
        return stream->buf[stream->position++];
    return stream_get_slowly(stream);
}
