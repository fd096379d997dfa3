/*
 * abi/shm.h - System V shared memory.
 */
#pragma once

#include "abi/ipc.h"

#define SHM_RDONLY 010000
#define SHM_RND    020000 /* round the address down to SHMLBA */
#define SHM_REMAP  040000 /* replace what is mapped there */
#define SHM_EXEC   0100000
#define SHMLBA     4096
#define SHMMIN     1
#define SHMMNI     4096

#define SHM_R 0400
#define SHM_W 0200

#define SHM_HUGETLB   04000
#define SHM_NORESERVE 010000

/* In shm_perm.mode */
#define SHM_DEST   01000 /* goes with its last attachment */
#define SHM_LOCKED 02000

#define SHM_LOCK     11
#define SHM_UNLOCK   12
#define SHM_STAT     13
#define SHM_INFO     14
#define SHM_STAT_ANY 15

typedef unsigned long shmatt_t;

struct shmid_ds {
    struct ipc_perm shm_perm;
    size_t shm_segsz;
    time_t shm_atime;
    time_t shm_dtime;
    time_t shm_ctime;
    pid_t shm_cpid;
    pid_t shm_lpid;
    shmatt_t shm_nattch;
    unsigned long __unused[2];
};

struct shminfo {
    unsigned long shmmax, shmmin, shmmni, shmseg, shmall;
    unsigned long __unused[4];
};

struct shm_info {
    int used_ids;
    unsigned long shm_tot, shm_rss, shm_swp; /* pages */
    unsigned long swap_attempts, swap_successes;
};

_Static_assert(sizeof(struct shmid_ds) == 112, "layout of struct shmid_ds");
