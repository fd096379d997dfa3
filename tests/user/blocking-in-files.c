/*
 * What ends the calls that block on pipes, FIFOs, terminals, eventfd, polls
 * and locks of files, as signal(7) lists it.
 *
 * smp: 1 2 4
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "common/blocking.h"
#include "common/terminal.h"

static int *const ends = blocking_ends;
static char bytes[PAGE];

static void close_other(void)
{
    close(ends[1]);
}

/* ---- pipes ---- */

static void make_pipe(void)
{
    NEED(pipe(ends) == 0);
}

static long read_end(void)
{
    return read(ends[0], bytes, 10);
}

static void write_other(void)
{
    NEED(write(ends[1], "abc", 3) == 3);
}

static void make_full_pipe(void)
{
    int back[2];
    NEED(pipe(back) == 0);
    ends[0] = back[1];
    ends[1] = back[0];
    NEED(fcntl(ends[0], F_SETPIPE_SZ, PAGE) == (int)PAGE);
    NEED(write(ends[0], bytes, PAGE) == PAGE);
}

static long write_end(void)
{
    return write(ends[0], bytes, PAGE);
}

static void read_other(void)
{
    NEED(read(ends[1], bytes, PAGE) == PAGE);
}

/* ---- FIFOs ---- */

static void make_fifo(void)
{
    unlink("fifo");
    NEED(mkfifo("fifo", 0600) == 0);
}

static long open_to_read(void)
{
    return open("fifo", O_RDONLY) < 0 ? -1 : 0;
}

static long open_to_write(void)
{
    return open("fifo", O_WRONLY) < 0 ? -1 : 0;
}

static void open_other(void)
{
    NEED(open("fifo", O_RDWR) >= 0);
}

/* ---- terminal, eventfd ---- */

static void make_terminal(void)
{
    ends[0] = terminal_open();
    NEED(ends[0] >= 0);
}

static void make_event(void)
{
    ends[0] = eventfd(0, 0);
    ends[1] = dup(ends[0]);
}

static long read_event(void)
{
    uint64_t count;
    return read(ends[0], &count, sizeof(count));
}

static void add_event(void)
{
    uint64_t one = 1;
    NEED(write(ends[1], &one, sizeof(one)) == sizeof(one));
}

static void make_full_event(void)
{
    uint64_t most = 0xfffffffffffffffeull;
    make_event();
    NEED(write(ends[1], &most, sizeof(most)) == sizeof(most));
}

static long write_event(void)
{
    uint64_t one = 1;
    return write(ends[0], &one, sizeof(one));
}

static void take_events(void)
{
    uint64_t count;
    NEED(read(ends[1], &count, sizeof(count)) == sizeof(count));
}

/* ---- poll and its kin ---- */

static long poll_for(int ms)
{
    struct pollfd set = { .fd = ends[0], .events = POLLIN };
    return poll(&set, 1, ms);
}

static long poll_end(void)
{
    return poll_for(-1);
}

static long poll_long(void)
{
    return poll_for(1000000);
}

static long poll_shortly(void)
{
    return poll_for(20);
}

static long ppoll_for(long s, long ns)
{
    struct pollfd set = { .fd = ends[0], .events = POLLIN };
    struct timespec limit = { s, ns };
    return ppoll(&set, 1, &limit, NULL);
}

static long ppoll_end(void)
{
    return ppoll_for(1000, 0);
}

static long ppoll_shortly(void)
{
    return ppoll_for(0, 20000000);
}

static long select_for(struct timeval *limit)
{
    fd_set set;
    FD_ZERO(&set);
    FD_SET(ends[0], &set);
    return select(ends[0] + 1, &set, NULL, NULL, limit);
}

static long select_end(void)
{
    return select_for(NULL);
}

static long select_long(void)
{
    struct timeval limit = { 1000, 0 };
    return select_for(&limit);
}

static long select_shortly(void)
{
    struct timeval limit = { 0, 20000 };
    return select_for(&limit);
}

static long pselect_for(long s, long ns)
{
    struct timespec limit = { s, ns };
    fd_set set;
    FD_ZERO(&set);
    FD_SET(ends[0], &set);
    return pselect(ends[0] + 1, &set, NULL, NULL, &limit, NULL);
}

static long pselect_end(void)
{
    return pselect_for(1000, 0);
}

static long pselect_shortly(void)
{
    return pselect_for(0, 20000000);
}

/* ---- locks; the conductor has one and the caller wants it ---- */

static void open_locked(void)
{
    unlink("locked"); /* a caller that was killed may still hold the old one */
    ends[1] = open("locked", O_RDWR | O_CREAT, 0600);
    NEED(ends[1] >= 0);
}

static void open_own(void)
{
    ends[0] = open("locked", O_RDWR);
}

static void hold_flock(void)
{
    open_locked();
    NEED(flock(ends[1], LOCK_EX) == 0);
}

static long want_flock(void)
{
    return flock(ends[0], LOCK_SH);
}

static void drop_flock(void)
{
    NEED(flock(ends[1], LOCK_UN) == 0);
}

static int change_lock(int fd, int command, short type)
{
    struct flock lock = { .l_type = type, .l_start = 5, .l_len = 10 };
    return fcntl(fd, command, &lock);
}

static void hold_record(void)
{
    open_locked();
    NEED(change_lock(ends[1], F_SETLK, F_WRLCK) == 0);
}

static long want_record(void)
{
    return change_lock(ends[0], F_SETLKW, F_RDLCK);
}

static long want_open_record(void)
{
    return change_lock(ends[0], F_OFD_SETLKW, F_WRLCK);
}

static void drop_record(void)
{
    NEED(change_lock(ends[1], F_SETLK, F_UNLCK) == 0);
}

static const struct blocking_row rows[] = {
    { .name = "read of a pipe",
      .prepare = make_pipe,
      .call = read_end,
      .wake = write_other,
      .woken = 3,
      .hang_up = close_other,
      .ended = 0 },
    { .name = "write to a pipe",
      .prepare = make_full_pipe,
      .call = write_end,
      .wake = read_other,
      .woken = PAGE,
      .hang_up = close_other,
      .ended = -1,
      .ended_errno = EPIPE },
    { .name = "open of a FIFO to read",
      .prepare = make_fifo,
      .call = open_to_read,
      .wake = open_other },
    { .name = "open of a FIFO to write",
      .prepare = make_fifo,
      .call = open_to_write,
      .wake = open_other },
    { .name = "read of a terminal",
      .prepare = make_terminal,
      .call = read_end },
    { .name = "read of an eventfd",
      .prepare = make_event,
      .call = read_event,
      .wake = add_event,
      .woken = 8 },
    { .name = "write to an eventfd",
      .prepare = make_full_event,
      .call = write_event,
      .wake = take_events,
      .woken = 8 },
    { .name = "poll",
      .prepare = make_pipe,
      .call = poll_end,
      .wake = write_other,
      .woken = 1,
      .hang_up = close_other,
      .ended = 1,
      .habits = NEVER_RESTARTS,
      .timed = poll_shortly },
    { .name = "poll with a limit",
      .prepare = make_pipe,
      .call = poll_long,
      .wake = write_other,
      .woken = 1,
      .habits = NEVER_RESTARTS },
    { .name = "ppoll",
      .prepare = make_pipe,
      .call = ppoll_end,
      .wake = write_other,
      .woken = 1,
      .habits = NEVER_RESTARTS,
      .timed = ppoll_shortly },
    { .name = "select",
      .prepare = make_pipe,
      .call = select_end,
      .wake = write_other,
      .woken = 1,
      .hang_up = close_other,
      .ended = 1,
      .habits = NEVER_RESTARTS,
      .timed = select_shortly },
    { .name = "select with a limit",
      .prepare = make_pipe,
      .call = select_long,
      .wake = write_other,
      .woken = 1,
      .habits = NEVER_RESTARTS },
    { .name = "pselect",
      .prepare = make_pipe,
      .call = pselect_end,
      .wake = write_other,
      .woken = 1,
      .habits = NEVER_RESTARTS,
      .timed = pselect_shortly },
    { .name = "flock",
      .prepare = hold_flock,
      .begin = open_own,
      .call = want_flock,
      .wake = drop_flock,
      .hang_up = close_other },
    { .name = "F_SETLKW",
      .prepare = hold_record,
      .begin = open_own,
      .call = want_record,
      .wake = drop_record,
      .hang_up = close_other },
    { .name = "F_OFD_SETLKW",
      .prepare = hold_record,
      .begin = open_own,
      .call = want_open_record,
      .wake = drop_record,
      .hang_up = close_other },
};

int main(int argc, char **argv)
{
    return blocking_main(argc, argv, rows, ARRAY_LENGTH(rows));
}
