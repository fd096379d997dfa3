/*
 * sys/sem.h - System V semaphores.
 */
#pragma once

#include <stddef.h>
#include <sys/ipc.h>

#include "abi/sem.h"
#include "abi/time.h"

int semget(key_t key, int count, int flags);
int semop(int id, struct sembuf *ops, size_t count);
int semtimedop(int id, struct sembuf *ops, size_t count,
               const struct timespec *timeout);
/* The fourth argument is a union semun, which programs define. */
int semctl(int id, int number, int command, ...);
