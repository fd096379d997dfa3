/*
 * abi/sem.h - System V semaphores.
 */
#pragma once

#include "abi/ipc.h"

#define SEM_UNDO 010000 /* taken back when the process ends */

#define GETPID       11
#define GETVAL       12
#define GETALL       13
#define GETNCNT      14
#define GETZCNT      15
#define SETVAL       16
#define SETALL       17
#define SEM_STAT     18
#define SEM_INFO     19
#define SEM_STAT_ANY 20

#define SEMMNI 1024   /* sets */
#define SEMMSL 32000  /* semaphores of a set */
#define SEMMNS 256000 /* of all sets */
#define SEMOPM 500    /* operations of one call */
#define SEMVMX 32767  /* largest value */
#define SEMAEM SEMVMX /* largest adjustment at exit */

struct semid_ds {
    struct ipc_perm sem_perm;
    time_t sem_otime;
    unsigned long __unused1;
    time_t sem_ctime;
    unsigned long __unused2;
    unsigned long sem_nsems;
    unsigned long __unused3[2];
};

struct sembuf {
    unsigned short sem_num;
    short sem_op;
    short sem_flg;
};

struct seminfo {
    int semmap, semmni, semmns, semmnu, semmsl, semopm, semume, semusz, semvmx,
        semaem;
};

_Static_assert(sizeof(struct semid_ds) == 104, "layout of struct semid_ds");
_Static_assert(sizeof(struct sembuf) == 6, "layout of struct sembuf");
