/*
 * lib/c/socket.c - the socket calls.
 */
#include <sys/socket.h>

#include "cancel.h"

int socket(int domain, int type, int protocol)
{
    return (int)CALL(socket, domain, type, protocol);
}

int socketpair(int domain, int type, int protocol, int fds[2])
{
    return (int)CALL(socketpair, domain, type, protocol, fds);
}

int bind(int fd, const struct sockaddr *address, socklen_t length)
{
    return (int)CALL(bind, fd, address, length);
}

int connect(int fd, const struct sockaddr *address, socklen_t length)
{
    return (int)CANCEL_CALL(connect, fd, address, length);
}

int listen(int fd, int backlog)
{
    return (int)CALL(listen, fd, backlog);
}

int accept(int fd, struct sockaddr *address, socklen_t *length)
{
    return (int)CANCEL_CALL(accept, fd, address, length);
}

int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags)
{
    return (int)CANCEL_CALL(accept4, fd, address, length, flags);
}

int shutdown(int fd, int how)
{
    return (int)CALL(shutdown, fd, how);
}

ssize_t send(int fd, const void *buf, size_t count, int flags)
{
    return sendto(fd, buf, count, flags, NULL, 0);
}

ssize_t sendto(int fd, const void *buf, size_t count, int flags,
               const struct sockaddr *address, socklen_t length)
{
    return CANCEL_CALL(sendto, fd, buf, count, flags, address, length);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    return CANCEL_CALL(sendmsg, fd, message, flags);
}

ssize_t recv(int fd, void *buf, size_t count, int flags)
{
    return recvfrom(fd, buf, count, flags, NULL, NULL);
}

ssize_t recvfrom(int fd, void *buf, size_t count, int flags,
                 struct sockaddr *address, socklen_t *length)
{
    return CANCEL_CALL(recvfrom, fd, buf, count, flags, address, length);
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    return CANCEL_CALL(recvmsg, fd, message, flags);
}

int getsockname(int fd, struct sockaddr *address, socklen_t *length)
{
    return (int)CALL(getsockname, fd, address, length);
}

int getpeername(int fd, struct sockaddr *address, socklen_t *length)
{
    return (int)CALL(getpeername, fd, address, length);
}

int getsockopt(int fd, int level, int name, void *value, socklen_t *length)
{
    return (int)CALL(getsockopt, fd, level, name, value, length);
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t length)
{
    return (int)CALL(setsockopt, fd, level, name, value, length);
}
