/*
 * lib/c/sysv.c - System V shared memory, messages and semaphores.  Each
 * function is the call of its name.
 */
#include <stdarg.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>

#include "cancel.h"

key_t ftok(const char *path, int project)
{
    struct stat status;

    if (stat(path, &status) != 0)
        return -1;
    return (key_t)((status.st_ino & 0xffff) | ((status.st_dev & 0xff) << 16) |
                   ((unsigned)project & 0xff) << 24);
}

int shmget(key_t key, size_t bytes, int flags)
{
    return (int)CALL(shmget, key, bytes, flags);
}

void *shmat(int id, const void *address, int flags)
{
    return (void *)CALL(shmat, id, address, flags);
}

int shmdt(const void *address)
{
    return (int)CALL(shmdt, address);
}

int shmctl(int id, int command, struct shmid_ds *buf)
{
    return (int)CALL(shmctl, id, command, buf);
}

int msgget(key_t key, int flags)
{
    return (int)CALL(msgget, key, flags);
}

int msgsnd(int id, const void *message, size_t bytes, int flags)
{
    return (int)CANCEL_CALL(msgsnd, id, message, bytes, flags);
}

ssize_t msgrcv(int id, void *message, size_t bytes, long type, int flags)
{
    return CANCEL_CALL(msgrcv, id, message, bytes, type, flags);
}

int msgctl(int id, int command, struct msqid_ds *buf)
{
    return (int)CALL(msgctl, id, command, buf);
}

int semget(key_t key, int count, int flags)
{
    return (int)CALL(semget, key, count, flags);
}

int semop(int id, struct sembuf *ops, size_t count)
{
    return (int)CALL(semop, id, ops, count);
}

int semtimedop(int id, struct sembuf *ops, size_t count,
               const struct timespec *timeout)
{
    return (int)CALL(semtimedop, id, ops, count, timeout);
}

/* Commands without a fourth argument do not look at what is read here. */
int semctl(int id, int number, int command, ...)
{
    va_list args;

    va_start(args, command);
    long argument = va_arg(args, long);

    va_end(args);
    return (int)CALL(semctl, id, number, command, argument);
}
