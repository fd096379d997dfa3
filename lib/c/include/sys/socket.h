/*
 * sys/socket.h - sockets; the kernel has the Unix domain.
 */
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include "abi/socket.h"

#define PF_UNIX  AF_UNIX
#define AF_LOCAL AF_UNIX

struct sockaddr {
    sa_family_t sa_family;
    char sa_data[14];
};

struct sockaddr_storage {
    sa_family_t ss_family;
    char ss_data[126];
};

/* Control messages: a header, then data, aligned to size_t. */
#define CMSG_ALIGN(n) (((n) + sizeof(size_t) - 1) & ~(sizeof(size_t) - 1))
#define CMSG_SPACE(n) (CMSG_ALIGN(sizeof(struct cmsghdr)) + CMSG_ALIGN(n))
#define CMSG_LEN(n)   (CMSG_ALIGN(sizeof(struct cmsghdr)) + (n))
#define CMSG_DATA(h)  ((unsigned char *)((struct cmsghdr *)(h) + 1))
#define CMSG_FIRSTHDR(m)                                                       \
    ((m)->msg_controllen >= sizeof(struct cmsghdr)                             \
         ? (struct cmsghdr *)(m)->msg_control                                  \
         : (struct cmsghdr *)0)

int socket(int domain, int type, int protocol);
int socketpair(int domain, int type, int protocol, int fds[2]);
int bind(int fd, const struct sockaddr *address, socklen_t length);
int connect(int fd, const struct sockaddr *address, socklen_t length);
int listen(int fd, int backlog);
int accept(int fd, struct sockaddr *address, socklen_t *length);
int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags);
int shutdown(int fd, int how);
ssize_t send(int fd, const void *buf, size_t count, int flags);
ssize_t sendto(int fd, const void *buf, size_t count, int flags,
               const struct sockaddr *address, socklen_t length);
ssize_t sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t recv(int fd, void *buf, size_t count, int flags);
ssize_t recvfrom(int fd, void *buf, size_t count, int flags,
                 struct sockaddr *address, socklen_t *length);
ssize_t recvmsg(int fd, struct msghdr *message, int flags);
int getsockname(int fd, struct sockaddr *address, socklen_t *length);
int getpeername(int fd, struct sockaddr *address, socklen_t *length);
int getsockopt(int fd, int level, int name, void *value, socklen_t *length);
int setsockopt(int fd, int level, int name, const void *value,
               socklen_t length);
