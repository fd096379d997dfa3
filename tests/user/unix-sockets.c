/*
 * Unix-domain sockets: pairs, names, connections, messages, descriptors and
 * credentials that travel, ends and errors.
 *
 * smp: 1 2 4
 */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sockaddr_un path_address(const char *path, socklen_t *length)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };

    strcpy(a.sun_path, path);
    *length =
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1);
    return a;
}

static void check_pair(int type, const char *name)
{
    int fds[2];
    char buf[64];

    NEED(socketpair(AF_UNIX, type, 0, fds) == 0);
    CHECK_EQ(write(fds[0], "hello", 5), 5, "%s: write", name);
    CHECK_EQ(write(fds[0], "you", 3), 3, "%s: write again", name);
    long n = read(fds[1], buf, sizeof(buf));
    CHECK_EQ(n, type == SOCK_STREAM ? 8 : 5, "%s: read", name);
    CHECK(memcmp(buf, "hello", 5) == 0, "%s: the bytes", name);
    if (type != SOCK_STREAM) {
        CHECK_EQ(recv(fds[1], buf, 2, MSG_TRUNC), 3, "%s: cut message", name);
        CHECK(buf[0] == 'y' && buf[1] == 'o', "%s: its start", name);
    }
    CHECK_ERRNO(recv(fds[1], buf, 1, MSG_DONTWAIT), EAGAIN, "%s: empty", name);
    CHECK_EQ(send(fds[1], "back", 4, 0), 4, "%s: the other way", name);
    CHECK_EQ(recv(fds[0], buf, 4, MSG_PEEK), 4, "%s: peek", name);
    CHECK_EQ(recv(fds[0], buf, 4, 0), 4, "%s: and take", name);
    close(fds[0]);
    if (type != SOCK_DGRAM) {
        CHECK_EQ(read(fds[1], buf, 4), 0, "%s: end", name);
        CHECK_ERRNO(send(fds[1], "x", 1, MSG_NOSIGNAL), EPIPE, "%s: EPIPE",
                    name);
    } else {
        CHECK_ERRNO(send(fds[1], "x", 1, 0), ECONNREFUSED, "%s: refused", name);
    }
    close(fds[1]);
}

static int listener(const struct sockaddr_un *a, socklen_t length)
{
    int s = socket(AF_UNIX, SOCK_STREAM, 0);

    NEED(s >= 0 && bind(s, (const struct sockaddr *)a, length) == 0 &&
         listen(s, 5) == 0);
    return s;
}

static void check_connection(const struct sockaddr_un *a, socklen_t length,
                             const char *name)
{
    int server = listener(a, length);
    int client = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un peer;
    socklen_t peer_length = sizeof(peer);
    char buf[16];

    NEED(client >= 0);
    CHECK_EQ(connect(client, (const struct sockaddr *)a, length), 0,
             "%s: connect", name);
    CHECK_ERRNO(connect(client, (const struct sockaddr *)a, length), EISCONN,
                "%s: twice", name);
    int accepted = accept(server, (struct sockaddr *)&peer, &peer_length);
    CHECK(accepted >= 0, "%s: accept", name);
    CHECK_EQ(peer_length, sizeof(sa_family_t), "%s: unnamed client", name);
    CHECK_EQ(write(client, "ping", 4), 4, "%s: client writes", name);
    CHECK_EQ(read(accepted, buf, sizeof(buf)), 4, "%s: server reads", name);
    peer_length = sizeof(peer);
    CHECK_EQ(getpeername(client, (struct sockaddr *)&peer, &peer_length), 0,
             "%s: getpeername", name);
    CHECK(peer_length == length && memcmp(&peer, a, length) == 0,
          "%s: is the server's", name);
    CHECK_EQ(shutdown(client, SHUT_WR), 0, "%s: shutdown", name);
    CHECK_EQ(read(accepted, buf, 1), 0, "%s: server sees the end", name);
    CHECK_EQ(write(accepted, "late", 4), 4, "%s: the other way lives", name);
    CHECK_EQ(read(client, buf, 4), 4, "%s: and arrives", name);
    close(server);
    close(accepted);
    CHECK_EQ(read(client, buf, 4), 0, "%s: closed", name);
    close(client);
    client = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK_ERRNO(connect(client, (const struct sockaddr *)a, length),
                ECONNREFUSED, "%s: nobody listens", name);
    close(client);
}

static void check_names(void)
{
    struct sockaddr_un abstract = { .sun_family = AF_UNIX };
    socklen_t length;
    struct sockaddr_un path = path_address("socket", &length);
    struct stat st;

    check_connection(&path, length, "path");
    CHECK(stat("socket", &st) == 0 && S_ISSOCK(st.st_mode), "a socket file");
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK_ERRNO(bind(s, (struct sockaddr *)&path, length), EADDRINUSE,
                "the file is still there");
    CHECK_ERRNO(bind(s, (struct sockaddr *)&path, 1), EINVAL, "length 1");
    CHECK_ERRNO(bind(s, (struct sockaddr *)&path, 100000), EINVAL,
                "length 100000");
    CHECK_ERRNO(listen(s, 1), EINVAL, "listen without a name");
    path = path_address("missing", &length);
    CHECK_ERRNO(connect(s, (struct sockaddr *)&path, length), ENOENT,
                "no such file");
    close(s);
    unlink("socket");
    memcpy(abstract.sun_path, "\0hanu-test", 10);
    length = offsetof(struct sockaddr_un, sun_path) + 10;
    check_connection(&abstract, length, "abstract");
    CHECK_ERRNO(socket(4711, SOCK_STREAM, 0), EAFNOSUPPORT, "family");
}

static long send_fd(int socket, int fd)
{
    char control[CMSG_SPACE(sizeof(int))] = { 0 };
    struct iovec vec = { "F", 1 };
    struct msghdr m = { .msg_iov = &vec,
                        .msg_iovlen = 1,
                        .msg_control = control,
                        .msg_controllen = sizeof(control) };
    struct cmsghdr *h = CMSG_FIRSTHDR(&m);

    h->cmsg_level = SOL_SOCKET;
    h->cmsg_type = SCM_RIGHTS;
    h->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(h), &fd, sizeof(int));
    return sendmsg(socket, &m, 0);
}

static int receive_fd(int socket)
{
    char control[CMSG_SPACE(sizeof(int))], byte;
    struct iovec vec = { &byte, 1 };
    struct msghdr m = { .msg_iov = &vec,
                        .msg_iovlen = 1,
                        .msg_control = control,
                        .msg_controllen = sizeof(control) };
    int fd = -1;

    if (recvmsg(socket, &m, 0) != 1)
        return -1;
    struct cmsghdr *h = CMSG_FIRSTHDR(&m);
    if (h && h->cmsg_type == SCM_RIGHTS)
        memcpy(&fd, CMSG_DATA(h), sizeof(int));
    return fd;
}

static void check_rights(void)
{
    int fds[2], ends[2];
    char buf[8];
    struct ucred credentials;
    socklen_t length = sizeof(credentials);

    NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0 && pipe(ends) == 0);
    CHECK_EQ(send_fd(fds[0], ends[1]), 1, "send a descriptor");
    close(ends[1]);
    int got = receive_fd(fds[1]);
    CHECK(got >= 0 && got != ends[1] - 1000, "receive it");
    CHECK_EQ(write(got, "via", 3), 3, "it is the pipe");
    CHECK_EQ(read(ends[0], buf, 3), 3, "whose data arrives");
    close(got);
    CHECK_EQ(read(ends[0], buf, 3), 0, "the last writer is gone");
    CHECK_ERRNO(send_fd(fds[0], 999), EBADF, "a bad descriptor");
    CHECK_EQ(send_fd(fds[0], ends[0]), 1, "one in flight");
    CHECK_EQ(getsockopt(fds[0], SOL_SOCKET, SO_PEERCRED, &credentials, &length),
             0, "SO_PEERCRED");
    CHECK(credentials.pid == getpid() && credentials.uid == geteuid(),
          "is this process");
    close(fds[0]);
    close(fds[1]);
    close(ends[0]);
}

static void check_datagrams(void)
{
    socklen_t length, from_length = sizeof(struct sockaddr_un);
    struct sockaddr_un a = path_address("mail", &length), from;
    int box = socket(AF_UNIX, SOCK_DGRAM, 0);
    int sender = socket(AF_UNIX, SOCK_DGRAM, 0);
    char buf[16];

    NEED(bind(box, (struct sockaddr *)&a, length) == 0);
    CHECK_ERRNO(send(sender, "x", 1, 0), ENOTCONN, "no address");
    CHECK_EQ(sendto(sender, "one", 3, 0, (struct sockaddr *)&a, length), 3,
             "sendto");
    CHECK_EQ(connect(sender, (struct sockaddr *)&a, length), 0, "connect");
    CHECK_EQ(send(sender, "three", 5, 0), 5, "then send");
    CHECK_EQ(recvfrom(box, buf, sizeof(buf), 0, (struct sockaddr *)&from,
                      &from_length),
             3, "one message");
    CHECK_EQ(recv(box, buf, sizeof(buf), 0), 5, "and the next");
    close(box);
    close(sender);
    unlink("mail");
}

/* 10^4 round trips: no wake-up is lost. */
static void check_rounds_trip(long rounds)
{
    int fds[2], status;
    long good = 0;

    NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
    pid_t child = fork();
    NEED(child >= 0);
    if (child == 0) {
        long number;
        close(fds[0]);
        while (read(fds[1], &number, sizeof(number)) == sizeof(number)) {
            number++;
            if (write(fds[1], &number, sizeof(number)) != sizeof(number))
                _exit(1);
        }
        _exit(0);
    }
    close(fds[1]);
    for (long i = 0; i < rounds; i++) {
        long number = 2 * i;
        if (write(fds[0], &number, sizeof(number)) == sizeof(number) &&
            read(fds[0], &number, sizeof(number)) == sizeof(number))
            good += number == 2 * i + 1;
    }
    CHECK_EQ(good, rounds, "round trips");
    close(fds[0]);
    waitpid(child, &status, 0);
    CHECK_EQ(status, 0, "the other side saw the end");
}

static void nothing(int signal)
{
    (void)signal;
}

/* Blocked calls end by a signal, by the other end's close, by SIGKILL. */
static void check_interruptions(void)
{
    int fds[2], status;
    struct sigaction action = { .sa_handler = nothing };
    struct itimerval often = { { 0, 300000 }, { 0, 300000 } }, never = { 0 };
    char byte;

    NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
    sigaction(SIGALRM, &action, NULL);
    /* More than one: the first may come before read() sleeps. */
    setitimer(ITIMER_REAL, &often, NULL);
    CHECK_ERRNO(read(fds[0], &byte, 1), EINTR, "a signal ends the wait");
    setitimer(ITIMER_REAL, &never, NULL);
    pid_t child = fork();
    NEED(child >= 0);
    if (child == 0) {
        close(fds[0]);
        _exit(read(fds[1], &byte, 1) == 0 ? 0 : 1);
    }
    close(fds[1]);
    close(fds[0]);
    waitpid(child, &status, 0);
    CHECK_EQ(status, 0, "a close ends it");
    NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
    child = fork();
    NEED(child >= 0);
    if (child == 0) {
        static char block[4096];
        while (write(fds[0], block, sizeof(block)) > 0)
            ;
        _exit(1);
    }
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    CHECK(WIFSIGNALED(status), "SIGKILL ends a blocked writer");
    close(fds[0]);
    close(fds[1]);
}

static void check_poll(void)
{
    int fds[2];
    struct pollfd p;
    char block[4096] = { 0 };

    NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
    p = (struct pollfd){ fds[0], POLLIN | POLLOUT, 0 };
    CHECK_EQ(poll(&p, 1, 0), 1, "poll");
    CHECK_EQ(p.revents, POLLOUT, "may be written");
    NEED(write(fds[1], "x", 1) == 1);
    poll(&p, 1, 0);
    CHECK_EQ(p.revents, POLLIN | POLLOUT, "and read");
    fcntl(fds[0], F_SETFL, O_NONBLOCK);
    while (write(fds[0], block, sizeof(block)) > 0)
        ;
    CHECK_EQ(errno, EAGAIN, "full");
    poll(&p, 1, 0);
    CHECK_EQ(p.revents, POLLIN, "may not be written");
    close(fds[1]);
    poll(&p, 1, 0);
    CHECK(p.revents & POLLHUP, "hung up");
    close(fds[0]);
}

int main(int argc, char **argv)
{
    long rounds = check_rounds(argc, argv, 10000);

    check_start();
    check_enter_scratch();
    check_pair(SOCK_STREAM, "stream");
    check_pair(SOCK_DGRAM, "datagram");
    check_pair(SOCK_SEQPACKET, "seqpacket");
    check_names();
    check_rights();
    check_datagrams();
    check_interruptions();
    check_poll();
    check_rounds_trip(rounds);
    return check_done();
}
