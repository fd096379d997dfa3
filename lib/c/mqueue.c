/*
 * lib/c/mqueue.c - POSIX message queues.  The kernel's names have no slash.
 */
#include <mqueue.h>
#include <stdarg.h>
#include <unistd.h>

#include "cancel.h"

/* Without O_CREAT there are no further arguments; what is read instead is not
 * used. */
mqd_t mq_open(const char *name, int flags, ...)
{
    va_list args;

    va_start(args, flags);
    mode_t mode = va_arg(args, mode_t);
    const struct mq_attr *attributes = va_arg(args, const struct mq_attr *);

    va_end(args);
    if (name[0] != '/') {
        errno = EINVAL;
        return -1;
    }
    if (!(flags & O_CREAT))
        attributes = NULL;
    return (mqd_t)CALL(mq_open, name + 1, flags, mode, attributes);
}

int mq_close(mqd_t queue)
{
    return close(queue);
}

int mq_unlink(const char *name)
{
    if (name[0] != '/') {
        errno = EINVAL;
        return -1;
    }
    return (int)CALL(mq_unlink, name + 1);
}

int mq_getattr(mqd_t queue, struct mq_attr *attributes)
{
    return mq_setattr(queue, NULL, attributes);
}

int mq_setattr(mqd_t queue, const struct mq_attr *attributes,
               struct mq_attr *old)
{
    return (int)CALL(mq_getsetattr, queue, attributes, old);
}

int mq_send(mqd_t queue, const char *text, size_t bytes, unsigned priority)
{
    return mq_timedsend(queue, text, bytes, priority, NULL);
}

int mq_timedsend(mqd_t queue, const char *text, size_t bytes, unsigned priority,
                 const struct timespec *deadline)
{
    return (int)CANCEL_CALL(mq_timedsend, queue, text, bytes, priority,
                            deadline);
}

ssize_t mq_receive(mqd_t queue, char *text, size_t bytes, unsigned *priority)
{
    return mq_timedreceive(queue, text, bytes, priority, NULL);
}

ssize_t mq_timedreceive(mqd_t queue, char *text, size_t bytes,
                        unsigned *priority, const struct timespec *deadline)
{
    return CANCEL_CALL(mq_timedreceive, queue, text, bytes, priority, deadline);
}

int mq_notify(mqd_t queue, const struct sigevent *event)
{
    return (int)CALL(mq_notify, queue, event);
}
