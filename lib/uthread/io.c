/*
 * io.c - threads that wait for files and for time.
 *
 * 1 Idea      A thread that would block is parked and noted down with what it
 *             waits for; one poll() waits for all of them.  Who calls that is the
 *             model's business: a kernel thread of its own (the poller), or the
 *             carrier when it has nothing else to do.
 * 2 Time      Those that sleep are in a queue of their own, the first to wake
 *             first; poll() only learns of that one's time.
 * 3 Bell      An eventfd ends a poll() that waits when there is more to wait for
 *             than it knows of.
 * 4 Locking   `lock` for the queues.  Only the one who looks takes threads off.
 * 5 Limits    A look takes time in the order of those that wait for files.
 *             Between the look and the read another thread may take the bytes:
 *             who shares a file for reading makes it O_NONBLOCK, or blocks its
 *             carrier then.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "engine.h"

#define NS_PER_MS 1000000ul

static struct uthread_lock lock;
static struct uthread_queue waiters, sleepers;
static unsigned count, sleeping; /* of the two queues */
static uint64_t looks_until; /* when poll() comes back; 0: it is not there */
static int bell = -1;
static pthread_t poller;
static volatile bool closing;

/* For the one who looks. */
static struct pollfd *files; /* files[0] is the bell */
static unsigned room;

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 * NS_PER_MS + (uint64_t)t.tv_nsec;
}

void uthread_poller_ring(void)
{
    const uint64_t one = 1;

    if (write(bell, &one, sizeof(one)) < 0)
        return; /* it rings already */
}

bool uthread_poller_has_work(void)
{
    return __atomic_load_n(&count, __ATOMIC_RELAXED) > 0 ||
           __atomic_load_n(&sleeping, __ATOMIC_RELAXED) > 0;
}

static bool has_room_locked(void)
{
    if (count + 1 <= room)
        return true;
    unsigned wanted = 2 * (count + 1);
    struct pollfd *more = realloc(files, wanted * sizeof(*files));
    if (!more)
        return false;
    files = more;
    room = wanted;
    return true;
}

/* Fill in `files` from the queue. */
static void prepare_locked(void)
{
    unsigned i = 1;

    files[0] = (struct pollfd){ .fd = bell, .events = POLLIN };
    for (const struct uthread *t = waiters.first; t; t = t->next, i++)
        files[i] = (struct pollfd){ .fd = t->fd, .events = t->events };
}

/* Milliseconds until then as poll() takes them. */
static int time_until(uint64_t deadline)
{
    uint64_t now = now_ns();

    if (deadline == UINT64_MAX)
        return -1;
    if (deadline <= now)
        return 0;
    uint64_t ms = (deadline - now + NS_PER_MS - 1) / NS_PER_MS;
    return ms < INT_MAX ? (int)ms : INT_MAX;
}

/* Of the first `looked_at` threads take those off the queue whose file is
 * ready. */
static void take_ready_locked(struct uthread_queue *ready, unsigned looked_at)
{
    struct uthread_queue rest = { NULL, NULL };
    struct uthread *t;

    for (unsigned i = 1; (t = uthread_queue_take(&waiters)) != NULL; i++) {
        if (i <= looked_at && files[i].revents != 0) {
            count--;
            uthread_queue_add(ready, t);
        } else {
            uthread_queue_add(&rest, t);
        }
    }
    waiters = rest;
}

/* And all whose time has come. */
static void take_late_locked(struct uthread_queue *ready)
{
    uint64_t now = sleepers.first ? now_ns() : 0;

    while (sleepers.first && sleepers.first->deadline <= now) {
        sleeping--;
        uthread_queue_add(ready, uthread_queue_take(&sleepers));
    }
}

static uint64_t next_deadline_locked(void)
{
    return sleepers.first ? sleepers.first->deadline : UINT64_MAX;
}

void uthread_poller_look(bool wait)
{
    struct uthread_queue ready = { NULL, NULL };
    struct uthread *t;
    uint64_t rings;

    uthread_lock(&lock);
    unsigned looked_at = has_room_locked() ? count : 0;
    if (room)
        prepare_locked();
    looks_until = wait && room ? next_deadline_locked() : 0;
    int ms = looks_until ? time_until(looks_until) : 0;
    uthread_unlock(&lock);
    int found = room ? poll(files, looked_at + 1, ms) : 0;
    if (found > 0 && files[0].revents && read(bell, &rings, sizeof(rings)) < 0)
        found--; /* somebody else was faster; it does not matter */
    uthread_lock(&lock);
    looks_until = 0;
    if (found > 0)
        take_ready_locked(&ready, looked_at);
    take_late_locked(&ready);
    uthread_unlock(&lock);
    while ((t = uthread_queue_take(&ready)) != NULL)
        uthread_engine->ready(t);
}

static void *look_for_ever(void *unused)
{
    while (!closing)
        uthread_poller_look(true);
    return NULL;
}

int uthread_poller_open(void)
{
    closing = false;
    bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (bell < 0)
        return errno;
    int err = 0;
    if (uthread_engine->has_poller)
        err = pthread_create(&poller, NULL, look_for_ever, NULL);
    if (err)
        close(bell);
    return err;
}

void uthread_poller_close(void)
{
    closing = true;
    uthread_poller_ring();
    if (uthread_engine->has_poller)
        pthread_join(poller, NULL);
    close(bell);
    free(files);
    files = NULL;
    room = 0;
}

/* ---- threads that wait ---------------------------------------------------- */

/* Its look is over, for there is more to look at. */
static void interrupt_look_locked(void)
{
    looks_until = 0; /* one ring will do */
    uthread_poller_ring();
}

static void wait_for_file(int fd, short events)
{
    struct uthread *t = uthread_self();

    uthread_lock(&lock);
    t->fd = fd;
    t->events = events;
    uthread_queue_add(&waiters, t);
    count++;
    if (looks_until != 0)
        interrupt_look_locked();
    uthread_engine->park(&lock);
}

/* Before those who wake later; most often there are none. */
static void add_sleeper_locked(struct uthread *t)
{
    struct uthread **place = &sleepers.first;

    if (!sleepers.first || sleepers.last->deadline <= t->deadline) {
        uthread_queue_add(&sleepers, t);
        return;
    }
    while ((*place)->deadline <= t->deadline)
        place = &(*place)->next;
    t->next = *place;
    *place = t;
}

static void wait_for_time(uint64_t deadline)
{
    struct uthread *t = uthread_self();

    uthread_lock(&lock);
    t->deadline = deadline;
    add_sleeper_locked(t);
    sleeping++;
    if (deadline < looks_until)
        interrupt_look_locked();
    uthread_engine->park(&lock);
}

/* Hold, and wait where the kernel thread must not. */
static void hold_until(int fd, short events)
{
    struct pollfd file = { .fd = fd, .events = events };

    uthread_hold();
    if (!uthread_engine->waits_in_kernel && poll(&file, 1, 0) == 0)
        wait_for_file(fd, events);
}

/* After a call that returned this: false unless it would have blocked.  errno
 * is read here, as its address must not be kept over a wait. */
static __attribute__((noinline)) bool has_to_repeat(ssize_t result, int fd,
                                                    short events)
{
    struct pollfd file = { .fd = fd, .events = events };

    __asm__ volatile("");
    if (result >= 0 || errno != EAGAIN)
        return false;
    if (uthread_engine->waits_in_kernel)
        poll(&file, 1, -1);
    return true;
}

ssize_t uthread_read(int fd, void *buffer, size_t bytes)
{
    ssize_t got;

    do {
        hold_until(fd, POLLIN);
        got = read(fd, buffer, bytes);
        uthread_release();
    } while (has_to_repeat(got, fd, POLLIN));
    return got;
}

/* A pipe that is ready takes PIPE_BUF bytes without blocking, perhaps no more. */
ssize_t uthread_write(int fd, const void *buffer, size_t bytes)
{
    ssize_t done;

    if (!uthread_engine->waits_in_kernel && bytes > PIPE_BUF)
        bytes = PIPE_BUF;
    do {
        hold_until(fd, POLLOUT);
        done = write(fd, buffer, bytes);
        uthread_release();
    } while (has_to_repeat(done, fd, POLLOUT));
    return done;
}

int uthread_accept(int fd, struct sockaddr *address, socklen_t *length)
{
    int got;

    do {
        hold_until(fd, POLLIN);
        got = accept(fd, address, length);
        uthread_release();
    } while (has_to_repeat(got, fd, POLLIN));
    return got;
}

void uthread_sleep_ms(unsigned ms)
{
    struct timespec time = { .tv_sec = ms / 1000,
                             .tv_nsec = (long)(ms % 1000 * NS_PER_MS) };

    if (uthread_engine->waits_in_kernel) {
        while (nanosleep(&time, &time) && errno == EINTR)
            ;
        return;
    }
    uthread_hold();
    wait_for_time(now_ns() + ms * NS_PER_MS);
    uthread_release();
}
