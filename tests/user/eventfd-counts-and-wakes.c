/*
 * eventfd: counter and semaphore mode, limits, O_NONBLOCK, poll; sleepers
 * woken by a write, by a read, by signals; 10^4 rounds between two processes.
 *
 * smp: 1 2 4
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common/child.h"
#include "common/raw.h"
#include "common/thread.h"

enum { ROUNDS = 10000 };

static int fd, back;

static void no_action(int signal_number)
{
    (void)signal_number;
}

static void check_counter(void)
{
    uint64_t value = 0;
    fd = eventfd(3, EFD_NONBLOCK | EFD_CLOEXEC);
    CHECK(fd >= 0, "eventfd");
    CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC, "EFD_CLOEXEC");
    CHECK(fcntl(fd, F_GETFL) & O_NONBLOCK, "EFD_NONBLOCK");
    CHECK_EQ(read(fd, &value, 8), 8, "read");
    CHECK_EQ(value, 3, "the initial value");
    CHECK_ERRNO(read(fd, &value, 8), EAGAIN, "0: nothing to read");
    value = 5;
    CHECK_EQ(write(fd, &value, 8), 8, "write 5");
    value = 7;
    CHECK_EQ(write(fd, &value, 8), 8, "write 7");
    CHECK_EQ(read(fd, &value, 8), 8, "read both");
    CHECK_EQ(value, 12, "the sum");
    CHECK_ERRNO(read(fd, &value, 7), EINVAL, "a short read");
    CHECK_ERRNO(write(fd, &value, 7), EINVAL, "a short write");
    value = UINT64_MAX;
    CHECK_ERRNO(write(fd, &value, 8), EINVAL, "the largest is too large");
    value = UINT64_MAX - 1;
    CHECK_EQ(write(fd, &value, 8), 8, "one less fits");
    value = 1;
    CHECK_ERRNO(write(fd, &value, 8), EAGAIN, "then nothing more");
    struct pollfd entry = { .fd = fd, .events = POLLIN | POLLOUT };
    CHECK_EQ(poll(&entry, 1, 0), 1, "poll a full counter");
    CHECK_EQ(entry.revents, POLLIN, "can be read only");
    CHECK_EQ(read(fd, &value, 8), 8, "read");
    CHECK_EQ(poll(&entry, 1, 0), 1, "poll an empty counter");
    CHECK_EQ(entry.revents, POLLOUT, "can be written only");
    close(fd);
    CHECK_EQ(RAW2(SYS_eventfd2, 0, 2), -EINVAL, "an unknown flag");
}

static void check_semaphore(void)
{
    uint64_t value = 0;
    fd = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
    NEED(fd >= 0);
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(read(fd, &value, 8), 8, "take %d", i);
        CHECK_EQ(value, 1, "it is 1");
    }
    CHECK_ERRNO(read(fd, &value, 8), EAGAIN, "no more");
    close(fd);
}

static int child_writes(void *unused)
{
    (void)unused;
    usleep(30000);
    return eventfd_write(fd, 9);
}

static int child_reads(void *unused)
{
    uint64_t value;
    (void)unused;
    usleep(30000);
    return eventfd_read(fd, &value);
}

static int child_polls(void *unused)
{
    struct pollfd entry = { .fd = fd, .events = POLLIN };
    (void)unused;
    return poll(&entry, 1, 20000) == 1 ? 0 : 1;
}

static int child_sleeps(void *flags)
{
    uint64_t value;
    struct sigaction action = { .sa_handler = no_action,
                                .sa_flags = *(int *)flags };
    NEED(sigaction(SIGUSR1, &action, NULL) == 0);
    long got = read(fd, &value, 8);
    return got == 8 ? 2 : errno == EINTR ? 3 : 4;
}

/* Sleeps in its read when this returns. */
static pid_t start_sleeping(int *flags)
{
    pid_t pid = child_start(child_sleeps, flags);
    NEED(thread_await_state(pid, pid, 'S'));
    return pid;
}

static void check_wakeups(void)
{
    uint64_t value = 0;
    int flags[] = { 0, SA_RESTART };
    fd = eventfd(0, 0);
    NEED(fd >= 0);
    pid_t pid = child_start(child_writes, NULL);
    CHECK_EQ(read(fd, &value, 8), 8, "woken by a write");
    CHECK_EQ(value, 9, "its value");
    CHECK_EQ(child_wait(pid), 0, "the writer ended");
    NEED(eventfd_write(fd, UINT64_MAX - 1) == 0);
    pid = child_start(child_reads, NULL);
    CHECK_EQ(eventfd_write(fd, 4), 0, "woken by a read");
    CHECK_EQ(child_wait(pid), 0, "the reader ended");
    NEED(eventfd_read(fd, &value) == 0 && value == 4);
    pid = child_start(child_polls, NULL);
    usleep(30000);
    NEED(eventfd_write(fd, 1) == 0);
    CHECK_EQ(child_wait(pid), 0, "poll is woken");
    NEED(eventfd_read(fd, &value) == 0);
    pid = start_sleeping(&flags[0]);
    kill(pid, SIGUSR1);
    CHECK_EQ(child_wait(pid), 3 << 8, "a handler: EINTR");
    pid = start_sleeping(&flags[1]);
    kill(pid, SIGUSR1);
    usleep(30000);
    NEED(eventfd_write(fd, 1) == 0);
    CHECK_EQ(child_wait(pid), 2 << 8, "with SA_RESTART it goes on");
    pid = start_sleeping(&flags[0]);
    kill(pid, SIGKILL);
    CHECK_EQ(child_wait(pid), SIGKILL, "SIGKILL");
    close(fd);
}

static int child_answers(void *unused)
{
    uint64_t value;
    (void)unused;
    for (int i = 0; i < ROUNDS; i++) {
        if (eventfd_read(fd, &value) != 0 || eventfd_write(back, value) != 0) {
            return 1;
        }
    }
    return 0;
}

static void check_rounds_trip(void)
{
    uint64_t value = 0;
    int good = 0;
    fd = eventfd(0, 0);
    back = eventfd(0, 0);
    NEED(fd >= 0 && back >= 0);
    pid_t pid = child_start(child_answers, NULL);
    for (uint64_t i = 1; i <= ROUNDS; i++) {
        NEED(eventfd_write(fd, i) == 0 && eventfd_read(back, &value) == 0);
        good += value == i;
    }
    CHECK_EQ(good, ROUNDS, "%d rounds, none lost", ROUNDS);
    CHECK_EQ(child_wait(pid), 0, "the other side too");
    close(fd);
    close(back);
}

int main(void)
{
    check_start();
    check_counter();
    check_semaphore();
    check_wakeups();
    check_rounds_trip();
    return check_done();
}
