/*
 * ipc/mqueue.h - POSIX message queues.
 */
#pragma once

#include "abi/mqueue.h"
#include "fs/file.h"

/* Who is told when a message comes to an empty queue. */
struct mq_notice {
    int32_t pid;       /* 0: nobody */
    uint64_t start_ns; /* of that process: numbers are used again */
    struct sigevent event;
    /* Is that process alive?  Then send it `info`, unless that is NULL. */
    bool (*send)(const struct mq_notice *notice, const siginfo_t *info);
};

/*
 * Open the queue `name`, made with `mode` and `attr` (NULL: the defaults) if
 * flags has O_CREAT; `byte_limit`: of all queues together.  The caller has the
 * reference of the file.
 * 0, -EACCES, -EEXIST, -EINVAL, -ENOENT, -EMFILE (bytes), -ENOSPC, -ENOMEM.
 */
__must_check int mq_open(const char *name, int flags, uint32_t mode,
                         const struct mq_attr *attr, uint64_t byte_limit,
                         struct file **out);

/* Take the name away; the queue goes with its last file.  0, -ENOENT, -EPERM.
 */
__must_check int mq_unlink(const char *name);

/* 0, -EBADF (no queue, not open for that), -EMSGSIZE, -EINVAL, -EFAULT,
 * -ENOMEM, -EAGAIN, -ETIMEDOUT, -ERESTARTSYS. */
__must_check int mq_send(struct file *file, const char __user *text,
                         size_t bytes, unsigned priority, uint64_t deadline);

/* The length of the message copied to `text`, or the same errors. */
int64_t mq_receive(struct file *file, char __user *text, size_t bytes,
                   unsigned *priority, uint64_t deadline);

/* Register `notice`, or, if its `send` is NULL, end the registration of process
 * notice->pid.  0, -EBADF, -EBUSY. */
__must_check int mq_notify(struct file *file, const struct mq_notice *notice);

/* Attributes before, and (new not NULL) a new O_NONBLOCK.  0, -EBADF, -EINVAL.
 */
__must_check int mq_attributes(struct file *file, const struct mq_attr *new,
                               struct mq_attr *old);

/* Boot. */
void mq_init(void);
