/*
 * poll, ppoll, select, pselect6 that have to wait: woken by data, room, the
 * other end's close and signals; time-outs; masks; many descriptors.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "common/badptr.h"
#include "common/child.h"
#include "common/raw.h"
#include "common/thread.h"

enum { CAPACITY = 65536, MANY = 100, LONG_MS = 20000 };

static int ends[2];
static volatile int handled;

static void count_signal(int signal_number)
{
    (void)signal_number;
    handled++;
}

static void handle(int signal_number, int flags)
{
    struct sigaction action = { .sa_handler = count_signal, .sa_flags = flags };
    NEED(sigaction(signal_number, &action, NULL) == 0);
}

static long milliseconds(void)
{
    struct timespec now = { 0, 0 };
    NEED(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void fresh(void)
{
    NEED(pipe(ends) == 0);
}

static void close_both(void)
{
    close(ends[0]);
    close(ends[1]);
}

static int child_writes(void *end)
{
    usleep(30000);
    return write(*(int *)end, "x", 1) == 1 ? 0 : 1;
}

static int child_reads_all(void *unused)
{
    static char bytes[CAPACITY];
    (void)unused;
    usleep(30000);
    return read(ends[0], bytes, CAPACITY) == CAPACITY ? 0 : 1;
}

static int child_goes(void *unused)
{
    (void)unused;
    usleep(30000);
    return 0;
}

/* Once its parent sleeps in its call. */
static int child_signals(void *unused)
{
    pid_t parent = getppid();
    (void)unused;
    NEED(thread_await_state(parent, parent, 'S'));
    return kill(parent, SIGUSR1);
}

static void check_data_wakes(void)
{
    fresh();
    struct pollfd in = { .fd = ends[0], .events = POLLIN };
    pid_t pid = child_start(child_writes, &ends[1]);
    CHECK_EQ(poll(&in, 1, LONG_MS), 1, "data wakes poll");
    CHECK_EQ(in.revents, POLLIN, "and is POLLIN");
    CHECK_EQ(child_wait(pid), 0, "the writer ended");
    close_both();
}

static void check_room_wakes(void)
{
    static char bytes[CAPACITY];
    fresh();
    struct pollfd out = { .fd = ends[1], .events = POLLOUT };
    NEED(write(ends[1], bytes, CAPACITY) == CAPACITY);
    pid_t pid = child_start(child_reads_all, NULL);
    CHECK_EQ(poll(&out, 1, LONG_MS), 1, "room wakes poll");
    CHECK_EQ(out.revents, POLLOUT, "and is POLLOUT");
    CHECK_EQ(child_wait(pid), 0, "the reader ended");
    close_both();
}

static void check_close_wakes(void)
{
    fresh();
    struct pollfd in = { .fd = ends[0], .events = POLLIN };
    pid_t pid = child_start(child_goes, NULL);
    close(ends[1]);
    CHECK_EQ(poll(&in, 1, LONG_MS), 1, "the last writer's end wakes poll");
    CHECK_EQ(in.revents, POLLHUP, "and is POLLHUP");
    CHECK_EQ(child_wait(pid), 0, "it ended");
    close(ends[0]);
}

static void check_many(void)
{
    static struct pollfd set[MANY];
    static int pipes[MANY][2];
    for (int i = 0; i < MANY; i++) {
        NEED(pipe(pipes[i]) == 0);
        set[i] = (struct pollfd){ .fd = pipes[i][0], .events = POLLIN };
    }
    CHECK_EQ(poll(set, MANY, 10), 0, "none of many is ready");
    pid_t pid = child_start(child_writes, &pipes[MANY - 1][1]);
    CHECK_EQ(poll(set, MANY, LONG_MS), 1, "the last of many wakes");
    CHECK(set[MANY - 1].revents == POLLIN && set[0].revents == 0, "that one");
    CHECK_EQ(child_wait(pid), 0, "the writer ended");
    for (int i = 0; i < MANY; i++) {
        close(pipes[i][0]);
        close(pipes[i][1]);
    }
}

static void check_time_outs(void)
{
    struct timespec wait = { 0, 30000000 };
    struct timeval brief = { 0, 30000 };
    fd_set set;
    fresh();
    struct pollfd in = { .fd = ends[0], .events = POLLIN };
    long start = milliseconds();
    CHECK_EQ(poll(&in, 1, 50), 0, "poll times out");
    CHECK(milliseconds() - start >= 50, "not too early");
    start = milliseconds();
    CHECK_EQ(ppoll(&in, 1, &wait, NULL), 0, "ppoll times out");
    CHECK(milliseconds() - start >= 29, "not too early");
    FD_ZERO(&set);
    FD_SET(ends[0], &set);
    CHECK_EQ(select(ends[0] + 1, &set, NULL, NULL, &brief), 0, "select");
    CHECK(!FD_ISSET(ends[0], &set), "clears the set");
    CHECK(brief.tv_sec == 0 && brief.tv_usec == 0, "and the time left");
    close_both();
}

static void check_time_left(void)
{
    struct timeval generous = { 20, 0 };
    struct timespec left = { 20, 0 };
    fd_set set;
    fresh();
    FD_ZERO(&set);
    FD_SET(ends[0], &set);
    pid_t pid = child_start(child_writes, &ends[1]);
    CHECK_EQ(select(ends[0] + 1, &set, NULL, NULL, &generous), 1, "select");
    CHECK(FD_ISSET(ends[0], &set), "has the bit");
    CHECK(generous.tv_sec < 20 && generous.tv_sec > 5, "tells the time left");
    CHECK_EQ(child_wait(pid), 0, "the writer ended");
    CHECK_EQ(RAW6(SYS_pselect6, ends[0] + 1, &set, 0, 0, &left, 0), 1,
             "pselect6");
    CHECK(left.tv_sec < 20 && left.tv_sec > 5, "tells the time left too");
    close_both();
}

static void check_signals(void)
{
    fresh();
    struct pollfd in = { .fd = ends[0], .events = POLLIN };
    handle(SIGUSR1, SA_RESTART);
    pid_t pid = child_start(child_signals, NULL);
    CHECK_ERRNO(poll(&in, 1, LONG_MS), EINTR, "a handler ends poll");
    CHECK_EQ(handled, 1, "it ran");
    CHECK_EQ(child_wait(pid), 0, "the sender ended");
    signal(SIGUSR1, SIG_IGN);
    pid = child_start(child_signals, NULL);
    CHECK_EQ(poll(&in, 1, 100), 0, "an ignored signal does not");
    CHECK_EQ(child_wait(pid), 0, "the sender ended");
    close_both();
}

static void check_masks(void)
{
    sigset_t blocked, none, now;
    struct timespec wait = { 20, 0 };
    fresh();
    struct pollfd in = { .fd = ends[0], .events = POLLIN };
    sigemptyset(&none);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    NEED(sigprocmask(SIG_SETMASK, &blocked, NULL) == 0);
    handle(SIGUSR1, 0);
    handled = 0;
    raise(SIGUSR1);
    CHECK_EQ(handled, 0, "blocked");
    CHECK_ERRNO(ppoll(&in, 1, &wait, &none), EINTR, "ppoll lets it through");
    CHECK_EQ(handled, 1, "once");
    NEED(sigprocmask(SIG_SETMASK, NULL, &now) == 0);
    CHECK(sigismember(&now, SIGUSR1), "and puts the mask back");
    NEED(write(ends[1], "x", 1) == 1);
    CHECK_EQ(ppoll(&in, 1, &wait, &none), 1, "ready without a signal");
    NEED(sigprocmask(SIG_SETMASK, NULL, &now) == 0);
    CHECK(sigismember(&now, SIGUSR1), "the mask is back too");
    NEED(sigprocmask(SIG_SETMASK, &none, NULL) == 0);
    close_both();
}

static void check_arguments(void)
{
    struct timespec bad = { 0, 1000000000 }, negative = { -1, 0 };
    struct timeval early = { 0, -1 };
    struct pollfd in = { .fd = 0, .events = POLLIN };
    fd_set set;
    FD_ZERO(&set);
    CHECK_ERRNO(ppoll(&in, 0, &bad, NULL), EINVAL, "1e9 ns");
    CHECK_ERRNO(ppoll(&in, 0, &negative, NULL), EINVAL, "-1 s");
    CHECK_ERRNO(select(0, NULL, NULL, NULL, &early), EINVAL, "-1 us");
    CHECK_EQ(RAW6(SYS_ppoll, 0, 0, 0, &set, 7, 0), -EINVAL, "mask of 7 bytes");
    CHECK_EQ(RAW6(SYS_poll, 0, 0, 0, 0, 0, 0), 0, "no entries, no pointer");
    for (size_t i = 0; i < badptr_count(); i++) {
        CHECK_EQ(RAW6(SYS_select, 1, badptr(i), 0, 0, 0, 0), -EFAULT,
                 "set at %s", badptr_name(i));
        CHECK_EQ(RAW6(SYS_ppoll, &in, 1, badptr(i), 0, 8, 0), -EFAULT,
                 "time at %s", badptr_name(i));
        CHECK_EQ(RAW6(SYS_pselect6, 0, 0, 0, 0, 0, badptr(i)), -EFAULT,
                 "mask at %s", badptr_name(i));
    }
}

int main(void)
{
    check_start();
    check_data_wakes();
    check_room_wakes();
    check_close_wakes();
    check_many();
    check_time_outs();
    check_time_left();
    check_signals();
    check_masks();
    check_arguments();
    return check_done();
}
