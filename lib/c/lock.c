/*
 * lib/c/lock.c - locks on files.
 *
 * lockf() is fcntl() with the offset as start and write locks only.
 */
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "call.h"

int flock(int fd, int operation)
{
    return (int)CALL(flock, fd, operation);
}

/* Fails if another process has locked part of the section, alone. */
static int lockf_test(int fd, struct flock *lock)
{
    lock->l_type = F_RDLCK;
    if (fcntl(fd, F_GETLK, lock) != 0)
        return -1;
    if (lock->l_type == F_UNLCK)
        return 0;
    errno = EACCES;
    return -1;
}

int lockf(int fd, int command, off_t length)
{
    struct flock lock = { .l_whence = SEEK_CUR, .l_len = length };

    switch (command) {
    case F_TEST:
        return lockf_test(fd, &lock);
    case F_LOCK:
    case F_TLOCK:
    case F_ULOCK:
        lock.l_type = command == F_ULOCK ? F_UNLCK : F_WRLCK;
        return fcntl(fd, command == F_LOCK ? F_SETLKW : F_SETLK, &lock);
    default:
        errno = EINVAL;
        return -1;
    }
}
