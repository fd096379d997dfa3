/*
 * sys/msg.h - System V message queues.
 */
#pragma once

#include <stddef.h>
#include <sys/ipc.h>

#include "abi/msg.h"

int msgget(key_t key, int flags);
int msgsnd(int id, const void *message, size_t bytes, int flags);
ssize_t msgrcv(int id, void *message, size_t bytes, long type, int flags);
int msgctl(int id, int command, struct msqid_ds *buf);
