/*
 * lib/c/directory.c - directory streams over getdents64().
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "call.h"

enum { DIRECTORY_BYTES = 4096 };

struct directory {
    int fd;
    size_t position; /* of the next record in buf */
    size_t end;      /* of the valid bytes in buf */
    long place;      /* telldir(): d_off of the last record returned */
    struct dirent entry;
    char buf[DIRECTORY_BYTES] __attribute__((aligned(8)));
};

DIR *fdopendir(int fd)
{
    struct stat st;
    DIR *dir;

    if (fstat(fd, &st) != 0)
        return NULL;
    if (!S_ISDIR(st.st_mode)) {
        errno = ENOTDIR;
        return NULL;
    }
    dir = malloc(sizeof(*dir));
    if (dir == NULL)
        return NULL;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    dir->fd = fd;
    dir->position = dir->end = 0;
    dir->place = 0;
    return dir;
}

DIR *opendir(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return NULL;
    DIR *dir = fdopendir(fd);

    if (dir == NULL)
        close(fd);
    return dir;
}

struct dirent *readdir(DIR *dir)
{
    if (dir->position >= dir->end) {
        long count = CALL(getdents64, dir->fd, dir->buf, sizeof(dir->buf));

        if (count <= 0)
            return NULL;
        dir->position = 0;
        dir->end = (size_t)count;
    }
    const struct linux_dirent64 *record =
        (const struct linux_dirent64 *)(dir->buf + dir->position);

    dir->position += record->d_reclen;
    dir->place = record->d_off;
    dir->entry.d_ino = record->d_ino;
    dir->entry.d_off = record->d_off;
    dir->entry.d_reclen = record->d_reclen;
    dir->entry.d_type = record->d_type;
    strlcpy(dir->entry.d_name, record->d_name, sizeof(dir->entry.d_name));
    return &dir->entry;
}

int closedir(DIR *dir)
{
    int fd = dir->fd;

    free(dir);
    return close(fd);
}

void seekdir(DIR *dir, long place)
{
    lseek(dir->fd, place, SEEK_SET);
    dir->position = dir->end = 0;
    dir->place = place;
}

void rewinddir(DIR *dir)
{
    seekdir(dir, 0);
}

long telldir(DIR *dir)
{
    return dir->place;
}

int dirfd(DIR *dir)
{
    return dir->fd;
}
