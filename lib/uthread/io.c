/*
 * io.c - threads that wait for files and for time.
 *
 * 1 Idea      A thread that would block is parked and noted down with what it
 *             waits for; one poll() waits for all of them.  Who calls that is the
 *             model's business: a kernel thread of its own (the poller), or the
 *             carrier when it has nothing else to do.
 * 2 Bell      An eventfd ends a poll() that waits when there is more to wait for.
 * 3 Locking   `lock` for the list.  Only the one who looks takes threads off it.
 * 4 Limits    A look takes time in the order of those that wait.  Between the
 *             look and the read another thread may take the bytes: who shares a
 *             file for reading blocks its carrier then.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>
#include "engine.h"

#define NS_PER_MS 1000000ul

static struct uthread_lock lock;
static struct uthread_queue waiters;
static unsigned count;
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
    return __atomic_load_n(&count, __ATOMIC_RELAXED) > 0;
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

/* Fill in `files` from the list; how long to wait at most, in ms. */
static int prepare_locked(void)
{
    uint64_t first = UINT64_MAX, now = now_ns();
    unsigned i = 1;

    files[0] = (struct pollfd){ .fd = bell, .events = POLLIN };
    for (const struct uthread *t = waiters.first; t; t = t->next, i++) {
        files[i] = (struct pollfd){ .fd = t->fd, .events = t->events };
        if (t->deadline && t->deadline < first)
            first = t->deadline;
    }
    if (first == UINT64_MAX)
        return -1;
    if (first <= now)
        return 0;
    uint64_t ms = (first - now + NS_PER_MS - 1) / NS_PER_MS;
    return ms < INT_MAX ? (int)ms : INT_MAX;
}

/* Of the first `looked_at` threads take those off the list whose file is ready
 * or whose time has come. */
static struct uthread_queue take_ready_locked(unsigned looked_at)
{
    struct uthread_queue rest = { NULL, NULL }, ready = { NULL, NULL };
    uint64_t now = now_ns();
    unsigned i = 1;

    for (struct uthread *t = uthread_queue_take(&waiters); t;
         t = uthread_queue_take(&waiters), i++) {
        bool is_ready = i <= looked_at && files[i].revents != 0;
        if (is_ready || (t->deadline && t->deadline <= now)) {
            count--;
            uthread_queue_add(&ready, t);
        } else {
            uthread_queue_add(&rest, t);
        }
    }
    waiters = rest;
    return ready;
}

void uthread_poller_look(bool wait)
{
    uint64_t rings;

    uthread_lock(&lock);
    unsigned looked_at = has_room_locked() ? count : 0;
    int ms = room ? prepare_locked() : 0;
    uthread_unlock(&lock);
    if (room && poll(files, looked_at + 1, wait ? ms : 0) > 0 &&
        files[0].revents && read(bell, &rings, sizeof(rings)) < 0)
        return;
    uthread_lock(&lock);
    struct uthread_queue ready = take_ready_locked(looked_at);
    uthread_unlock(&lock);
    struct uthread *t;
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

/* Park until the file is ready or the time has come. */
static void wait_for(int fd, short events, uint64_t deadline)
{
    struct uthread *t = uthread_self();

    uthread_lock(&lock);
    t->fd = fd;
    t->events = events;
    t->deadline = deadline;
    uthread_queue_add(&waiters, t);
    count++;
    if (uthread_engine->has_poller)
        uthread_poller_ring();
    uthread_engine->park(&lock);
}

/* Hold, and wait where the kernel thread must not. */
static void hold_until(int fd, short events)
{
    struct pollfd file = { .fd = fd, .events = events };

    uthread_hold();
    if (!uthread_engine->waits_in_kernel && poll(&file, 1, 0) == 0)
        wait_for(fd, events, 0);
}

ssize_t uthread_read(int fd, void *buffer, size_t bytes)
{
    hold_until(fd, POLLIN);
    ssize_t got = read(fd, buffer, bytes);
    uthread_release();
    return got;
}

/* A pipe that is ready takes PIPE_BUF bytes without blocking, perhaps no more. */
ssize_t uthread_write(int fd, const void *buffer, size_t bytes)
{
    if (!uthread_engine->waits_in_kernel && bytes > PIPE_BUF)
        bytes = PIPE_BUF;
    hold_until(fd, POLLOUT);
    ssize_t done = write(fd, buffer, bytes);
    uthread_release();
    return done;
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
    wait_for(-1, 0, now_ns() + ms * NS_PER_MS);
    uthread_release();
}
