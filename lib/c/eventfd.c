/*
 * lib/c/eventfd.c - event counters.
 */
#include <sys/eventfd.h>
#include <unistd.h>

#include "call.h"

int eventfd(unsigned value, int flags)
{
    return (int)CALL(eventfd2, value, flags);
}

int eventfd_read(int fd, eventfd_t *value)
{
    return read(fd, value, sizeof(*value)) == sizeof(*value) ? 0 : -1;
}

int eventfd_write(int fd, eventfd_t value)
{
    return write(fd, &value, sizeof(value)) == sizeof(value) ? 0 : -1;
}
