/*
 * lib/c/stream_open.c - opening and closing streams, and the list of all.
 *
 * Locks: libc_streams_latch guards the list; it is taken before the lock of a
 *        stream, never after it.
 * Read next: stream.c
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "call.h"
#include "fork.h"
#include "stream.h"

struct latch libc_streams_latch;

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
    latch_lock(&libc_streams_latch);
    stream->next = all_streams;
    all_streams = stream;
    latch_unlock(&libc_streams_latch);
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

static void destroy(FILE *stream)
{
    struct stream **link = &all_streams;

    if (stream->own_buf)
        free(stream->buf);
    if (stream->is_static) {
        stream->fd = -1;
        return;
    }
    /* A fflush(NULL) may be waiting for the stream's lock, with the latch. */
    latch_lock(&libc_streams_latch);
    while (*link != stream)
        link = &(*link)->next;
    *link = stream->next;
    latch_unlock(&libc_streams_latch);
    free(stream);
}

int fclose(FILE *stream)
{
    int result = STREAM_LOCKED(stream, stream_flush(stream));

    if (close(stream->fd) != 0)
        result = EOF;
    destroy(stream);
    return result;
}

/* The new file gets the stream's old descriptor, if it had one. */
static FILE *reopen(const char *path, const char *mode, FILE *stream)
{
    int flags = parse_mode(mode);

    stream_flush(stream);
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

FILE *freopen(const char *path, const char *mode, FILE *stream)
{
    return STREAM_LOCKED(stream, reopen(path, mode, stream));
}

/* Passes on the output of all streams. */
static int flush_all(void)
{
    int result = 0;

    latch_lock(&libc_streams_latch);
    for (FILE *stream = all_streams; stream != NULL; stream = stream->next)
        if (stream->writing && STREAM_LOCKED(stream, stream_flush(stream)) != 0)
            result = EOF;
    latch_unlock(&libc_streams_latch);
    return result;
}

int fflush(FILE *stream)
{
    if (stream == NULL)
        return flush_all();
    return STREAM_LOCKED(stream, stream_flush(stream));
}

/* Another thread may hold a stream for ever, reading a terminal or writing to
 * a full pipe, and the process must end nevertheless: what is being read is
 * left alone, and the rest is waited for a second at most. */
static void wait_a_moment(void)
{
    const struct timespec moment = { .tv_nsec = 1000000 };

    RAW_CALL(nanosleep, &moment, NULL);
}

static bool lock_at_exit(FILE *stream)
{
    for (int i = 0; i < 1000; i++) {
        if (ftrylockfile(stream) == 0)
            return true;
        if (!stream->writing)
            return false;
        wait_a_moment();
    }
    return false;
}

/* The list keeps its latch: nothing is opened or closed any more. */
void stream_finish_all(void)
{
    for (int i = 0; i < 1000 && libc_threaded; i++) {
        if (latch_try(&libc_streams_latch))
            break;
        wait_a_moment();
    }
    for (FILE *stream = all_streams; stream != NULL; stream = stream->next) {
        if (!lock_at_exit(stream))
            continue;
        stream_flush(stream);
        funlockfile(stream);
    }
}

void stream_fork_child(void)
{
    for (FILE *stream = all_streams; stream != NULL; stream = stream->next) {
        if (stream->owner == libc_self())
            continue;
        stream->latch.word = 0;
        stream->owner = NULL;
    }
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
