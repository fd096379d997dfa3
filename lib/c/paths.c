/*
 * lib/c/paths.c - system calls that change or read the tree of names.
 */
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "call.h"

int chdir(const char *path)
{
    return (int)CALL(chdir, path);
}

int fchdir(int fd)
{
    return (int)CALL(fchdir, fd);
}

/* With no buffer it returns memory that the caller frees. */
char *getcwd(char *buf, size_t size)
{
    char *own = NULL;

    if (buf == NULL) {
        size = size > 0 ? size : PATH_MAX;
        buf = own = malloc(size);
        if (own == NULL)
            return NULL;
    }
    if (CALL(getcwd, buf, size) < 0) {
        free(own);
        return NULL;
    }
    return buf;
}

int mkdir(const char *path, mode_t mode)
{
    return (int)CALL(mkdir, path, mode);
}

int mkdirat(int dir_fd, const char *path, mode_t mode)
{
    return (int)CALL(mkdirat, dir_fd, path, mode);
}

int mknod(const char *path, mode_t mode, dev_t device)
{
    return (int)CALL(mknod, path, mode, device);
}

int mknodat(int dir_fd, const char *path, mode_t mode, dev_t device)
{
    return (int)CALL(mknodat, dir_fd, path, mode, device);
}

int mkfifo(const char *path, mode_t mode)
{
    return mknod(path, mode | S_IFIFO, 0);
}

int rmdir(const char *path)
{
    return (int)CALL(rmdir, path);
}

int unlink(const char *path)
{
    return (int)CALL(unlink, path);
}

int unlinkat(int dir_fd, const char *path, int flags)
{
    return (int)CALL(unlinkat, dir_fd, path, flags);
}

int remove(const char *path)
{
    if (unlink(path) == 0)
        return 0;
    return errno == EISDIR ? rmdir(path) : -1;
}

int rename(const char *from, const char *to)
{
    return (int)CALL(rename, from, to);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    return (int)CALL(renameat, from_fd, from, to_fd, to);
}

int renameat2(int from_fd, const char *from, int to_fd, const char *to,
              unsigned flags)
{
    return (int)CALL(renameat2, from_fd, from, to_fd, to, flags);
}

int link(const char *from, const char *to)
{
    return (int)CALL(link, from, to);
}

int linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
    return (int)CALL(linkat, from_fd, from, to_fd, to, flags);
}

int symlink(const char *target, const char *path)
{
    return (int)CALL(symlink, target, path);
}

int symlinkat(const char *target, int dir_fd, const char *path)
{
    return (int)CALL(symlinkat, target, dir_fd, path);
}

ssize_t readlink(const char *path, char *buf, size_t size)
{
    return CALL(readlink, path, buf, size);
}

ssize_t readlinkat(int dir_fd, const char *path, char *buf, size_t size)
{
    return CALL(readlinkat, dir_fd, path, buf, size);
}

/* Fills the six X at the end of path with random letters. */
static int fill_template(char *path)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz012345";
    size_t length = strlen(path);
    unsigned char random[6];

    if (length < 6 || memcmp(path + length - 6, "XXXXXX", 6) != 0) {
        errno = EINVAL;
        return -1;
    }
    if (getrandom(random, sizeof(random), 0) != sizeof(random))
        return -1;
    for (int i = 0; i < 6; i++)
        path[length - 6 + (size_t)i] = letters[random[i] % 32];
    return 0;
}

/* A name that is taken is tried again with other letters. */
int mkstemp(char *path)
{
    int fd;

    do {
        if (fill_template(path) != 0)
            return -1;
        fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
        if (fd < 0)
            memcpy(path + strlen(path) - 6, "XXXXXX", 6);
    } while (fd < 0 && errno == EEXIST);
    return fd;
}

char *mkdtemp(char *path)
{
    int result;

    do {
        if (fill_template(path) != 0)
            return NULL;
        result = mkdir(path, 0700);
        if (result != 0)
            memcpy(path + strlen(path) - 6, "XXXXXX", 6);
    } while (result != 0 && errno == EEXIST);
    return result == 0 ? path : NULL;
}

/* The kernel knows the answer: the name behind an open descriptor. */
char *realpath(const char *path, char *out)
{
    char proc[32], buf[PATH_MAX];
    int fd = open(path, O_PATH | O_CLOEXEC);

    if (fd < 0)
        return NULL;
    snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
    ssize_t length = readlink(proc, buf, sizeof(buf) - 1);

    close(fd);
    if (length < 0)
        return NULL;
    buf[length] = '\0';
    if (out == NULL)
        return strdup(buf);
    return memcpy(out, buf, (size_t)length + 1);
}

/* Cuts slashes off the end of path, but for a single "/". */
static size_t trim_slashes(const char *path, size_t length)
{
    while (length > 1 && path[length - 1] == '/')
        length--;
    return length;
}

char *basename(char *path)
{
    static char here[] = ".";

    if (path == NULL || *path == '\0')
        return here;
    path[trim_slashes(path, strlen(path))] = '\0';

    char *slash = strrchr(path, '/');

    return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

char *dirname(char *path)
{
    static char here[] = ".";

    if (path == NULL || *path == '\0')
        return here;
    size_t length = trim_slashes(path, strlen(path));

    while (length > 0 && path[length - 1] != '/')
        length--;
    if (length == 0)
        return here;
    path[trim_slashes(path, length)] = '\0';
    return path;
}
