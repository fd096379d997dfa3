/*
 * lib/c/stream.c - streams: opening, closing, and moving bytes through their
 * buffer.  Read next: stream_text.c (characters and lines), print.c.
 *
 * Idea:  a stream changes between reading and writing by itself; whatever is
 *        buffered for the other direction is passed on, or given back by
 *        moving the file position, first.
 * Locks: none; the library serves one thread.
 */
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static unsigned char stdin_buf[BUFSIZ], stdout_buf[BUFSIZ];

static struct stream standard[3] = {
    { .fd = 0,
      .readable = true,
      .mode = _IOFBF,
      .mode_known = true,
      .buf = stdin_buf,
      .size = BUFSIZ,
      .is_static = true,
      .next = &standard[1] },
    { .fd = 1,
      .writable = true,
      .mode = _IOFBF,
      .buf = stdout_buf,
      .size = BUFSIZ,
      .is_static = true,
      .next = &standard[2] },
    { .fd = 2,
      .writable = true,
      .mode = _IONBF,
      .mode_known = true,
      .buf = standard[2].tiny,
      .size = sizeof(standard[2].tiny),
      .is_static = true },
};

FILE *const stdin = &standard[0];
FILE *const stdout = &standard[1];
FILE *const stderr = &standard[2];

static struct stream *all_streams = &standard[0];

/* Mode letters as open() flags; -1 if wrong. */
static int parse_mode(const char *mode)
{
    int flags;

    if (*mode == 'r')
        flags = O_RDONLY;
    else if (*mode == 'w')
        flags = O_WRONLY | O_CREAT | O_TRUNC;
    else if (*mode == 'a')
        flags = O_WRONLY | O_CREAT | O_APPEND;
    else
        return -1;
    while (*++mode != '\0') {
        if (*mode == '+')
            flags = (flags & ~O_ACCMODE) | O_RDWR;
        else if (*mode == 'e')
            flags |= O_CLOEXEC;
        else if (*mode == 'x')
            flags |= O_EXCL;
    }
    return flags;
}

static void set_up(FILE *stream, int fd, int flags)
{
    stream->fd = fd;
    stream->readable = (flags & O_ACCMODE) != O_WRONLY;
    stream->writable = (flags & O_ACCMODE) != O_RDONLY;
    stream->append = (flags & O_APPEND) != 0;
    stream->writing = stream->at_end = stream->has_error = false;
    stream->position = stream->end = 0;
}

static FILE *create(int fd, int flags)
{
    struct stream *stream = calloc(1, sizeof(*stream) + BUFSIZ);

    if (stream == NULL)
        return NULL;
    set_up(stream, fd, flags);
    stream->mode = _IOFBF;
    stream->buf = (unsigned char *)(stream + 1);
    stream->size = BUFSIZ;
    stream->next = all_streams;
    all_streams = stream;
    return stream;
}

FILE *fdopen(int fd, const char *mode)
{
    int flags = parse_mode(mode);

    if (flags < 0) {
        errno = EINVAL;
        return NULL;
    }
    if (fcntl(fd, F_GETFD) < 0)
        return NULL;
    if (flags & O_CLOEXEC)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
    return create(fd, flags);
}

FILE *fopen(const char *path, const char *mode)
{
    int flags = parse_mode(mode);

    if (flags < 0) {
        errno = EINVAL;
        return NULL;
    }
    int fd = open(path, flags, 0666);

    if (fd < 0)
        return NULL;
    FILE *stream = create(fd, flags);

    if (stream == NULL)
        close(fd);
    return stream;
}

/* The new file gets the stream's old descriptor, if it had one. */
FILE *freopen(const char *path, const char *mode, FILE *stream)
{
    int flags = parse_mode(mode);

    fflush(stream);
    if (flags < 0 || path == NULL) {
        errno = EINVAL;
        return NULL;
    }
    int fd = open(path, flags, 0666);

    if (fd < 0)
        return NULL;
    if (fd != stream->fd && stream->fd >= 0) {
        int moved = dup3(fd, stream->fd, flags & O_CLOEXEC);

        close(fd);
        if (moved < 0)
            return NULL;
        fd = moved;
    }
    set_up(stream, fd, flags);
    return stream;
}

static void destroy(FILE *stream)
{
    struct stream **link = &all_streams;

    if (stream->own_buf)
        free(stream->buf);
    if (stream->is_static) {
        stream->fd = -1;
        return;
    }
    while (*link != stream)
        link = &(*link)->next;
    *link = stream->next;
    free(stream);
}

int fclose(FILE *stream)
{
    int result = fflush(stream);

    if (close(stream->fd) != 0)
        result = EOF;
    destroy(stream);
    return result;
}

/* Writes until all is written; false on an error. */
static bool write_all(FILE *stream, const unsigned char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t written = write(stream->fd, bytes, count);

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

static int flush_one(FILE *stream)
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

int fflush(FILE *stream)
{
    int result = 0;

    if (stream != NULL)
        return flush_one(stream);
    for (stream = all_streams; stream != NULL; stream = stream->next)
        if (stream->writing && flush_one(stream) != 0)
            result = EOF;
    return result;
}

void stream_finish_all(void)
{
    for (FILE *stream = all_streams; stream != NULL; stream = stream->next)
        flush_one(stream);
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

int setvbuf(FILE *stream, char *buf, int mode, size_t size)
{
    if (mode < _IOFBF || mode > _IONBF)
        return -1;
    flush_one(stream);
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

void setbuf(FILE *stream, char *buf)
{
    setvbuf(stream, buf, buf != NULL ? _IOFBF : _IONBF, BUFSIZ);
}

void setlinebuf(FILE *stream)
{
    setvbuf(stream, NULL, _IOLBF, 0);
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
        flush_one(stream);
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
            if (flush_one(stream) != 0)
                return 0;
            stream->writing = true;
        }
    }
    if (stream->mode == _IOLBF && memrchr(bytes, '\n', count) != NULL &&
        flush_one(stream) != 0)
        return 0;
    return count;
}

size_t fwrite(const void *buf, size_t size, size_t count, FILE *stream)
{
    if (size == 0 || count == 0)
        return 0;
    return stream_write(stream, buf, size * count) / size;
}

int fputc(int c, FILE *stream)
{
    unsigned char byte = (unsigned char)c;

    /* The common case first: a buffer that takes the byte as it is. */
    if (stream->writing && stream->mode == _IOFBF &&
        stream->end + 1 < stream->size) {
        stream->buf[stream->end++] = byte;
        return byte;
    }
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
    return !stream->writing || flush_one(stream) == 0;
}

/* Reads into memory once; 0 at the end and on errors, which are noted. */
static size_t read_some(FILE *stream, unsigned char *to, size_t size)
{
    ssize_t count;

    do {
        count = read(stream->fd, to, size);
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
    if (stdout->writing && stdout->mode == _IOLBF)
        flush_one(stdout);
    stream->position = 0;
    stream->end = read_some(stream, stream->buf,
                            stream->mode == _IONBF ? 1 : stream->size);
    return stream->end > 0;
}

int fgetc(FILE *stream)
{
    if ((stream->writing || stream->position >= stream->end) && !refill(stream))
        return EOF;
    return stream->buf[stream->position++];
}

int ungetc(int c, FILE *stream)
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

size_t fread(void *buf, size_t size, size_t count, FILE *stream)
{
    size_t total = size * count, done = 0;
    unsigned char *to = buf;

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
    return done / size;
}

int fseeko(FILE *stream, off_t offset, int whence)
{
    if (whence == SEEK_CUR && !stream->writing)
        offset -= (off_t)(stream->end - stream->position);
    if (stream->writing && flush_one(stream) != 0)
        return -1;
    if (lseek(stream->fd, offset, whence) < 0)
        return -1;
    stream->position = stream->end = 0;
    stream->at_end = false;
    return 0;
}

int fseek(FILE *stream, long offset, int whence)
{
    return fseeko(stream, offset, whence);
}

off_t ftello(FILE *stream)
{
    off_t place = lseek(
        stream->fd, 0, stream->writing && stream->append ? SEEK_END : SEEK_CUR);

    if (place < 0)
        return -1;
    if (stream->writing)
        return place + (off_t)stream->end;
    return place - (off_t)(stream->end - stream->position);
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

/* Runs the shell with one end of a pipe as its stdin or stdout. */
FILE *popen(const char *command, const char *mode)
{
    int fds[2], ours = *mode == 'r' ? 0 : 1;

    if ((*mode != 'r' && *mode != 'w') || pipe2(fds, O_CLOEXEC) != 0)
        return NULL;
    FILE *stream = create(fds[ours], ours == 0 ? O_RDONLY : O_WRONLY);
    pid_t pid = stream != NULL ? fork() : -1;

    if (pid == 0) {
        dup2(fds[!ours], !ours);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    close(fds[!ours]);
    if (pid < 0) {
        close(fds[ours]);
        if (stream != NULL)
            destroy(stream);
        return NULL;
    }
    stream->child = pid;
    return stream;
}

int pclose(FILE *stream)
{
    pid_t pid = stream->child;
    int status;

    fclose(stream);
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return status;
}

FILE *tmpfile(void)
{
    char path[] = "/tmp/fileXXXXXX";
    int fd = mkstemp(path);

    if (fd < 0)
        return NULL;
    unlink(path);
    FILE *stream = create(fd, O_RDWR);

    if (stream == NULL)
        close(fd);
    return stream;
}
