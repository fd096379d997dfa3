/*
 * Unix-domain sockets: who is at the other end (SO_PEERCRED), and who sent a
 * message (SO_PASSCRED, SCM_CREDENTIALS), which nobody can forge.
 *
 * smp: 1 4
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"

#ifndef SCM_CREDENTIALS
#define SCM_CREDENTIALS 2
#endif

enum { USER = 1000, GROUP = 1001 };

struct credentials {
    int pid, uid, gid;
};

union control {
    struct cmsghdr head;
    char bytes[CMSG_SPACE(sizeof(struct credentials)) + 32];
};

static int fds[2], seen_flags;

/* The message's sender into *from. Its length, or -1 without credentials. */
static long receive(struct credentials *from)
{
    char text[8];
    union control control;
    struct iovec vector = { text, sizeof(text) };
    struct msghdr message = { .msg_iov = &vector,
                              .msg_iovlen = 1,
                              .msg_control = &control,
                              .msg_controllen = sizeof(control) };
    ssize_t length = recvmsg(fds[0], &message, 0);
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    seen_flags = message.msg_flags;
    if (length < 0 || !head || head->cmsg_type != SCM_CREDENTIALS) {
        return -1;
    }
    memcpy(from, CMSG_DATA(head), sizeof(*from));
    return length;
}

/* 0, or errno. */
static int send_as(struct credentials who)
{
    char text[] = "x";
    union control control;
    struct iovec vector = { text, 1 };
    struct msghdr message = {
        .msg_iov = &vector,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = CMSG_SPACE(sizeof(who)),
    };
    memset(&control, 0, sizeof(control));
    control.head.cmsg_level = SOL_SOCKET;
    control.head.cmsg_type = SCM_CREDENTIALS;
    control.head.cmsg_len = CMSG_LEN(sizeof(who));
    memcpy(CMSG_DATA(&control.head), &who, sizeof(who));
    return sendmsg(fds[1], &message, 0) == 1 ? 0 : errno;
}

static int child_writes(void *unused)
{
    (void)unused;
    return write(fds[1], "hello", 5) != 5;
}

static void check_messages(const char *what, int type)
{
    struct credentials from = { 0, 0, 0 };
    int on = 1, status;
    socklen_t size = sizeof(on);
    NEED(socketpair(AF_UNIX, type, 0, fds) == 0);
    NEED(write(fds[1], "none", 4) == 4);
    CHECK_EQ(receive(&from), -1, "%s: nothing unless asked for", what);
    NEED(setsockopt(fds[0], SOL_SOCKET, SO_PASSCRED, &on, size) == 0);
    on = 0;
    NEED(getsockopt(fds[0], SOL_SOCKET, SO_PASSCRED, &on, &size) == 0);
    CHECK_EQ(on, 1, "%s: SO_PASSCRED reads back", what);
    pid_t pid = child_start(child_writes, NULL);
    CHECK_EQ(receive(&from), 5, "%s: a message of a child", what);
    CHECK(from.pid == pid && from.uid == (int)getuid() &&
              from.gid == (int)getgid(),
          "%s: its number, user and group", what);
    status = child_wait(pid);
    CHECK_EQ(status, 0, "%s: the child", what);
    from = (struct credentials){ getpid(), (int)getuid(), (int)getgid() };
    CHECK_EQ(send_as(from), 0, "%s: one's own", what);
    CHECK_EQ(receive(&from), 1, "%s: arrive", what);
    CHECK_EQ(from.pid, getpid(), "%s: as they are", what);
    close(fds[0]);
    close(fds[1]);
}

static int child_forges(void *unused)
{
    struct credentials me = { getpid(), USER, GROUP };
    (void)unused;
    check_subtest();
    NEED(setgid(GROUP) == 0 && setuid(USER) == 0);
    CHECK_EQ(send_as(me), 0, "a user as himself");
    CHECK_EQ(send_as((struct credentials){ getppid(), USER, GROUP }), EPERM,
             "as another process");
    CHECK_EQ(send_as((struct credentials){ getpid(), 0, GROUP }), EPERM,
             "as another user");
    CHECK_EQ(send_as((struct credentials){ getpid(), USER, 0 }), EPERM,
             "as another group");
    return check_done();
}

static void check_forgery(void)
{
    struct credentials from = { 0, 0, 0 };
    int on = 1;
    NEED(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds) == 0);
    NEED(setsockopt(fds[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) == 0);
    if (getuid() != 0) {
        check_skip("forgery", "only the superuser can become another user");
        return;
    }
    CHECK_EXITS(child_forges, NULL, 0, "a user's process");
    CHECK_EQ(receive(&from), 1, "its message");
    CHECK(from.uid == USER && from.gid == GROUP, "from a user");
    CHECK_EQ(send_as((struct credentials){ 1, USER, GROUP }), 0,
             "the superuser may say he is anybody");
    CHECK_EQ(receive(&from), 1, "a message");
    CHECK_EQ(from.pid, 1, "of anybody");
    CHECK_EQ(send_as((struct credentials){ 0x3fffffff, 0, 0 }), ESRCH,
             "but not nobody");
    close(fds[0]);
    close(fds[1]);
}

/* ---- connections --------------------------------------------------------- */

static struct sockaddr_un address = { .sun_family = AF_UNIX };

static struct credentials peer_of(int fd)
{
    struct credentials peer = { -1, -1, -1 };
    socklen_t size = sizeof(peer);
    NEED(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0);
    return peer;
}

/* It sees who made the listener, not who accepts. */
static int child_connects(void *listening_process)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    char byte;
    if (getuid() == 0) {
        NEED(setuid(USER) == 0);
    }
    NEED(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    return read(fd, &byte, 1) != 1 ||
           peer_of(fd).pid != (int)(long)listening_process;
}

static void check_connection(void)
{
    char byte = 'x';
    int uid = getuid() == 0 ? USER : (int)getuid();
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(address.sun_path + 1, 40, "credentials-%d", (int)getpid());
    NEED(bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0);
    NEED(listen(listener, 1) == 0);
    pid_t pid = child_start(child_connects, (void *)(long)getpid());
    int fd = accept(listener, NULL, NULL);
    struct credentials peer = peer_of(fd);
    CHECK(peer.pid == pid && peer.uid == uid, "who has connected");
    NEED(write(fd, &byte, 1) == 1);
    CHECK_EQ(child_wait(pid), 0, "who listens");
    CHECK_EQ(peer_of(fd).pid, pid, "also when it has ended");
    close(fd);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(peer_of(fd).pid == 0 && peer_of(fd).uid == -1, "nobody yet");
}

int main(void)
{
    check_start();
    check_messages("stream", SOCK_STREAM);
    check_messages("datagram", SOCK_DGRAM);
    check_messages("seqpacket", SOCK_SEQPACKET);
    check_forgery();
    check_connection();
    return check_done();
}
