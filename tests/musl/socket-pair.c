/*
 * socketpair: a stream, records of their own length, shutdown of one way, and
 * a descriptor that travels through it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BYTES = 300000 };

static int send_descriptor(int socket, int fd)
{
    char byte = 'd', control[CMSG_SPACE(sizeof(int))] = { 0 };
    struct iovec data = { &byte, 1 };
    struct msghdr message = { .msg_iov = &data,
                              .msg_iovlen = 1,
                              .msg_control = control,
                              .msg_controllen = sizeof control };
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(c), &fd, sizeof fd);
    return sendmsg(socket, &message, 0) == 1 ? 0 : -1;
}

static int take_descriptor(int socket)
{
    char byte, control[CMSG_SPACE(sizeof(int))];
    struct iovec data = { &byte, 1 };
    struct msghdr message = { .msg_iov = &data,
                              .msg_iovlen = 1,
                              .msg_control = control,
                              .msg_controllen = sizeof control };
    int fd;
    if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != 1)
        return -1;
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);
    if (!c || c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(sizeof fd))
        return -1;
    memcpy(&fd, CMSG_DATA(c), sizeof fd);
    return fd;
}

/* Sends everything through a stream that holds far less; the sum of it. */
static long stream(void)
{
    static unsigned char bytes[BYTES];
    int s[2], status;
    long sum = 0;
    ssize_t got;

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, s))
        return -1;
    if (fork() == 0) {
        close(s[0]);
        for (int i = 0; i < BYTES; i++)
            bytes[i] = (unsigned char)(i % 251);
        for (size_t at = 0; at < BYTES; at += (size_t)got)
            if ((got = write(s[1], bytes + at, BYTES - at)) <= 0)
                _exit(1);
        shutdown(s[1], SHUT_WR); /* the other way stays open */
        _exit(read(s[1], bytes, 4) == 4 ? 0 : 2);
    }
    close(s[1]);
    while ((got = read(s[0], bytes, 7777)) > 0)
        for (ssize_t i = 0; i < got; i++)
            sum += bytes[i];
    if (write(s[0], "done", 4) != 4 || wait(&status) < 0 || status)
        return -2;
    close(s[0]);
    return sum;
}

int main(void)
{
    int s[2], status, ends[2];
    char text[20] = "";
    long wanted = 0;

    for (int i = 0; i < BYTES; i++)
        wanted += i % 251;
    printf("stream %d, ", stream() == wanted);
    fflush(stdout);

    if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, s))
        return 1;
    if (send(s[0], "first", 5, 0) != 5 || send(s[0], "2nd", 3, 0) != 3)
        return 2;
    ssize_t first = recv(s[1], text, 2, 0);
    ssize_t second = recv(s[1], text, sizeof text, 0);
    printf("records %zd %zd %.3s, ", first, second, text);

    if (pipe(ends))
        return 3;
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        close(ends[1]);
        int fd = take_descriptor(s[1]);
        _exit(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC &&
                      write(fd, "through", 7) == 7
                  ? 0
                  : 1);
    }
    if (send_descriptor(s[0], ends[1]) || close(ends[1]))
        return 4;
    memset(text, 0, sizeof text);
    ssize_t got = read(ends[0], text, sizeof text - 1);
    waitpid(pid, &status, 0);
    printf("rights %zd %s %d, ", got, text, status);

    signal(SIGPIPE, SIG_IGN);
    close(s[1]);
    ssize_t sent = send(s[0], "x", 1, 0);
    printf("gone %zd %s %zd\n", sent, errno == EPIPE ? "EPIPE" : "other",
           recv(s[0], text, 1, 0));
    return 0;
}
