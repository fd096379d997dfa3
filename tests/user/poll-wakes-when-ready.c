/*
 * poll and select sleep until a descriptor is ready, the time is over or a
 * signal comes, and wake for each.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "common/child.h"
#include "common/thread.h"

enum { PIPES = 20 };

static int ends[PIPES][2];
static volatile int calls;

static void on_signal(int number)
{
    calls++;
}

static long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int child_writes_later(void *which)
{
    usleep(30000);
    return write(ends[(intptr_t)which][1], "x", 1) == 1 ? 0 : 1;
}

/* Once its parent sleeps. */
static int child_signals_later(void *unused)
{
    pid_t parent = getppid();
    NEED(thread_await_state(parent, parent, 'S'));
    kill(parent, SIGUSR1);
    return 0;
}

static int child_closes_later(void *unused)
{
    for (int i = 1; i < PIPES; i++) {
        close(ends[i][1]);
    }
    usleep(30000);
    return 0;
}

static void check_poll(void)
{
    struct pollfd entries[PIPES];
    char byte;
    int wrong = 0;
    for (int i = 0; i < PIPES; i++) {
        entries[i] = (struct pollfd){ .fd = ends[i][0], .events = POLLIN };
    }
    long start = now_ms();
    CHECK_EQ(poll(entries, PIPES, 40), 0, "nothing ready: the time-out");
    CHECK(now_ms() - start >= 40, "not too early");
    for (intptr_t i = 0; i < PIPES; i += 6) {
        pid_t pid = child_start(child_writes_later, (void *)i);
        wrong += poll(entries, PIPES, -1) != 1;
        for (int k = 0; k < PIPES; k++) {
            wrong += entries[k].revents != (k == i ? POLLIN : 0);
        }
        wrong += read(ends[i][0], &byte, 1) != 1;
        wrong += child_wait(pid) != 0;
    }
    CHECK_EQ(wrong, 0, "each of %d pipes wakes us", PIPES);
    pid_t pid = child_start(child_signals_later, NULL);
    CHECK_ERRNO(poll(entries, PIPES, -1), EINTR, "a signal: EINTR");
    CHECK_EQ(calls, 1, "its handler has run");
    child_wait(pid);
}

static void check_select(void)
{
    fd_set set;
    struct timeval time = { 0, 30000 };
    char byte;
    FD_ZERO(&set);
    FD_SET(ends[3][0], &set);
    FD_SET(ends[9][0], &set);
    CHECK_EQ(select(ends[9][0] + 1, &set, NULL, NULL, &time), 0, "time-out");
    CHECK(!FD_ISSET(ends[3][0], &set), "the set is empty");
    CHECK(time.tv_sec == 0 && time.tv_usec == 0, "no time is left");
    FD_SET(ends[3][0], &set);
    FD_SET(ends[9][0], &set);
    time.tv_sec = 50;
    long start = now_ms();
    pid_t pid = child_start(child_writes_later, (void *)9);
    CHECK_EQ(select(ends[9][0] + 1, &set, NULL, NULL, &time), 1, "one ready");
    CHECK(FD_ISSET(ends[9][0], &set) && !FD_ISSET(ends[3][0], &set), "that");
    long passed = now_ms() - start + 2; /* for rounding */
    CHECK(time.tv_sec < 50 &&
              time.tv_sec * 1000 + time.tv_usec / 1000 >= 50000 - passed,
          "the rest of the time");
    CHECK(read(ends[9][0], &byte, 1) == 1, "read it");
    child_wait(pid);
}

static void check_hang_up(void)
{
    struct pollfd entry = { .fd = ends[0][0], .events = POLLIN };
    pid_t pid = child_start(child_closes_later, NULL);
    close(ends[0][1]);
    CHECK_EQ(poll(&entry, 1, -1), 1, "the last writer ends: awake");
    CHECK(entry.revents & POLLHUP, "POLLHUP");
    child_wait(pid);
}

static int child_reads_later(void *unused)
{
    static char bytes[65536];
    usleep(30000);
    return read(ends[1][0], bytes, sizeof(bytes)) > 0 ? 0 : 1;
}

static void check_room(void)
{
    static char bytes[65536];
    struct pollfd entry = { .fd = ends[1][1], .events = POLLOUT };
    fcntl(ends[1][1], F_SETFL, O_NONBLOCK);
    while (write(ends[1][1], bytes, sizeof(bytes)) > 0) {
    }
    CHECK_EQ(poll(&entry, 1, 0), 0, "full");
    pid_t pid = child_start(child_reads_later, NULL);
    CHECK_EQ(poll(&entry, 1, -1), 1, "a reader makes room: awake");
    CHECK_EQ(entry.revents, POLLOUT, "POLLOUT");
    CHECK_EQ(child_wait(pid), 0, "the reader");
}

int main(void)
{
    check_start();
    signal(SIGUSR1, on_signal);
    for (int i = 0; i < PIPES; i++) {
        NEED(pipe(ends[i]) == 0);
    }
    check_poll();
    check_select();
    check_room();
    check_hang_up();
    return check_done();
}
