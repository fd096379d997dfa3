/*
 * files.c - whole files, streams and paths.
 * Read next: ../cat.c, ../cp.c.
 */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report.h"

enum { COPY_BYTES = 64 * 1024 };

void *memory_resize(void *old, size_t size)
{
    void *p = realloc(old, size ? size : 1);
    if (!p) {
        report("memory exhausted");
        exit(2);
    }
    return p;
}

void *memory_get(size_t size)
{
    return memory_resize(NULL, size);
}

char *file_read_all(const char *path, size_t *length)
{
    size_t used = 0, room = 4096;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    char *buffer = memory_get(room);
    for (;;) {
        ssize_t got = read(fd, buffer + used, room - used - 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            int saved = errno;
            free(buffer);
            close(fd);
            errno = saved;
            return NULL;
        }
        used += (size_t)got;
        if (got == 0)
            break;
        if (room - used < 2)
            buffer = memory_resize(buffer, room *= 2);
    }
    close(fd);
    buffer[used] = 0;
    if (length)
        *length = used;
    return buffer;
}

int file_write_all(int fd, const void *buffer, size_t length)
{
    const char *p = buffer;
    while (length) {
        ssize_t put = write(fd, p, length);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return -1;
        p += put;
        length -= (size_t)put;
    }
    return 0;
}

int file_copy(int from, int to)
{
    static char buffer[COPY_BYTES];
    for (;;) {
        ssize_t got = read(from, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            return 0;
        if (file_write_all(to, buffer, (size_t)got))
            return -2;
    }
}

char *file_join(const char *folder, const char *name)
{
    size_t a = strlen(folder), b = strlen(name);
    char *path = memory_get(a + b + 2);
    memcpy(path, folder, a + 1);
    if (a && folder[a - 1] != '/')
        path[a++] = '/';
    memcpy(path + a, name, b + 1);
    return path;
}

const char *file_base_name(const char *path)
{
    const char *base = path;
    for (const char *p = path; *p; p++)
        if (p[0] == '/' && p[1] && p[1] != '/')
            base = p + 1;
    return base;
}
