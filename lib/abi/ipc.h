/*
 * abi/ipc.h - what System V shared memory, messages and semaphores share.
 */
#pragma once

#include "abi/types.h"

typedef int key_t;

#define IPC_PRIVATE ((key_t)0)

#define IPC_CREAT  01000
#define IPC_EXCL   02000
#define IPC_NOWAIT 04000

#define IPC_RMID 0
#define IPC_SET  1
#define IPC_STAT 2
#define IPC_INFO 3

struct ipc_perm {
    key_t __key;
    uid_t uid; /* owner */
    gid_t gid;
    uid_t cuid; /* creator */
    gid_t cgid;
    mode_t mode; /* rights, and SHM_DEST */
    unsigned short __seq;
    unsigned short __pad;
    unsigned long __unused[2];
};

_Static_assert(sizeof(struct ipc_perm) == 48, "layout of struct ipc_perm");
