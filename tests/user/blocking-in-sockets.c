/*
 * What ends the calls that block on Unix-domain sockets, as signal(7) lists
 * it: with a time-out set they are never restarted.
 *
 * smp: 1 2 4
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
#include "common/blocking.h"

enum { CHUNK = 32768 };

static int *const ends = blocking_ends;
static char bytes[CHUNK];

static void set_limit(int option, long seconds, long us)
{
    struct timeval limit = { seconds, us };
    setsockopt(ends[0], SOL_SOCKET, option, &limit, sizeof(limit));
}

static void limit_long(void)
{
    set_limit(SO_RCVTIMEO, 1000, 0);
    set_limit(SO_SNDTIMEO, 1000, 0);
}

static void limit_shortly(void)
{
    set_limit(SO_RCVTIMEO, 0, 20000);
    set_limit(SO_SNDTIMEO, 0, 20000);
}

static void close_other(void)
{
    close(ends[1]);
}

/* ---- data ---- */

static void make_stream(void)
{
    NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
}

static void make_datagrams(void)
{
    NEED(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) == 0);
}

static void make_packets(void)
{
    NEED(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0);
}

static long receive(void)
{
    return recv(ends[0], bytes, 10, 0);
}

static long receive_shortly(void)
{
    limit_shortly();
    return receive();
}

static void send_other(void)
{
    NEED(send(ends[1], "abc", 3, 0) == 3);
}

static void fill(void)
{
    while (send(ends[0], bytes, CHUNK, MSG_DONTWAIT) > 0) {
    }
    NEED(errno == EAGAIN);
}

static void make_full_stream(void)
{
    make_stream();
    fill();
}

static void make_full_datagrams(void)
{
    make_datagrams();
    fill();
}

static long send_chunk(void)
{
    return send(ends[0], bytes, CHUNK, 0);
}

static long send_shortly(void)
{
    limit_shortly();
    return send_chunk();
}

static void receive_all(void)
{
    while (recv(ends[1], bytes, CHUNK, MSG_DONTWAIT) > 0) {
    }
}

/* ---- connections; [1] is the listener ---- */

static struct sockaddr_un name;

static void make_listener(void)
{
    memset(&name, 0, sizeof(name));
    name.sun_family = AF_UNIX;
    snprintf(name.sun_path + 1, 40, "blocking-%d", (int)getpid());
    ends[1] = socket(AF_UNIX, SOCK_STREAM, 0);
    NEED(bind(ends[1], (struct sockaddr *)&name, sizeof(name)) == 0);
    NEED(listen(ends[1], 0) == 0);
    ends[0] = -1;
}

static int connect_by(int fd)
{
    return connect(fd, (struct sockaddr *)&name, sizeof(name));
}

/* The caller accepts: it has a listener of its own, which is the same. */
static void make_acceptor(void)
{
    make_listener();
    ends[0] = dup(ends[1]);
}

static long accept_one(void)
{
    return accept(ends[0], NULL, NULL) < 0 ? -1 : 0;
}

static long accept_shortly(void)
{
    limit_shortly();
    return accept_one();
}

static void connect_other(void)
{
    NEED(connect_by(socket(AF_UNIX, SOCK_STREAM, 0)) == 0);
}

static void shut_down(void)
{
    NEED(shutdown(ends[1], SHUT_RDWR) == 0);
}

static void make_full_listener(void)
{
    make_listener();
    NEED(connect_by(socket(AF_UNIX, SOCK_STREAM, 0)) == 0);
}

static void make_client(void)
{
    ends[0] = socket(AF_UNIX, SOCK_STREAM, 0);
}

static void make_limited_client(void)
{
    make_client();
    limit_long();
}

static long connect_end(void)
{
    return connect_by(ends[0]);
}

static long connect_shortly(void)
{
    limit_shortly();
    return connect_end();
}

static void accept_other(void)
{
    NEED(accept(ends[1], NULL, NULL) >= 0);
}

static const struct blocking_row rows[] = {
    { .name = "recv of a stream",
      .prepare = make_stream,
      .call = receive,
      .wake = send_other,
      .woken = 3,
      .hang_up = close_other,
      .ended = 0,
      .timed = receive_shortly,
      .timed_value = -1,
      .timed_errno = EAGAIN },
    { .name = "recv with SO_RCVTIMEO",
      .prepare = make_stream,
      .begin = limit_long,
      .call = receive,
      .wake = send_other,
      .woken = 3,
      .habits = NEVER_RESTARTS | STOP_ENDS_IT },
    { .name = "recv of packets",
      .prepare = make_packets,
      .call = receive,
      .wake = send_other,
      .woken = 3,
      .hang_up = close_other,
      .ended = 0 },
    { .name = "recv of datagrams",
      .prepare = make_datagrams,
      .call = receive,
      .wake = send_other,
      .woken = 3,
      .timed = receive_shortly,
      .timed_value = -1,
      .timed_errno = EAGAIN },
    { .name = "send to a stream",
      .prepare = make_full_stream,
      .call = send_chunk,
      .wake = receive_all,
      .woken = CHUNK,
      .hang_up = close_other,
      .ended = -1,
      .ended_errno = ECONNRESET,
      .timed = send_shortly,
      .timed_value = -1,
      .timed_errno = EAGAIN },
    { .name = "send with SO_SNDTIMEO",
      .prepare = make_full_stream,
      .begin = limit_long,
      .call = send_chunk,
      .wake = receive_all,
      .woken = CHUNK,
      .habits = NEVER_RESTARTS | STOP_ENDS_IT },
    { .name = "send of datagrams",
      .prepare = make_full_datagrams,
      .call = send_chunk,
      .wake = receive_all,
      .woken = CHUNK,
      .hang_up = close_other,
      .ended = -1,
      .ended_errno = ECONNREFUSED,
      .timed = send_shortly,
      .timed_value = -1,
      .timed_errno = EAGAIN },
    { .name = "accept",
      .prepare = make_acceptor,
      .call = accept_one,
      .wake = connect_other,
      .hang_up = shut_down,
      .ended = -1,
      .ended_errno = EINVAL,
      .timed = accept_shortly,
      .timed_value = -1,
      .timed_errno = EAGAIN },
    { .name = "accept with SO_RCVTIMEO",
      .prepare = make_acceptor,
      .begin = limit_long,
      .call = accept_one,
      .wake = connect_other,
      .habits = NEVER_RESTARTS | STOP_ENDS_IT },
    { .name = "connect",
      .prepare = make_full_listener,
      .begin = make_client,
      .call = connect_end,
      .wake = accept_other,
      .hang_up = close_other,
      .ended = -1,
      .ended_errno = ECONNREFUSED,
      .timed = connect_shortly,
      .timed_value = -1,
      .timed_errno = EAGAIN },
    { .name = "connect with SO_SNDTIMEO",
      .prepare = make_full_listener,
      .begin = make_limited_client,
      .call = connect_end,
      .wake = accept_other,
      .habits = NEVER_RESTARTS | STOP_ENDS_IT },
};

int main(int argc, char **argv)
{
    return blocking_main(argc, argv, rows, ARRAY_LENGTH(rows));
}
