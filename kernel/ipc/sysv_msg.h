/*
 * ipc/sysv_msg.h - System V message queues.
 */
#pragma once

#include "abi/msg.h"
#include "ipc/sysv.h"

/* msgget: an id, or -errno of sysv_get() and sysv_add(). */
int64_t sysv_msg_get(key_t key, int flags);

/* msgsnd: 0, -EINVAL, -EFAULT, -ENOMEM, -EACCES, -EAGAIN, -EIDRM,
 * -ERESTARTNOHAND. */
int64_t sysv_msg_send(int id, long type, const void __user *text, size_t bytes,
                      int flags);

/* msgrcv: bytes copied to `text`, with the message's type in *type; -EINVAL,
 * -EFAULT, -EACCES, -ENOMSG, -E2BIG, -EIDRM, -ERESTARTNOHAND. */
int64_t sysv_msg_receive(int id, void __user *text, size_t bytes, long wanted,
                         int flags, long *type);

/* As sysv_shm_stat(). */
int64_t sysv_msg_stat(int id, int command, struct msqid_ds *out);
/* IPC_SET, or IPC_RMID if `from` is NULL: 0, -EINVAL, -EPERM (not the owner, or
 * more bytes than MSGMNB). */
int64_t sysv_msg_change(int id, const struct msqid_ds *from);
/* IPC_INFO, MSG_INFO: highest used slot. */
int64_t sysv_msg_info(int command, struct msginfo *out);

void sysv_msg_for_each(void (*show)(int id, const struct msqid_ds *facts,
                                    void *arg),
                       void *arg);

/* Boot. */
void sysv_msg_init(void);
