/*
 * mqueue.h - POSIX message queues.
 */
#pragma once

#include <fcntl.h>
#include <stddef.h>

#include "abi/mqueue.h"
#include "abi/time.h"

typedef int mqd_t;

/* Names start with a slash and have no other.  With O_CREAT: mode_t mode and
 * struct mq_attr *attributes (NULL: 10 messages of 8192 bytes) follow. */
mqd_t mq_open(const char *name, int flags, ...);
int mq_close(mqd_t queue);
int mq_unlink(const char *name);
int mq_getattr(mqd_t queue, struct mq_attr *attributes);
int mq_setattr(mqd_t queue, const struct mq_attr *attributes,
               struct mq_attr *old);
int mq_send(mqd_t queue, const char *text, size_t bytes, unsigned priority);
int mq_timedsend(mqd_t queue, const char *text, size_t bytes, unsigned priority,
                 const struct timespec *deadline);
ssize_t mq_receive(mqd_t queue, char *text, size_t bytes, unsigned *priority);
ssize_t mq_timedreceive(mqd_t queue, char *text, size_t bytes,
                        unsigned *priority, const struct timespec *deadline);
int mq_notify(mqd_t queue, const struct sigevent *event);
