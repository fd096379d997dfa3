/*
 * ipc/sysv_shm.h - System V shared memory segments.
 */
#pragma once

#include "abi/shm.h"
#include "ipc/sysv.h"
#include "vm/address_space.h"

/* shmget: an id, or -errno of sysv_get() and sysv_add(), -EINVAL (size). */
int64_t sysv_shm_get(key_t key, size_t bytes, int flags);

/* shmat into the space `as`: the address, or -EINVAL, -EACCES, -ENOMEM. */
int64_t sysv_shm_attach(struct address_space *as, int id, vaddr_t address,
                        int flags);

/* shmdt: 0, -EINVAL (no segment was attached there), -ENOMEM. */
int64_t sysv_shm_detach(struct address_space *as, vaddr_t address);

/* IPC_STAT, and by slot SHM_STAT and SHM_STAT_ANY: 0 (the id, by slot) or
 * -EINVAL, -EACCES. */
int64_t sysv_shm_stat(int id, int command, struct shmid_ds *out);

/* IPC_SET, IPC_RMID, SHM_LOCK, SHM_UNLOCK: 0, -EINVAL, -EPERM. */
int64_t sysv_shm_change(int id, int command, const struct shmid_ds *from);

/* IPC_INFO, SHM_INFO: highest used slot. */
int64_t sysv_shm_limits(struct shminfo *out);
int64_t sysv_shm_usage(struct shm_info *out);

/* Facts of each segment and its pages in memory, for /proc/sysvipc/shm. */
void sysv_shm_for_each(void (*show)(int id, const struct shmid_ds *facts,
                                    uint64_t resident, void *arg),
                       void *arg);

/* Boot. */
void sysv_shm_init(void);
