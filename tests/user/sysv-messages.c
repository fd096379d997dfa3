/*
 * msgget, msgsnd, msgrcv, msgctl: types, lengths, limits; sleepers woken by a
 * message, by room, by removal and by signals; 10^4 rounds between processes.
 *
 * smp: 1 2 4
 */
#include <signal.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common/badptr.h"
#include "common/child.h"
#include "common/raw.h"
#include "common/thread.h"

enum { ROUNDS = 10000, SENDERS = 4, EACH = 500, LONGEST = 8192, ROOM = 16384 };

static int id;

static struct message {
    long type;
    char text[LONGEST + 1];
} message;

static int send(long type, const char *text, int flags)
{
    struct message m = { .type = type };
    strcpy(m.text, text);
    return msgsnd(id, &m, strlen(text), flags);
}

static long receive(long wanted, size_t bytes, int flags)
{
    memset(&message, 0, sizeof(message));
    return msgrcv(id, &message, bytes, wanted, flags);
}

static void fresh(void)
{
    id = msgget(IPC_PRIVATE, 0600);
    NEED(id >= 0);
}

static void discard(void)
{
    NEED(msgctl(id, IPC_RMID, NULL) == 0);
}

static void check_get(void)
{
    struct msqid_ds ds;
    key_t key = 0x6d000000 | getpid();
    CHECK_ERRNO(msgget(key, 0600), ENOENT, "no such key");
    id = msgget(key, IPC_CREAT | 0620);
    CHECK(id >= 0, "a new queue");
    CHECK_EQ(msgget(key, 0), id, "found by its key");
    CHECK_ERRNO(msgget(key, IPC_CREAT | IPC_EXCL), EEXIST, "IPC_EXCL");
    CHECK_EQ(msgctl(id, IPC_STAT, &ds), 0, "IPC_STAT");
    CHECK(ds.msg_perm.mode == 0620 && ds.msg_perm.__key == key, "its rights");
    CHECK(ds.msg_qnum == 0 && ds.msg_qbytes == ROOM, "empty, 16 KiB");
    CHECK(ds.msg_stime == 0 && ds.msg_rtime == 0 && ds.msg_ctime > 0, "times");
    CHECK_ERRNO(msgctl(id, 99, &ds), EINVAL, "an unknown command");
    discard();
    CHECK_ERRNO(msgctl(id, IPC_STAT, &ds), EINVAL, "removed");
    CHECK_ERRNO(send(1, "x", 0), EINVAL, "no sending");
    CHECK_ERRNO(receive(0, 10, 0), EINVAL, "no receiving");
}

static void check_types(void)
{
    struct msqid_ds ds;
    fresh();
    CHECK_EQ(send(3, "abcde", 0), 0, "send type 3");
    CHECK_EQ(send(1, "one", 0), 0, "type 1");
    CHECK_EQ(send(2, "two", 0), 0, "type 2");
    CHECK_EQ(send(3, "", 0), 0, "type 3, empty");
    NEED(msgctl(id, IPC_STAT, &ds) == 0);
    CHECK(ds.msg_qnum == 4 && ds.msg_lspid == getpid() && ds.msg_stime > 0,
          "4 messages, from us");
    CHECK_EQ(receive(2, 10, 0), 3, "receive type 2");
    CHECK(message.type == 2 && !strcmp(message.text, "two"), "it is that");
    CHECK_ERRNO(receive(2, 10, IPC_NOWAIT), ENOMSG, "no other");
    CHECK_EQ(receive(-2, 10, 0), 3, "up to type 2");
    CHECK(message.type == 1, "is type 1");
    CHECK_ERRNO(receive(-2, 10, IPC_NOWAIT), ENOMSG, "no other");
    NEED(send(1, "late", 0) == 0);
    CHECK_EQ(receive(3, 10, MSG_EXCEPT), 4, "any but type 3");
    CHECK_ERRNO(receive(3, 10, MSG_EXCEPT | IPC_NOWAIT), ENOMSG, "no other");
    CHECK_ERRNO(receive(0, 4, 0), E2BIG, "too long");
    CHECK_EQ(receive(0, 4, MSG_NOERROR), 4, "cut off");
    CHECK(message.type == 3 && !strcmp(message.text, "abcd"), "the first");
    CHECK_EQ(receive(0, 10, 0), 0, "the empty one");
    CHECK_ERRNO(receive(0, 10, IPC_NOWAIT), ENOMSG, "no more");
    NEED(msgctl(id, IPC_STAT, &ds) == 0);
    CHECK(ds.msg_qnum == 0 && ds.msg_lrpid == getpid() && ds.msg_rtime > 0,
          "empty, by us");
    discard();
}

static void check_limits(void)
{
    struct msqid_ds ds;
    fresh();
    message.type = 0;
    CHECK_ERRNO(msgsnd(id, &message, 1, 0), EINVAL, "type 0");
    message.type = -1;
    CHECK_ERRNO(msgsnd(id, &message, 1, 0), EINVAL, "type -1");
    message.type = 1;
    CHECK_ERRNO(msgsnd(id, &message, LONGEST + 1, 0), EINVAL, "too long");
    CHECK_ERRNO(msgsnd(id, &message, (size_t)-1, 0), EINVAL, "length -1");
    CHECK_ERRNO(msgrcv(id, &message, (size_t)-1, 0, 0), EINVAL, "length -1");
    CHECK_EQ(msgsnd(id, &message, LONGEST, IPC_NOWAIT), 0, "8192 bytes");
    CHECK_EQ(msgsnd(id, &message, LONGEST, IPC_NOWAIT), 0, "twice");
    CHECK_ERRNO(msgsnd(id, &message, 1, IPC_NOWAIT), EAGAIN, "then it is full");
    NEED(receive(0, LONGEST, 0) == LONGEST);
    CHECK_EQ(msgsnd(id, &message, 1, IPC_NOWAIT), 0, "there is room again");
    NEED(msgctl(id, IPC_STAT, &ds) == 0);
    ds.msg_qbytes = 100;
    CHECK_EQ(msgctl(id, IPC_SET, &ds), 0, "a smaller queue");
    CHECK_ERRNO(msgsnd(id, &message, 1, IPC_NOWAIT), EAGAIN, "is full");
    NEED(receive(0, LONGEST, 0) == LONGEST && receive(0, LONGEST, 0) == 1);
    CHECK_ERRNO(msgsnd(id, &message, 101, IPC_NOWAIT), EAGAIN, "101 bytes");
    int sent = 0;
    while (sent < 200 && send(1, "", IPC_NOWAIT) == 0) {
        sent++;
    }
    CHECK_EQ(sent, 100, "empty messages are counted");
    discard();
}

static int child_receives(void *unused)
{
    (void)unused;
    long got = receive(5, 10, 0);
    return got >= 0 ? (int)got : errno;
}

static int child_sends(void *unused)
{
    (void)unused;
    static struct message m = { .type = 1 };
    return msgsnd(id, &m, LONGEST, 0) == 0 ? 0 : errno;
}

static void no_action(int signal_number)
{
    (void)signal_number;
}

/* A child that sleeps in its call. */
static pid_t start_sleeper(child_body *body)
{
    pid_t pid = child_start(body, NULL);
    NEED(thread_await_state(pid, pid, 'S'));
    return pid;
}

/* Does `body` sleep, and what ends it? */
static void check_ends(const char *what, child_body *body)
{
    pid_t pid = start_sleeper(body);
    kill(pid, SIGUSR1);
    CHECK_EQ(child_wait(pid), EINTR << 8, "%s: a handler gives EINTR", what);
    pid = start_sleeper(body);
    kill(pid, SIGKILL);
    CHECK_EQ(child_wait(pid), SIGKILL, "%s: SIGKILL", what);
    pid = start_sleeper(body);
    discard();
    CHECK_EQ(child_wait(pid), EIDRM << 8, "%s: removal gives EIDRM", what);
}

static void check_wakeups(void)
{
    /* SA_RESTART makes no difference here. */
    struct sigaction action = { .sa_handler = no_action,
                                .sa_flags = SA_RESTART };
    NEED(sigaction(SIGUSR1, &action, NULL) == 0);
    fresh();
    pid_t pid = start_sleeper(child_receives);
    NEED(send(4, "other", 0) == 0);
    usleep(30000);
    NEED(send(5, "seven", 0) == 0);
    CHECK_EQ(child_wait(pid), 5 << 8, "woken by its type");
    NEED(receive(0, 10, IPC_NOWAIT) == 5);
    check_ends("msgrcv", child_receives);
    fresh();
    NEED(child_run(child_sends, NULL) == 0 &&
         child_run(child_sends, NULL) == 0);
    pid = start_sleeper(child_sends);
    NEED(receive(0, LONGEST, 0) == LONGEST);
    CHECK_EQ(child_wait(pid), 0, "woken by room");
    check_ends("msgsnd", child_sends);
}

static int child_answers(void *unused)
{
    (void)unused;
    for (int i = 0; i < ROUNDS; i++) {
        if (receive(1, 10, 0) != 1 || send(2, "a", 0) != 0) {
            return 1;
        }
    }
    return 0;
}

static void check_rounds_trip(void)
{
    int good = 0;
    fresh();
    pid_t pid = child_start(child_answers, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        NEED(send(1, "q", 0) == 0);
        good += receive(2, 10, 0) == 1;
    }
    CHECK_EQ(good, ROUNDS, "%d rounds, none lost", ROUNDS);
    CHECK_EQ(child_wait(pid), 0, "the other side too");
    discard();
}

static int child_sends_many(void *number)
{
    static struct message m;
    m.type = 1 + *(int *)number;
    for (int i = 0; i < EACH; i++) {
        memcpy(m.text, &i, sizeof(i));
        if (msgsnd(id, &m, 1000, 0) != 0) {
            return 1;
        }
    }
    return 0;
}

/* More than fits, from several at once: each sender's come in order. */
static void check_many(void)
{
    pid_t pids[SENDERS];
    int next[SENDERS] = { 0 }, good = 0;
    fresh();
    for (int i = 0; i < SENDERS; i++) {
        pids[i] = child_start(child_sends_many, &i);
    }
    for (int i = 0; i < SENDERS * EACH; i++) {
        int number;
        NEED(receive(0, 1000, 0) == 1000);
        memcpy(&number, message.text, sizeof(number));
        good += number == next[message.type - 1]++;
    }
    CHECK_EQ(good, SENDERS * EACH, "%d senders, all in order", SENDERS);
    for (int i = 0; i < SENDERS; i++) {
        CHECK_EQ(child_wait(pids[i]), 0, "sender %d ended", i);
    }
    discard();
}

static void check_bad_pointers(void)
{
    fresh();
    for (size_t i = 0; i < badptr_count(); i++) {
        CHECK_EQ(RAW4(SYS_msgsnd, id, badptr(i), 1, 0), -EFAULT, "msgsnd: %s",
                 badptr_name(i));
        CHECK_EQ(RAW3(SYS_msgctl, id, IPC_STAT, badptr(i)), -EFAULT,
                 "IPC_STAT: %s", badptr_name(i));
        NEED(send(1, "x", 0) == 0);
        CHECK_EQ(raw_call(SYS_msgrcv, id, (long)badptr(i), 1, 0, IPC_NOWAIT, 0),
                 -EFAULT, "msgrcv: %s", badptr_name(i));
    }
    discard();
}

int main(void)
{
    check_start();
    check_get();
    check_types();
    check_limits();
    check_wakeups();
    check_rounds_trip();
    check_many();
    check_bad_pointers();
    return check_done();
}
