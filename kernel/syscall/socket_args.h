/*
 * syscall/socket_args.h - arguments that the socket calls share.
 */
#pragma once

#include "net/unix.h"

/* The socket of `fd`; *file with a reference.  -EBADF, -ENOTSOCK. */
__must_check int socket_get(int fd, struct file **file, struct unix_socket **s);

/* May a call on `file` with MSG_* `flags` wait? */
bool socket_waits(const struct file *file, int flags);

/* An address argument, copied and checked.  -EINVAL, -EFAULT. */
__must_check int socket_address_get(const struct sockaddr_un __user *from,
                                    uint32_t bytes, struct unix_address *out);

/* Copy an address out (`to` NULL: nobody wants it); *length is in-out. */
__must_check int socket_address_put(const struct unix_address *address,
                                    struct sockaddr_un __user *to,
                                    uint32_t __user *length);
