/*
 * Named pipes: who waits for whom at open, O_NONBLOCK, O_RDWR, signals and
 * SIGKILL while waiting, end of file and opening again, poll, unlink while
 * open, and many openings that must all meet.
 *
 * smp: 1 2 4
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"
#include "common/thread.h"

enum { ROUNDS = 10000, WRITERS = 4, MESSAGES = 400 };

static const char path[] = "fifo";

static void no_action(int signal_number)
{
    (void)signal_number;
}

static int child_opens_to_write(void *unused)
{
    (void)unused;
    usleep(20000);
    int fd = open(path, O_WRONLY);
    return fd >= 0 && write(fd, "hello", 5) == 5 ? 0 : 1;
}

static int child_opens_to_read(void *unused)
{
    char bytes[8];
    (void)unused;
    usleep(20000);
    int fd = open(path, O_RDONLY);
    return fd >= 0 && read(fd, bytes, 8) == 3 ? 0 : 1;
}

static void check_blocking_open(void)
{
    char bytes[8];
    struct stat status;
    CHECK(stat(path, &status) == 0 && S_ISFIFO(status.st_mode), "a FIFO");
    pid_t pid = child_start(child_opens_to_write, NULL);
    int fd = open(path, O_RDONLY);
    CHECK(fd >= 0, "open to read waits for a writer");
    CHECK_EQ(read(fd, bytes, 8), 5, "what it writes");
    CHECK_EQ(child_wait(pid), 0, "the writer");
    CHECK_EQ(read(fd, bytes, 8), 0, "end of file");
    CHECK_ERRNO(lseek(fd, 0, SEEK_SET), ESPIPE, "no offset");
    CHECK_ERRNO(write(fd, "x", 1), EBADF, "not open to write");
    struct pollfd entry = { .fd = fd, .events = POLLIN };
    CHECK_EQ(poll(&entry, 1, 0), 1, "poll: the writer is gone");
    CHECK_EQ(entry.revents, POLLHUP, "POLLHUP");
    pid = child_start(child_opens_to_write, NULL);
    CHECK_EQ(child_wait(pid), 0, "another writer");
    CHECK_EQ(read(fd, bytes, 8), 5, "its bytes");
    close(fd);
    pid = child_start(child_opens_to_read, NULL);
    fd = open(path, O_WRONLY);
    CHECK(fd >= 0, "open to write waits for a reader");
    CHECK_EQ(write(fd, "abc", 3), 3, "write");
    CHECK_EQ(child_wait(pid), 0, "the reader");
    CHECK_ERRNO(write(fd, "x", 1), EPIPE, "no reader any more");
    close(fd);
}

static void check_nonblocking(void)
{
    char bytes[8];
    CHECK_ERRNO(open(path, O_WRONLY | O_NONBLOCK), ENXIO, "no reader: ENXIO");
    int in = open(path, O_RDONLY | O_NONBLOCK);
    CHECK(in >= 0, "no writer: no matter");
    struct pollfd entry = { .fd = in, .events = POLLIN };
    CHECK_EQ(poll(&entry, 1, 0), 0, "no writer yet: no POLLHUP");
    CHECK_EQ(read(in, bytes, 8), 0, "and end of file");
    int out = open(path, O_WRONLY | O_NONBLOCK);
    CHECK(out >= 0, "a reader is there");
    CHECK_ERRNO(read(in, bytes, 8), EAGAIN, "nothing to read yet");
    CHECK_EQ(write(out, "abc", 3), 3, "write");
    int count = 0;
    CHECK(ioctl(in, FIONREAD, &count) == 0 && count == 3, "FIONREAD");
    close(out);
    CHECK_EQ(poll(&entry, 1, 0), 1, "poll");
    CHECK_EQ(entry.revents, POLLIN | POLLHUP, "bytes, but no writer");
    out = open(path, O_WRONLY);
    CHECK(out >= 0, "open again");
    CHECK_EQ(write(out, "de", 2), 2, "write");
    CHECK_EQ(read(in, bytes, 8), 5, "what both wrote");
    close(out);
    close(in);
}

static void check_both_ways(void)
{
    char bytes[8];
    int fd = open(path, O_RDWR);
    CHECK(fd >= 0, "O_RDWR waits for nobody");
    CHECK_EQ(write(fd, "abc", 3), 3, "write");
    int in = open(path, O_RDONLY), out = open(path, O_WRONLY);
    CHECK(in >= 0 && out >= 0, "nor do others now");
    CHECK_EQ(read(in, bytes, 8), 3, "one pipe for all");
    CHECK_EQ(write(out, "left", 4), 4, "left behind");
    close(fd);
    close(in);
    close(out);
    fd = open(path, O_RDWR | O_NONBLOCK);
    CHECK_ERRNO(read(fd, bytes, 8), EAGAIN, "empty when opened anew");
    close(fd);
    CHECK_ERRNO(open(path, O_ACCMODE), EINVAL, "a wrong access mode");
}

static void check_unlinked(void)
{
    char bytes[8];
    int fd = open(path, O_RDWR);
    CHECK_EQ(unlink(path), 0, "unlink while open");
    CHECK_ERRNO(open(path, O_RDWR), ENOENT, "no name");
    CHECK_EQ(write(fd, "abc", 3), 3, "still a pipe");
    CHECK_EQ(mkfifo(path, 0600), 0, "another of that name");
    int other = open(path, O_RDWR | O_NONBLOCK);
    CHECK_ERRNO(read(other, bytes, 8), EAGAIN, "is another pipe");
    CHECK_EQ(read(fd, bytes, 8), 3, "the old one has its bytes");
    close(other);
    close(fd);
    CHECK_ERRNO(mkfifo(path, 0600), EEXIST, "mkfifo: EEXIST");
}

static int child_waits(void *flags)
{
    struct sigaction action = { .sa_handler = no_action };
    sigaction(SIGUSR1, &action, NULL);
    return open(path, *(int *)flags) == -1 && errno == EINTR ? 0 : 1;
}

static int child_waits_on(void *flags)
{
    struct sigaction action = { .sa_handler = no_action,
                                .sa_flags = SA_RESTART };
    sigaction(SIGUSR1, &action, NULL);
    return open(path, *(int *)flags) >= 0 ? 0 : 1;
}

/* An open that ended early must leave no end behind. */
static void check_no_end(void)
{
    CHECK_ERRNO(open(path, O_WRONLY | O_NONBLOCK), ENXIO, "no reader is left");
    int fd = open(path, O_RDONLY | O_NONBLOCK);
    char byte;
    CHECK_EQ(read(fd, &byte, 1), 0, "no writer is left");
    close(fd);
}

/* Waits for a partner when this returns. */
static pid_t start_waiting(child_body *body, int *flags)
{
    pid_t pid = child_start(body, flags);
    NEED(thread_await_state(pid, pid, 'S'));
    return pid;
}

static void check_signals(int flags, int partner, const char *name)
{
    pid_t pid = start_waiting(child_waits, &flags);
    kill(pid, SIGUSR1);
    CHECK_EQ(child_wait(pid), 0, "%s: EINTR", name);
    check_no_end();
    pid = start_waiting(child_waits, &flags);
    kill(pid, SIGKILL);
    CHECK_EQ(child_wait(pid), SIGKILL, "%s: killed", name);
    check_no_end();
    pid = start_waiting(child_waits_on, &flags);
    kill(pid, SIGUSR1);
    usleep(20000);
    int fd = open(path, partner);
    CHECK(fd >= 0, "%s: a partner comes", name);
    CHECK_EQ(child_wait(pid), 0, "%s: SA_RESTART waits on", name);
    close(fd);
}

/* Two names in turn: what one round leaves open is not met in the next. */
static const char *turn(int round)
{
    return round % 2 ? "other" : path;
}

static int child_opens_in_turns(void *unused)
{
    (void)unused;
    for (int i = 0; i < ROUNDS; i++) {
        int number = -1;
        int fd = open(turn(i), O_RDONLY);
        if (fd < 0 || read(fd, &number, sizeof(number)) != sizeof(number) ||
            number != i || read(fd, &number, 1) != 0) {
            return 1;
        }
        close(fd);
    }
    return 0;
}

/* Each opening meets its partner, however short that one stays. */
static void check_many_meetings(void)
{
    NEED(mkfifo("other", 0600) == 0);
    pid_t pid = child_start(child_opens_in_turns, NULL);
    int i = 0;
    for (; i < ROUNDS; i++) {
        int fd = open(turn(i), O_WRONLY);
        if (fd < 0 || write(fd, &i, sizeof(i)) != sizeof(i)) {
            break;
        }
        close(fd);
    }
    CHECK_EQ(i, ROUNDS, "the writer's rounds");
    CHECK_EQ(child_wait(pid), 0, "the reader's");
    unlink("other");
}

static int child_writes(void *letter)
{
    char message[1000];
    int fd = open(path, O_WRONLY);
    memset(message, *(char *)letter, sizeof(message));
    for (int i = 0; i < MESSAGES; i++) {
        if (write(fd, message, sizeof(message)) != sizeof(message)) {
            return 1;
        }
    }
    return 0;
}

static void check_many_writers(void)
{
    static char letters[WRITERS] = { 'a', 'b', 'c', 'd' };
    pid_t pids[WRITERS];
    char message[1000];
    int whole = 0, broken = 0;
    for (int i = 0; i < WRITERS; i++) {
        pids[i] = child_start(child_writes, &letters[i]);
    }
    int fd = open(path, O_RDONLY);
    for (;;) {
        size_t got = 0;
        ssize_t n;
        while (got < sizeof(message) &&
               (n = read(fd, message + got, sizeof(message) - got)) > 0) {
            got += (size_t)n;
        }
        if (got < sizeof(message)) {
            /* The first writers may be gone before the last has opened. */
            if (whole == WRITERS * MESSAGES || got > 0) {
                break;
            }
            usleep(1000);
            continue;
        }
        whole++;
        broken += message[0] != message[999] || message[0] != message[500];
    }
    CHECK_EQ(whole, WRITERS * MESSAGES, "all messages");
    CHECK_EQ(broken, 0, "each in one piece");
    for (int i = 0; i < WRITERS; i++) {
        CHECK_EQ(child_wait(pids[i]), 0, "writer %d", i);
    }
    close(fd);
}

int main(void)
{
    check_start();
    check_enter_scratch();
    signal(SIGPIPE, SIG_IGN);
    CHECK_EQ(mkfifo(path, 0600), 0, "mkfifo");
    check_blocking_open();
    check_nonblocking();
    check_both_ways();
    check_unlinked();
    check_signals(O_RDONLY, O_WRONLY, "reader");
    check_signals(O_WRONLY, O_RDONLY, "writer");
    check_many_meetings();
    check_many_writers();
    unlink(path);
    return check_done();
}
