/*
 * abi/msg.h - System V message queues.
 */
#pragma once

#include "abi/ipc.h"

#define MSG_NOERROR 010000 /* cut off what does not fit */
#define MSG_EXCEPT  020000 /* any type but this */
#define MSG_COPY    040000

#define MSG_STAT     11
#define MSG_INFO     12
#define MSG_STAT_ANY 13

#define MSGMNI 256   /* queues */
#define MSGMAX 8192  /* bytes of a message */
#define MSGMNB 16384 /* bytes of a queue */

typedef unsigned long msgqnum_t;
typedef unsigned long msglen_t;

struct msqid_ds {
    struct ipc_perm msg_perm;
    time_t msg_stime;
    time_t msg_rtime;
    time_t msg_ctime;
    unsigned long __msg_cbytes; /* bytes in the queue */
    msgqnum_t msg_qnum;         /* messages in it */
    msglen_t msg_qbytes;        /* bytes that may be */
    pid_t msg_lspid;
    pid_t msg_lrpid;
    unsigned long __unused[2];
};

struct msgbuf {
    long mtype;
    char mtext[1];
};

struct msginfo {
    int msgpool, msgmap, msgmax, msgmnb, msgmni, msgssz, msgtql;
    unsigned short msgseg;
};

_Static_assert(sizeof(struct msqid_ds) == 120, "layout of struct msqid_ds");
