/*
 * No wake-up is lost in pipes, FIFOs, eventfd, poll and its kin, and in the
 * locks of files: 10^4 sleeps in each call.
 *
 * smp: 4
 * timeout: 900
 */
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "common/wakeup.h"

#define FULL_EVENT 0xfffffffffffffffeull

static int pipes[2][2], events[2];
static char bytes[PAGE];

/* ---- pipes ---- */

static void make_pipes(void)
{
    NEED(pipe(pipes[0]) == 0 && pipe(pipes[1]) == 0);
}

static int write_byte(int side)
{
    return write(pipes[side][1], "x", 1) == 1 ? 0 : -1;
}

static int read_byte(int side)
{
    char byte;
    return read(pipes[side][0], &byte, 1) == 1 ? 0 : -1;
}

static void fill_pipes(void)
{
    make_pipes();
    for (int i = 0; i < 2; i++) {
        NEED(fcntl(pipes[i][1], F_SETPIPE_SZ, PAGE) == (int)PAGE);
        NEED(write(pipes[i][1], bytes, PAGE) == PAGE);
    }
}

static int make_room(int side)
{
    return read(pipes[side][0], bytes, PAGE) == PAGE ? 0 : -1;
}

static int write_when_room(int side)
{
    return write(pipes[side][1], bytes, PAGE) == PAGE ? 0 : -1;
}

static void make_fifos(void)
{
    NEED(mkfifo("fifo0", 0600) == 0 && mkfifo("fifo1", 0600) == 0);
}

static int meet_at_fifo(int side, int how)
{
    char path[] = "fifo0";
    path[4] = (char)('0' + side);
    int fd = open(path, how);
    return fd < 0 ? -1 : close(fd);
}

static int open_writer(int side)
{
    return meet_at_fifo(side, O_WRONLY);
}

static int open_reader(int side)
{
    return meet_at_fifo(side, O_RDONLY);
}

static void remove_fifos(void)
{
    unlink("fifo0");
    unlink("fifo1");
}

/* ---- eventfd ---- */

static void make_events(void)
{
    events[0] = eventfd(0, 0);
    events[1] = eventfd(0, 0);
    NEED(events[0] >= 0 && events[1] >= 0);
}

static int add_event(int side)
{
    uint64_t one = 1;
    return write(events[side], &one, sizeof(one)) == sizeof(one) ? 0 : -1;
}

static int take_events(int side)
{
    uint64_t count;
    return read(events[side], &count, sizeof(count)) == sizeof(count) ? 0 : -1;
}

static int fill_event(int side, uint64_t by)
{
    return write(events[side], &by, sizeof(by)) == sizeof(by) ? 0 : -1;
}

static void fill_events(void)
{
    make_events();
    NEED(fill_event(0, FULL_EVENT) == 0 && fill_event(1, FULL_EVENT) == 0);
}

static int add_to_full_event(int side)
{
    return add_event(side) ? -1 : fill_event(side, FULL_EVENT - 1);
}

/* ---- poll and its kin ---- */

static int poll_byte(int side)
{
    struct pollfd set = { .fd = pipes[side][0], .events = POLLIN };
    return poll(&set, 1, -1) == 1 ? read_byte(side) : -1;
}

static int ppoll_byte(int side)
{
    struct pollfd set[3] = { { .fd = pipes[!side][0], .events = 0 },
                             { .fd = -1 },
                             { .fd = pipes[side][0], .events = POLLIN } };
    struct timespec long_time = { .tv_sec = 1000 };
    return ppoll(set, 3, &long_time, NULL) == 1 ? read_byte(side) : -1;
}

static int select_byte(int side)
{
    fd_set set;
    FD_ZERO(&set);
    FD_SET(pipes[side][0], &set);
    return select(pipes[side][0] + 1, &set, NULL, NULL, NULL) == 1
               ? read_byte(side)
               : -1;
}

static int pselect_byte(int side)
{
    struct timespec long_time = { .tv_sec = 1000 };
    fd_set set;
    FD_ZERO(&set);
    FD_SET(pipes[side][0], &set);
    return pselect(pipes[side][0] + 1, &set, NULL, NULL, &long_time, NULL) == 1
               ? read_byte(side)
               : -1;
}

static int poll_room(int side)
{
    struct pollfd set = { .fd = pipes[side][1], .events = POLLOUT };
    return poll(&set, 1, -1) == 1 ? write_when_room(side) : -1;
}

/* Both at their time-out, which comes about when the byte does. */
static int poll_until_either(int side)
{
    struct pollfd set = { .fd = pipes[side][0], .events = POLLIN };
    int found;
    do {
        struct timespec soon = { .tv_nsec = 20000 };
        found = ppoll(&set, 1, &soon, NULL);
    } while (found == 0);
    return found == 1 ? read_byte(side) : -1;
}

/* ---- locks: three that two processes hand over to each other ---- */

/* Each side holds one lock, takes the one that the other side holds, and only
 * then gives up its own: every step waits for the other side's. */
static int hand_over_locks(int side, long rounds,
                           int (*change)(int number, int locked))
{
    int mine = side, next = side ? 0 : 2;

    if (change(mine, 1)) {
        return -1;
    }
    wakeup_heard(side);
    while (wakeup_count(!side) == 0) {
        sched_yield(); /* the other side has its first lock, too */
    }
    for (long i = 0; i < rounds; i++) {
        wakeup_delay();
        if (change(next, 1)) {
            return -1;
        }
        wakeup_delay();
        if (change(mine, 0)) {
            return -1;
        }
        int third = 3 - mine - next;
        mine = next;
        next = third;
    }
    return change(mine, 0);
}

static int lock_files[3];

static void make_lock_files(void)
{
    for (int i = 0; i < 3; i++) {
        char path[] = "lock0";
        path[4] = (char)('0' + i);
        lock_files[i] = open(path, O_RDWR | O_CREAT, 0600);
        NEED(lock_files[i] >= 0);
    }
}

/* Open files of one's own, which have locks of their own. */
static int own_lock_files(void)
{
    for (int i = 0; i < 3; i++) {
        char path[] = "lock0";
        path[4] = (char)('0' + i);
        lock_files[i] = open(path, O_RDWR);
    }
    return lock_files[2] < 0 ? -1 : 0;
}

static int change_flock(int number, int locked)
{
    return flock(lock_files[number], locked ? LOCK_EX : LOCK_UN);
}

static int flock_rounds(int side, long rounds)
{
    return own_lock_files() ? -1 : hand_over_locks(side, rounds, change_flock);
}

static int change_range(int number, int locked, int command)
{
    struct flock lock = { .l_type = locked ? F_WRLCK : F_UNLCK,
                          .l_start = number,
                          .l_len = 1 };
    return fcntl(lock_files[0], command, &lock);
}

static int change_record(int number, int locked)
{
    return change_range(number, locked, F_SETLKW);
}

static int record_rounds(int side, long rounds)
{
    return hand_over_locks(side, rounds, change_record);
}

static int change_open_record(int number, int locked)
{
    return change_range(number, locked, F_OFD_SETLKW);
}

static int open_record_rounds(int side, long rounds)
{
    return own_lock_files() ? -1
                            : hand_over_locks(side, rounds, change_open_record);
}

static const struct wakeup_row rows[] = {
    { "pipe read", .prepare = make_pipes, .listen = read_byte,
      .tell = write_byte },
    { "pipe write", .prepare = fill_pipes, .listen = write_when_room,
      .tell = make_room },
    { "FIFO open", .prepare = make_fifos, .listen = open_reader,
      .tell = open_writer, .finish = remove_fifos },
    { "FIFO open to write", .prepare = make_fifos, .listen = open_writer,
      .tell = open_reader, .finish = remove_fifos },
    { "eventfd read", .prepare = make_events, .listen = take_events,
      .tell = add_event },
    { "eventfd write", .prepare = fill_events, .listen = add_to_full_event,
      .tell = take_events },
    { "poll", .prepare = make_pipes, .listen = poll_byte, .tell = write_byte },
    { "poll for room", .prepare = fill_pipes, .listen = poll_room,
      .tell = make_room },
    { "ppoll", .prepare = make_pipes, .listen = ppoll_byte,
      .tell = write_byte },
    { "poll and time-out", .prepare = make_pipes, .listen = poll_until_either,
      .tell = write_byte },
    { "select", .prepare = make_pipes, .listen = select_byte,
      .tell = write_byte },
    { "pselect", .prepare = make_pipes, .listen = pselect_byte,
      .tell = write_byte },
    { "flock", .prepare = make_lock_files, .act = flock_rounds },
    { "F_SETLKW", .prepare = make_lock_files, .act = record_rounds },
    { "F_OFD_SETLKW", .prepare = make_lock_files, .act = open_record_rounds },
};

int main(int argc, char **argv)
{
    return wakeup_main(argc, argv, rows, ARRAY_LENGTH(rows));
}
