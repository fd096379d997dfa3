#pragma once
/*
 * lockfile.h - locks that are files: three that fail, each with its mending.
 *
 * 1 lockfile_look     looks for the file, then makes it. Fails: two look
 *                     before either has made it, and both go on.
 * 2 lockfile_make     O_EXCL: looks and makes in one step. It keeps all out,
 *                     for ever if its owner dies.
 * 3 lockfile_break    writes the owner's number into the file; who finds that
 *                     owner dead takes the file away and makes a new one.
 *                     Fails: two find it dead, one makes its own file, and the
 *                     other takes that away.
 * 4 lockfile_remove   locks the file itself (flock); the kernel unlocks for an
 *                     owner that dies. The owner removes the file at the end.
 *                     Fails: who waited at it then has a file without a name,
 *                     while the next one makes and locks a new file.
 * 5 lockfile_recheck  the same, but who has the lock looks whether its file
 *                     still bears the name, and else begins again.
 *
 * Where a window is open for others, lockfile_window() goes wide.
 * Read next: spinlock.h, where the one step is an instruction.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* The path to lock by, and for 4 and 5 the owner's open file. */
struct lockfile {
    const char *path;
    int fd;
    unsigned long tries; /* how often the lock was taken */
};

/* Others run here if anybody can: what may go wrong goes wrong often. */
static inline void lockfile_window(void)
{
    sched_yield();
}

/* Passes a moment before the next try. */
static inline void lockfile_wait(struct lockfile *l)
{
    l->tries++;
    sched_yield();
}

/* All of them: 0, or -1 with errno. 1: broken. */
static inline int lockfile_look(struct lockfile *l)
{
    while (access(l->path, F_OK) == 0)
        lockfile_wait(l);
    lockfile_window(); /* another one looks */
    int fd = open(l->path, O_WRONLY | O_CREAT, 0600);
    return fd < 0 ? -1 : close(fd);
}

/* 2: mends 1. */
static inline int lockfile_make(struct lockfile *l)
{
    int fd;
    while ((fd = open(l->path, O_WRONLY | O_CREAT | O_EXCL, 0600)) < 0) {
        if (errno != EEXIST)
            return -1;
        lockfile_wait(l);
    }
    return close(fd);
}

/* Whether the file names an owner that is dead. */
static inline bool lockfile_is_stale(const char *path)
{
    pid_t owner = 0;
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        return false;
    bool known = read(fd, &owner, sizeof owner) == sizeof owner;
    close(fd);
    return known && kill(owner, 0) != 0 && errno == ESRCH;
}

/* 3: broken. */
static inline int lockfile_break(struct lockfile *l)
{
    pid_t self = getpid();
    int fd;
    while ((fd = open(l->path, O_WRONLY | O_CREAT | O_EXCL, 0600)) < 0) {
        if (errno != EEXIST)
            return -1;
        if (lockfile_is_stale(l->path)) {
            lockfile_window(); /* another one breaks it and makes its own */
            unlink(l->path);
        } else {
            lockfile_wait(l);
        }
    }
    ssize_t written = write(fd, &self, sizeof self);
    close(fd);
    return written == sizeof self ? 0 : -1;
}

/* Gives back 1, 2 and 3. */
static inline int lockfile_unlink(struct lockfile *l)
{
    /* After a failure it may be somebody else's file, or gone. */
    return unlink(l->path) == 0 || errno == ENOENT ? 0 : -1;
}

/* 4: mends 3, but is broken itself. */
static inline int lockfile_remove(struct lockfile *l)
{
    l->fd = open(l->path, O_RDWR | O_CREAT, 0600);
    lockfile_window(); /* the owner removes it */
    return l->fd < 0 ? -1 : flock(l->fd, LOCK_EX);
}

/* Whether the open file still bears the name. */
static inline bool lockfile_is_current(const struct lockfile *l)
{
    struct stat mine, named;
    return fstat(l->fd, &mine) == 0 && stat(l->path, &named) == 0 &&
           mine.st_dev == named.st_dev && mine.st_ino == named.st_ino;
}

/* 5: mends 4. */
static inline int lockfile_recheck(struct lockfile *l)
{
    while (lockfile_remove(l) == 0) {
        if (lockfile_is_current(l))
            return 0;
        close(l->fd);
        l->tries++;
    }
    return -1;
}

/* Gives back 4 and 5: removes the name first, so that nobody who gets the lock
 * afterwards can take the file for a current one. */
static inline int lockfile_close(struct lockfile *l)
{
    return lockfile_unlink(l) == 0 ? close(l->fd) : -1;
}
