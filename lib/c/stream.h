/*
 * lib/c/stream.h - what a FILE is, for the parts of stdio.
 *
 * A stream has one buffer.  It holds either bytes that were read and not yet
 * taken, [position, end), or bytes that were written and not yet passed on,
 * [0, end) with `writing` set.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

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
};

/* At exit: passes on all output, and moves the file position of input back
 * to the first byte not taken, for whoever shares the descriptor. */
void stream_finish_all(void);

/* Writes bytes through the buffer.  Returns how many were accepted. */
size_t stream_write(FILE *stream, const void *bytes, size_t count);
