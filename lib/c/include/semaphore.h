/*
 * semaphore.h - counting semaphores in memory, of one process or of several
 * that share the memory.
 */
#pragma once

#include <time.h>

typedef struct {
    unsigned long word; /* value and number of those who wait for it */
    unsigned shared;    /* between processes */
} sem_t;

#define SEM_VALUE_MAX 0x7fffffff

int sem_init(sem_t *sem, int shared, unsigned value);
int sem_destroy(sem_t *sem);
int sem_post(sem_t *sem);
int sem_wait(sem_t *sem);
int sem_trywait(sem_t *sem);
/* Gives up at a time of the day. */
int sem_timedwait(sem_t *sem, const struct timespec *until);
int sem_getvalue(sem_t *sem, int *value);
