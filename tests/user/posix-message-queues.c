/*
 * mq_open and its kin: names, attributes, priorities, mq_notify; sleepers
 * woken by a message, by room, by signals and by time-out; 10^4 rounds.
 *
 * smp: 1 2 4
 */
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "common/badptr.h"
#include "common/child.h"
#include "common/raw.h"
#include "common/thread.h"

enum { ROUNDS = 10000, MESSAGES = 4, BYTES = 64 };

static char name[40];
static mqd_t queue, back;
static char text[BYTES];
static unsigned priority;
static volatile int told, told_value, told_code;

static mqd_t fresh(int flags)
{
    struct mq_attr attributes = { .mq_maxmsg = MESSAGES, .mq_msgsize = BYTES };
    mqd_t made =
        mq_open(name, O_RDWR | O_CREAT | O_EXCL | flags, 0600, &attributes);
    NEED(made >= 0);
    return made;
}

static void discard(void)
{
    NEED(mq_close(queue) == 0 && mq_unlink(name) == 0);
}

static void check_names(void)
{
    struct mq_attr attributes;
    CHECK_ERRNO(mq_open(name, O_RDWR), ENOENT, "no such queue");
    CHECK_ERRNO(mq_unlink(name), ENOENT, "nothing to unlink");
    CHECK_ERRNO(mq_open("name", O_RDWR), EINVAL, "no slash");
    CHECK_ERRNO(mq_open("/a/b", O_RDWR | O_CREAT, 0600, NULL), EACCES,
                "two slashes");
    queue = fresh(0);
    CHECK(fcntl(queue, F_GETFD) & FD_CLOEXEC, "closed by exec");
    CHECK_ERRNO(mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, NULL), EEXIST,
                "O_EXCL");
    mqd_t reader = mq_open(name, O_RDONLY | O_CREAT, 0600, NULL);
    CHECK(reader >= 0, "O_CREAT finds it");
    CHECK_EQ(mq_getattr(reader, &attributes), 0, "mq_getattr");
    CHECK(attributes.mq_maxmsg == MESSAGES && attributes.mq_msgsize == BYTES &&
              attributes.mq_curmsgs == 0,
          "as it was made");
    CHECK_ERRNO(mq_send(reader, "x", 1, 0), EBADF, "open for reading only");
    CHECK_EQ(mq_unlink(name), 0, "mq_unlink");
    CHECK_ERRNO(mq_open(name, O_RDWR), ENOENT, "the name is gone");
    CHECK_EQ(mq_send(queue, "still", 5, 0), 0, "the queue is not");
    CHECK_EQ(mq_receive(reader, text, BYTES, NULL), 5, "for both");
    mq_close(reader);
    mq_close(queue);
    CHECK_ERRNO(mq_send(queue, "x", 1, 0), EBADF, "closed");
    attributes.mq_maxmsg = 0;
    CHECK_ERRNO(mq_open(name, O_RDWR | O_CREAT, 0600, &attributes), EINVAL,
                "room for none");
    int ends[2];
    NEED(pipe(ends) == 0);
    CHECK_ERRNO(mq_send(ends[1], "x", 1, 0), EBADF, "a pipe is no queue");
    close(ends[0]);
    close(ends[1]);
}

static void check_order(void)
{
    static const struct {
        const char *text;
        unsigned priority;
    } sent[MESSAGES] = {
        { "low 1", 1 }, { "high", 32767 }, { "mid", 5 }, { "low 2", 1 }
    };
    static const int order[MESSAGES] = { 1, 2, 0, 3 };
    struct mq_attr attributes;
    queue = fresh(O_NONBLOCK);
    struct pollfd entry = { .fd = queue, .events = POLLIN | POLLOUT };
    CHECK_ERRNO(mq_receive(queue, text, BYTES, NULL), EAGAIN, "empty");
    CHECK(poll(&entry, 1, 0) == 1 && entry.revents == POLLOUT, "poll: room");
    for (int i = 0; i < MESSAGES; i++) {
        CHECK_EQ(mq_send(queue, sent[i].text, 6, sent[i].priority), 0, "send");
    }
    CHECK_ERRNO(mq_send(queue, "x", 1, 0), EAGAIN, "full");
    CHECK(poll(&entry, 1, 0) == 1 && entry.revents == POLLIN, "poll: data");
    NEED(mq_getattr(queue, &attributes) == 0);
    CHECK_EQ(attributes.mq_curmsgs, MESSAGES, "mq_curmsgs");
    CHECK_EQ(attributes.mq_flags, O_NONBLOCK, "mq_flags");
    CHECK_ERRNO(mq_receive(queue, text, BYTES - 1, NULL), EMSGSIZE,
                "a small buffer");
    for (int i = 0; i < MESSAGES; i++) {
        CHECK_EQ(mq_receive(queue, text, BYTES, &priority), 6, "receive");
        CHECK(!strcmp(text, sent[order[i]].text) &&
                  priority == sent[order[i]].priority,
              "number %d is %s", i, sent[order[i]].text);
    }
    CHECK_EQ(mq_send(queue, "", 0, 0), 0, "an empty message");
    CHECK_EQ(mq_receive(queue, text, BYTES, NULL), 0, "comes out");
    CHECK_ERRNO(mq_send(queue, text, BYTES + 1, 0), EMSGSIZE, "too long");
    CHECK_ERRNO(mq_send(queue, text, 1, 32768), EINVAL, "priority 32768");
    attributes.mq_flags = 0;
    CHECK_EQ(mq_setattr(queue, &attributes, NULL), 0, "mq_setattr");
    CHECK_EQ(fcntl(queue, F_GETFL) & O_NONBLOCK, 0, "it blocks again");
    attributes.mq_flags = O_APPEND;
    CHECK_ERRNO(mq_setattr(queue, &attributes, NULL), EINVAL, "other flags");
    discard();
}

static void no_action(int signal_number)
{
    (void)signal_number;
}

static int child_receives(void *unused)
{
    (void)unused;
    ssize_t got = mq_receive(queue, text, BYTES, NULL);
    return got >= 0 ? 0 : errno;
}

static int child_sends(void *unused)
{
    (void)unused;
    return mq_send(queue, "one more", 8, 0) == 0 ? 0 : errno;
}

static pid_t start_sleeper(child_body *body)
{
    pid_t pid = child_start(body, NULL);
    NEED(thread_await_state(pid, pid, 'S'));
    return pid;
}

static void check_signals(const char *what, child_body *body)
{
    pid_t pid = start_sleeper(body);
    kill(pid, SIGUSR1);
    CHECK_EQ(child_wait(pid), EINTR << 8, "%s: a handler gives EINTR", what);
    pid = start_sleeper(body);
    kill(pid, SIGKILL);
    CHECK_EQ(child_wait(pid), SIGKILL, "%s: SIGKILL", what);
}

static void check_wakeups(void)
{
    struct sigaction action = { .sa_handler = no_action };
    struct timespec time, past = { 1, 0 }, bad = { 1, -1 };
    NEED(sigaction(SIGUSR1, &action, NULL) == 0);
    queue = fresh(0);
    check_signals("mq_receive", child_receives);
    pid_t pid = start_sleeper(child_receives);
    NEED(mq_send(queue, "x", 1, 0) == 0);
    CHECK_EQ(child_wait(pid), 0, "woken by a message");
    CHECK_ERRNO(mq_timedreceive(queue, text, BYTES, NULL, &past), ETIMEDOUT,
                "a time that has passed");
    CHECK_ERRNO(mq_timedreceive(queue, text, BYTES, NULL, &bad), EINVAL,
                "a bad time");
    NEED(clock_gettime(CLOCK_REALTIME, &time) == 0);
    time.tv_sec += (time.tv_nsec + 30000000) / 1000000000;
    time.tv_nsec = (time.tv_nsec + 30000000) % 1000000000;
    CHECK_ERRNO(mq_timedreceive(queue, text, BYTES, NULL, &time), ETIMEDOUT,
                "a time-out");
    NEED(clock_gettime(CLOCK_REALTIME, &past) == 0);
    CHECK(past.tv_sec > time.tv_sec ||
              (past.tv_sec == time.tv_sec && past.tv_nsec >= time.tv_nsec),
          "not too early");
    for (int i = 0; i < MESSAGES; i++) {
        NEED(mq_send(queue, "x", 1, 0) == 0);
    }
    CHECK_ERRNO(mq_timedsend(queue, "x", 1, 0, &time), ETIMEDOUT,
                "a time-out when full");
    check_signals("mq_send", child_sends);
    pid = start_sleeper(child_sends);
    NEED(mq_receive(queue, text, BYTES, NULL) == 1);
    CHECK_EQ(child_wait(pid), 0, "woken by room");
    discard();
}

static void note_message(int signal_number, siginfo_t *info, void *context)
{
    (void)signal_number;
    (void)context;
    told++;
    told_value = info->si_value.sival_int;
    told_code = info->si_code;
}

static int child_registers(void *unused)
{
    struct sigevent event = { .sigev_notify = SIGEV_NONE };
    (void)unused;
    return mq_notify(queue, &event) == 0 ? 0 : errno;
}

static void check_notify(void)
{
    struct sigaction action = { .sa_sigaction = note_message,
                                .sa_flags = SA_SIGINFO };
    struct sigevent event = { .sigev_notify = SIGEV_SIGNAL,
                              .sigev_signo = SIGUSR2,
                              .sigev_value.sival_int = 42 };
    NEED(sigaction(SIGUSR2, &action, NULL) == 0);
    queue = fresh(0);
    CHECK_EQ(mq_notify(queue, &event), 0, "mq_notify");
    CHECK_ERRNO(mq_notify(queue, &event), EBUSY, "one registration");
    CHECK_EQ(child_run(child_registers, NULL), EBUSY << 8, "for all");
    CHECK_EQ(mq_send(queue, "x", 1, 0), 0, "a message");
    CHECK(told == 1 && told_value == 42 && told_code == SI_MESGQ, "one signal");
    CHECK_EQ(mq_send(queue, "y", 1, 0), 0, "another message");
    CHECK_EQ(told, 1, "no signal");
    NEED(mq_notify(queue, &event) == 0);
    CHECK_EQ(mq_send(queue, "z", 1, 0), 0, "to a queue that is not empty");
    CHECK_EQ(told, 1, "no signal either");
    CHECK_EQ(mq_notify(queue, NULL), 0, "end the registration");
    CHECK_EQ(child_run(child_registers, NULL), 0, "now a child can");
    CHECK_EQ(mq_notify(queue, &event), 0, "and when it has ended, we again");
    event.sigev_signo = 99;
    CHECK_ERRNO(mq_notify(queue, &event), EINVAL, "no such signal");
    discard();
}

/* What read() says of the queue. */
static void check_status(const char *what, int bytes, int signal_number)
{
    char line[100], expected[100];
    int pid = signal_number ? (int)getpid() : 0;
    snprintf(expected, sizeof(expected),
             "QSIZE:%-10d NOTIFY:%-5d SIGNO:%-5d NOTIFY_PID:%-6d\n", bytes, 0,
             signal_number, pid);
    NEED(lseek(queue, 0, SEEK_SET) == 0);
    ssize_t length = read(queue, line, sizeof(line));
    CHECK(length == (ssize_t)strlen(expected) &&
              memcmp(line, expected, (size_t)length) == 0,
          "%s", what);
    CHECK_EQ(read(queue, line, sizeof(line)), 0, "and no more");
}

static void check_read(void)
{
    struct sigevent event = { .sigev_notify = SIGEV_SIGNAL,
                              .sigev_signo = SIGUSR2 };
    queue = fresh(0);
    check_status("read of an empty queue", 0, 0);
    NEED(mq_send(queue, "abc", 3, 0) == 0 && mq_send(queue, "de", 2, 1) == 0);
    check_status("of one with 5 bytes", 5, 0);
    NEED(mq_notify(queue, &event) == 0);
    check_status("with a registration", 5, SIGUSR2);
    CHECK_EQ(pread(queue, text, 4, 6), 4, "a piece of it");
    CHECK(memcmp(text, "5   ", 4) == 0, "the number");
    CHECK_ERRNO(write(queue, "x", 1), EINVAL, "write");
    CHECK_ERRNO(pread(queue, badptr(0), 1, 0), EFAULT, "a bad address");
    discard();
}

static int child_answers(void *unused)
{
    (void)unused;
    for (int i = 0; i < ROUNDS; i++) {
        if (mq_receive(queue, text, BYTES, NULL) != 1 ||
            mq_send(back, text, 1, 0) != 0) {
            return 1;
        }
    }
    return 0;
}

static void check_rounds_trip(void)
{
    back = fresh(0);
    NEED(mq_unlink(name) == 0);
    queue = fresh(0);
    pid_t pid = child_start(child_answers, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        NEED(mq_send(queue, "x", 1, 0) == 0 &&
             mq_receive(back, text, BYTES, NULL) == 1);
    }
    CHECK_EQ(child_wait(pid), 0, "%d rounds, none lost", ROUNDS);
    mq_close(back);
    discard();
}

static void check_bad_pointers(void)
{
    queue = fresh(0);
    for (size_t i = 0; i < badptr_count(); i++) {
        CHECK_EQ(RAW4(SYS_mq_open, badptr(i), O_RDWR, 0, 0), -EFAULT,
                 "mq_open: %s", badptr_name(i));
        CHECK_EQ(raw_call(SYS_mq_timedsend, queue, (long)badptr(i), 1, 0, 0, 0),
                 -EFAULT, "mq_timedsend: %s", badptr_name(i));
        CHECK_EQ(RAW3(SYS_mq_getsetattr, queue, 0, badptr(i)), -EFAULT,
                 "mq_getsetattr: %s", badptr_name(i));
    }
    discard();
}

int main(void)
{
    check_start();
    snprintf(name, sizeof(name), "/hanu-test-%d", (int)getpid());
    check_names();
    check_order();
    check_wakeups();
    check_notify();
    check_read();
    check_rounds_trip();
    check_bad_pointers();
    return check_done();
}
