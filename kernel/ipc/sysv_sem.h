/*
 * ipc/sysv_sem.h - System V semaphores.
 */
#pragma once

#include "abi/sem.h"
#include "ipc/sysv.h"

/* semget: an id, or -errno of sysv_get() and sysv_add(), -EINVAL (count). */
int64_t sysv_sem_get(key_t key, int count, int flags);

/*
 * semop: do all operations at once, or sleep until that is possible, at most
 * until `deadline`.  0, -EINVAL, -EACCES, -EFBIG (number), -ERANGE, -ENOMEM,
 * -EAGAIN (IPC_NOWAIT or the deadline), -EIDRM, -EINTR.
 */
int64_t sysv_sem_operate(int id, const struct sembuf *ops, unsigned count,
                         uint64_t deadline);

/* As sysv_shm_stat(). */
int64_t sysv_sem_stat(int id, int command, struct semid_ds *out);
/* IPC_SET, or IPC_RMID if `from` is NULL: 0, -EINVAL, -EPERM. */
int64_t sysv_sem_change(int id, const struct semid_ds *from);
/* IPC_INFO, SEM_INFO: highest used slot. */
int64_t sysv_sem_info(int command, struct seminfo *out);

/* GETVAL GETPID GETNCNT GETZCNT of one semaphore; -EINVAL, -EACCES. */
int64_t sysv_sem_read(int id, int number, int command);
/* SETVAL: 0, -EINVAL, -EACCES, -ERANGE. */
int64_t sysv_sem_write(int id, int number, int value);

/* Semaphores of the set; -EINVAL, -EACCES. */
int64_t sysv_sem_count(int id, unsigned rights);
/* GETALL and SETALL; `count` as sysv_sem_count() told.  0, -EINVAL, -EACCES,
 * -ERANGE, -EIDRM. */
int64_t sysv_sem_read_all(int id, uint16_t *values, unsigned count);
int64_t sysv_sem_write_all(int id, const uint16_t *values, unsigned count);

/* Process `pid` ends: take back what it did with SEM_UNDO. */
void sysv_sem_exit(int32_t pid);

void sysv_sem_for_each(void (*show)(int id, const struct semid_ds *facts,
                                    void *arg),
                       void *arg);

/* Boot. */
void sysv_sem_init(void);
