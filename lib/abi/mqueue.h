/*
 * abi/mqueue.h - POSIX message queues.
 */
#pragma once

#include "abi/signal.h"
#include "abi/sigevent.h"

#define MQ_PRIO_MAX 32768

struct mq_attr {
    long mq_flags;   /* O_NONBLOCK or 0 */
    long mq_maxmsg;  /* messages that fit */
    long mq_msgsize; /* most bytes of one */
    long mq_curmsgs; /* messages in the queue */
    long __reserved[4];
};

_Static_assert(sizeof(struct mq_attr) == 64, "layout of struct mq_attr");
