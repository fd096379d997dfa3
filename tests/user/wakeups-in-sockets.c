/*
 * No wake-up is lost in Unix-domain sockets: 10^4 sleeps in each call.
 *
 * How much a socket takes before it is full differs between systems; so who
 * waits for room fills it first, and who makes room empties it until the other
 * one has gone on.
 *
 * smp: 4
 * timeout: 900
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "common/wakeup.h"

enum { CHUNK = 2000, SMALL_BUFFER = 4096 };

static int pairs[2][2]; /* [n]: 0 for the one who hears as side n, 1 tells */
static int listeners[2];
static char bytes[CHUNK];

static void make_pairs(int type)
{
    for (int i = 0; i < 2; i++) {
        int bytes_sent = SMALL_BUFFER;
        NEED(socketpair(AF_UNIX, type, 0, pairs[i]) == 0);
        NEED(setsockopt(pairs[i][1], SOL_SOCKET, SO_SNDBUF, &bytes_sent,
                        sizeof(bytes_sent)) == 0);
    }
}

static void make_streams(void)
{
    make_pairs(SOCK_STREAM);
}

static void make_datagrams(void)
{
    make_pairs(SOCK_DGRAM);
}

static void make_packets(void)
{
    make_pairs(SOCK_SEQPACKET);
}

/* ---- data ---- */

static int send_byte(int side)
{
    return send(pairs[side][1], "x", 1, 0) == 1 ? 0 : -1;
}

static int receive_byte(int side)
{
    char byte;
    return recv(pairs[side][0], &byte, 1, 0) == 1 ? 0 : -1;
}

static int transfer(int fd, bool out)
{
    char byte = 0;
    struct iovec part = { &byte, 1 };
    struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };
    ssize_t n = out ? sendmsg(fd, &header, 0) : recvmsg(fd, &header, 0);
    return n == 1 ? 0 : -1;
}

static int send_with_header(int side)
{
    return transfer(pairs[side][1], true);
}

static int receive_with_header(int side)
{
    return transfer(pairs[side][0], false);
}

static int poll_byte(int side)
{
    struct pollfd set = { .fd = pairs[side][0], .events = POLLIN };
    return poll(&set, 1, -1) == 1 ? receive_byte(side) : -1;
}

/* ---- room ---- */

static int fill_then_send(int side)
{
    int fd = pairs[side][1];
    while (send(fd, bytes, CHUNK, MSG_DONTWAIT) > 0) {
    }
    if (errno != EAGAIN || send(fd, bytes, CHUNK, 0) != CHUNK) {
        return -1;
    }
    wakeup_heard(side);
    return 0;
}

static int fill_then_poll(int side)
{
    struct pollfd set = { .fd = pairs[side][1], .events = POLLOUT };
    while (send(set.fd, bytes, CHUNK, MSG_DONTWAIT) > 0) {
    }
    if (errno != EAGAIN || poll(&set, 1, -1) != 1) {
        return -1;
    }
    wakeup_heard(side);
    return 0;
}

static int empty(int side)
{
    while (recv(pairs[side][0], bytes, CHUNK, MSG_DONTWAIT) > 0) {
    }
    return errno == EAGAIN ? 0 : -1;
}

static int make_room(int side)
{
    return wakeup_insist(side, empty);
}

/* ---- connections ---- */

static struct sockaddr_un address_of(int side)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    snprintf(address.sun_path, sizeof(address.sun_path), "socket%d", side);
    return address;
}

static int connect_to(int side)
{
    struct sockaddr_un address = address_of(side);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    int err = connect(fd, (struct sockaddr *)&address, sizeof(address));
    close(fd);
    return err;
}

static int accept_one(int side)
{
    int fd = accept(listeners[side], NULL, NULL);
    return fd < 0 ? -1 : close(fd);
}

static void make_listeners(void)
{
    for (int i = 0; i < 2; i++) {
        struct sockaddr_un address = address_of(i);
        listeners[i] = socket(AF_UNIX, SOCK_STREAM, 0);
        NEED(bind(listeners[i], (struct sockaddr *)&address, sizeof(address)) ==
             0);
        NEED(listen(listeners[i], 0) == 0);
    }
}

/* Each has as many waiting connections as it takes. */
static void fill_listeners(void)
{
    make_listeners();
    NEED(connect_to(0) == 0 && connect_to(1) == 0);
}

static void remove_names(void)
{
    unlink("socket0");
    unlink("socket1");
}

static int poll_connection(int side)
{
    struct pollfd set = { .fd = listeners[side], .events = POLLIN };
    return poll(&set, 1, -1) == 1 ? accept_one(side) : -1;
}

static const struct wakeup_row rows[] = {
    { "recv, stream", .prepare = make_streams, .listen = receive_byte,
      .tell = send_byte },
    { "recv, packet", .prepare = make_packets, .listen = receive_byte,
      .tell = send_byte },
    { "recvmsg, datagram", .prepare = make_datagrams,
      .listen = receive_with_header, .tell = send_with_header },
    { "poll, stream", .prepare = make_streams, .listen = poll_byte,
      .tell = send_byte },
    { "send, stream", .prepare = make_streams, .listen = fill_then_send,
      .tell = make_room },
    { "send, datagram", .prepare = make_datagrams, .listen = fill_then_send,
      .tell = make_room },
    { "poll for room, stream", .prepare = make_streams,
      .listen = fill_then_poll, .tell = make_room },
    { "accept", .prepare = make_listeners, .listen = accept_one,
      .tell = connect_to, .finish = remove_names },
    { "connect", .prepare = fill_listeners, .listen = connect_to,
      .tell = accept_one, .finish = remove_names },
    { "poll, listener", .prepare = make_listeners, .listen = poll_connection,
      .tell = connect_to, .finish = remove_names },
};

int main(int argc, char **argv)
{
    return wakeup_main(argc, argv, rows, ARRAY_LENGTH(rows));
}
