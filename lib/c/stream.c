/*
 * lib/c/stream.c - moving bytes through the buffer of a stream.
 *
 * Idea:  a stream changes between reading and writing by itself; whatever is
 *        buffered for the other direction is passed on, or given back by
 *        moving the file position, first.
 * Locks: the caller holds the stream's, where there is more than one thread.
 *        Therefore nobody is cancelled in here: CALL(read) and not read().
 * Read next: stream_open.c (opening, closing, the list of all), stream_calls.c
 *        (what programs call), stream_text.c (lines), print.c.
 */
#include "stream.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "call.h"

/* Writes until all is written; false on an error. */
static bool write_all(FILE *stream, const unsigned char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t written = CALL(write, stream->fd, bytes, count);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0) {
            stream->has_error = true;
            return false;
        }
        bytes += written;
        count -= (size_t)written;
    }
    return true;
}

int stream_flush(FILE *stream)
{
    if (stream->writing) {
        size_t count = stream->end;

        stream->end = stream->position = 0;
        stream->writing = false;
        return write_all(stream, stream->buf, count) ? 0 : EOF;
    }
    if (stream->position < stream->end) {
        /* Not for pipes and terminals: their bytes cannot be given back. */
        if (lseek(stream->fd, -(off_t)(stream->end - stream->position),
                  SEEK_CUR) < 0)
            return 0;
    }
    stream->end = stream->position = 0;
    return 0;
}

/* Terminals get their lines as they are written. */
static void find_mode(FILE *stream)
{
    int saved = errno;

    if (stream->mode == _IOFBF && isatty(stream->fd))
        stream->mode = _IOLBF;
    stream->mode_known = true;
    errno = saved;
}

int stream_set_buffer(FILE *stream, char *buf, int mode, size_t size)
{
    if (mode < _IOFBF || mode > _IONBF)
        return -1;
    stream_flush(stream);
    stream->mode = mode;
    stream->mode_known = true;
    if (mode == _IONBF) {
        stream->buf = stream->tiny;
        stream->size = sizeof(stream->tiny);
    } else if (buf != NULL && size >= sizeof(stream->tiny)) {
        stream->buf = (unsigned char *)buf;
        stream->size = size;
    }
    return 0;
}

/* Makes the stream ready for output; false if it cannot be. */
static bool begin_writing(FILE *stream)
{
    if (!stream->writable) {
        errno = EBADF;
        stream->has_error = true;
        return false;
    }
    if (!stream->mode_known)
        find_mode(stream);
    if (!stream->writing) {
        stream_flush(stream);
        stream->position = stream->end = 0;
        stream->writing = true;
    }
    return true;
}

size_t stream_write(FILE *stream, const void *bytes, size_t count)
{
    const unsigned char *from = bytes;

    if (!begin_writing(stream))
        return 0;
    if (stream->mode == _IONBF || (count >= stream->size && stream->end == 0))
        return write_all(stream, from, count) ? count : 0;

    for (size_t left = count; left > 0;) {
        size_t room = stream->size - stream->end;
        size_t part = left < room ? left : room;

        memcpy(stream->buf + stream->end, from, part);
        stream->end += part;
        from += part;
        left -= part;
        if (stream->end == stream->size) {
            if (stream_flush(stream) != 0)
                return 0;
            stream->writing = true;
        }
    }
    if (stream->mode == _IOLBF && memrchr(bytes, '\n', count) != NULL &&
        stream_flush(stream) != 0)
        return 0;
    return count;
}

int stream_put_slowly(int c, FILE *stream)
{
    unsigned char byte = (unsigned char)c;

    return stream_write(stream, &byte, 1) == 1 ? byte : EOF;
}

/* Makes the stream ready for input; false if it cannot be. */
static bool begin_reading(FILE *stream)
{
    if (!stream->readable) {
        errno = EBADF;
        stream->has_error = true;
        return false;
    }
    return !stream->writing || stream_flush(stream) == 0;
}

/* Reads into memory once; 0 at the end and on errors, which are noted. */
static size_t read_some(FILE *stream, unsigned char *to, size_t size)
{
    ssize_t count;

    do {
        count = CALL(read, stream->fd, to, size);
    } while (count < 0 && errno == EINTR);
    if (count == 0)
        stream->at_end = true;
    if (count < 0)
        stream->has_error = true;
    return count > 0 ? (size_t)count : 0;
}

/* Fills the empty buffer.  A prompt without a newline appears before the
 * program waits for the answer. */
static bool refill(FILE *stream)
{
    if (!begin_reading(stream))
        return false;
    if (stdout->writing && stdout->mode == _IOLBF &&
        ftrylockfile(stdout) == 0) {
        stream_flush(stdout);
        funlockfile(stdout);
    }
    stream->position = 0;
    stream->end = read_some(stream, stream->buf,
                            stream->mode == _IONBF ? 1 : stream->size);
    return stream->end > 0;
}

int stream_get_slowly(FILE *stream)
{
    if ((stream->writing || stream->position >= stream->end) && !refill(stream))
        return EOF;
    return stream->buf[stream->position++];
}

int stream_unget(int c, FILE *stream)
{
    if (c == EOF || !begin_reading(stream))
        return EOF;
    if (stream->position == 0) {
        if (stream->end == stream->size)
            return EOF;
        memmove(stream->buf + 1, stream->buf, stream->end);
        stream->end++;
        stream->position++;
    }
    stream->buf[--stream->position] = (unsigned char)c;
    stream->at_end = false;
    return (unsigned char)c;
}

size_t stream_read(FILE *stream, void *buf, size_t total)
{
    unsigned char *to = buf;
    size_t done = 0;

    if (total == 0 || !begin_reading(stream))
        return 0;
    while (done < total) {
        size_t have = stream->end - stream->position;
        size_t wanted = total - done;

        if (have > 0) {
            size_t part = have < wanted ? have : wanted;

            memcpy(to + done, stream->buf + stream->position, part);
            stream->position += part;
            done += part;
        } else if (wanted >= stream->size) {
            size_t got = read_some(stream, to + done, wanted);

            if (got == 0)
                break;
            done += got;
        } else if (!refill(stream)) {
            break;
        }
    }
    return done;
}

int stream_seek(FILE *stream, off_t offset, int whence)
{
    if (whence == SEEK_CUR && !stream->writing)
        offset -= (off_t)(stream->end - stream->position);
    if (stream->writing && stream_flush(stream) != 0)
        return -1;
    if (lseek(stream->fd, offset, whence) < 0)
        return -1;
    stream->position = stream->end = 0;
    stream->at_end = false;
    return 0;
}

off_t stream_tell(FILE *stream)
{
    off_t place = lseek(
        stream->fd, 0, stream->writing && stream->append ? SEEK_END : SEEK_CUR);

    if (place < 0)
        return -1;
    if (stream->writing)
        return place + (off_t)stream->end;
    return place - (off_t)(stream->end - stream->position);
}
