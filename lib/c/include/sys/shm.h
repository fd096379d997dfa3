/*
 * sys/shm.h - System V shared memory.
 */
#pragma once

#include <stddef.h>
#include <sys/ipc.h>

#include "abi/shm.h"

int shmget(key_t key, size_t bytes, int flags);
void *shmat(int id, const void *address, int flags);
int shmdt(const void *address);
int shmctl(int id, int command, struct shmid_ds *buf);
