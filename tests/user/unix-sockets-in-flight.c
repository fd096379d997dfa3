/*
 * Sockets that only messages in flight refer to are freed when nobody can
 * receive those messages any more, also in a circle, and only then.
 *
 * What is not freed shows as lost memory, or as too many files in the end.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "common/child.h"

enum { ROUNDS = 300, DEPTH = 200 };

/* Send a byte, and with it a descriptor unless that is -1. */
static int send_descriptor(int through, int fd)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = { 0 };
    char byte = 'x';
    struct iovec part = { &byte, 1 };
    struct msghdr message = { .msg_iov = &part,
                              .msg_iovlen = 1,
                              .msg_control = control.bytes,
                              .msg_controllen = sizeof(control.bytes) };
    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = SCM_RIGHTS;
    control.header.cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(&control.header), &fd, sizeof(int));
    return sendmsg(through, &message, 0) == 1 ? 0 : -1;
}

/* The descriptor that came with the next byte, or -1. */
static int receive_descriptor(int from)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = { 0 };
    char byte;
    int fd = -1;
    struct iovec part = { &byte, 1 };
    struct msghdr message = { .msg_iov = &part,
                              .msg_iovlen = 1,
                              .msg_control = control.bytes,
                              .msg_controllen = sizeof(control.bytes) };
    if (recvmsg(from, &message, 0) == 1 &&
        message.msg_controllen >= CMSG_LEN(sizeof(int))) {
        memcpy(&fd, CMSG_DATA(&control.header), sizeof(int));
    }
    return fd;
}

static void make_pair(int ends[2])
{
    NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
}

static void close_pair(int ends[2])
{
    close(ends[0]);
    close(ends[1]);
}

static bool is_closed(int fd)
{
    char byte;
    return recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
}

/* A socket waits in its own queue. */
static bool carries_itself(void)
{
    int ends[2];
    make_pair(ends);
    bool sent = send_descriptor(ends[1], ends[0]) == 0;
    close_pair(ends);
    return sent;
}

/* Two wait in each other's. */
static bool carry_each_other(void)
{
    int a[2], b[2];
    make_pair(a);
    make_pair(b);
    bool sent =
        send_descriptor(a[1], b[0]) == 0 && send_descriptor(b[1], a[0]) == 0;
    close_pair(a);
    close_pair(b);
    return sent;
}

/* A listener waits with a connection that it has not accepted. */
static bool listener_in_connection(void)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    int client = socket(AF_UNIX, SOCK_STREAM, 0);
    static int number; /* an old one may still be in flight for a moment */
    snprintf(name.sun_path + 1, 40, "flight-%d-%d", (int)getpid(), number++);
    bool sent = bind(listener, (struct sockaddr *)&name, sizeof(name)) == 0 &&
                listen(listener, 5) == 0 &&
                connect(client, (struct sockaddr *)&name, sizeof(name)) == 0 &&
                send_descriptor(client, listener) == 0;
    close(client);
    close(listener);
    return sent;
}

/* The last close of a socket is what looks for garbage. */
static void look_for_garbage(void)
{
    int ends[2];
    make_pair(ends);
    close_pair(ends);
}

/* Newer systems take their time. */
static bool gets_closed(int fd)
{
    for (int i = 0; i < 3000 && !is_closed(fd); i++) {
        look_for_garbage();
        usleep(10000);
    }
    return is_closed(fd);
}

static void check_rounds_of(bool (*make)(void), const char *name)
{
    bool good = true;
    for (int i = 0; i < ROUNDS && good; i++) {
        good = make();
        look_for_garbage();
    }
    CHECK(good, "%s, again and again", name);
}

/* One end stays outside of the circle and sees when it is freed. */
static void check_witness(void)
{
    int ring[2], witness[2];
    make_pair(ring);
    make_pair(witness);
    NEED(send_descriptor(ring[1], witness[0]) == 0);
    NEED(send_descriptor(ring[1], ring[0]) == 0);
    close(witness[0]);
    CHECK(!is_closed(witness[1]) && errno == EAGAIN, "it is in flight");
    close_pair(ring);
    CHECK(gets_closed(witness[1]), "it went with the circle that carried it");
    close(witness[1]);
}

/* A circle that can be received stays, and works. */
static void check_reachable(void)
{
    int outer[2], ring[2], other[2];
    make_pair(outer);
    make_pair(ring);
    make_pair(other);
    NEED(send_descriptor(ring[1], ring[0]) == 0);
    NEED(send_descriptor(ring[1], other[0]) == 0);
    NEED(send_descriptor(outer[1], ring[0]) == 0);
    close_pair(ring);
    close(other[0]);
    look_for_garbage();
    int got = receive_descriptor(outer[0]);
    CHECK(got >= 0, "a circle that can be received is");
    int self = receive_descriptor(got);
    CHECK(self >= 0, "so is what it carries: itself");
    int last = receive_descriptor(self);
    CHECK(last >= 0, "and another");
    CHECK(write(last, "y", 1) == 1, "which can be written to");
    char byte = 0;
    CHECK(read(other[1], &byte, 1) == 1 && byte == 'y', "and is connected");
    close(got);
    close(self);
    close(last);
    close(other[1]);
    close_pair(outer);
}

/* Each socket waits in the queue of the next one. */
static void check_chain(void)
{
    int before[2], next[2];
    bool good = true;
    make_pair(before);
    int first = dup(before[1]);
    for (int i = 0; i < DEPTH && good; i++) {
        make_pair(next);
        good = send_descriptor(next[1], before[0]) == 0;
        close_pair(before);
        memcpy(before, next, sizeof(next));
    }
    CHECK(good, "%d sockets, each in the queue of the next", DEPTH);
    CHECK(!is_closed(first) && errno == EAGAIN, "the first is in flight");
    close_pair(before);
    CHECK(gets_closed(first), "closing the last one closes them all");
    close(first);
}

int main(void)
{
    check_start();
    check_rounds_of(carries_itself, "a socket in its own queue");
    check_rounds_of(carry_each_other, "two in each other's");
    check_rounds_of(listener_in_connection, "a listener in a connection");
    check_witness();
    check_reachable();
    check_chain();
    return check_done();
}
