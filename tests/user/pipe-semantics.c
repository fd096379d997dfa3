/*
 * Pipes: order, blocking, end of file, EPIPE and SIGPIPE, O_NONBLOCK, poll,
 * capacity, and a failed copy-out.
 *
 * Bad input: rows 34 (data stays in the pipe), 103, 29.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common/badptr.h"
#include "common/child.h"
#include "common/raw.h"

enum { CAPACITY = 65536 };

static int ends[2];

static void fresh(int flags)
{
    NEED(pipe2(ends, flags) == 0);
}

static void close_both(void)
{
    close(ends[0]);
    close(ends[1]);
}

static void check_basics(void)
{
    char bytes[20] = "";
    struct stat status;
    fresh(0);
    CHECK(ends[0] < ends[1], "read end first");
    CHECK_EQ(write(ends[1], "hello", 5), 5, "write");
    CHECK_EQ(write(ends[1], " world", 6), 6, "write");
    CHECK_EQ(read(ends[0], bytes, 3), 3, "a short read");
    CHECK_EQ(read(ends[0], bytes, 20), 8, "the rest at once");
    CHECK(!memcmp(bytes, "lo world", 8), "in order");
    CHECK_ERRNO(read(ends[1], bytes, 1), EBADF, "read the write end");
    CHECK_ERRNO(write(ends[0], bytes, 1), EBADF, "write the read end");
    CHECK_ERRNO(lseek(ends[0], 0, SEEK_CUR), ESPIPE, "no offset");
    CHECK_ERRNO(pread(ends[0], bytes, 1, 0), ESPIPE, "no pread");
    CHECK(fstat(ends[0], &status) == 0 && S_ISFIFO(status.st_mode), "a FIFO");
    CHECK_EQ(write(ends[1], "x", 0), 0, "write 0 bytes");
    CHECK_EQ(write(ends[1], "abc", 3), 3, "write");
    int count = 0;
    CHECK(ioctl(ends[0], FIONREAD, &count) == 0 && count == 3, "FIONREAD");
    close(ends[1]);
    CHECK_EQ(read(ends[0], bytes, 20), 3, "the rest after close");
    CHECK_EQ(read(ends[0], bytes, 20), 0, "then end of file");
    CHECK_EQ(read(ends[0], bytes, 20), 0, "again");
    close(ends[0]);
}

static void check_nonblocking(void)
{
    static char bytes[CAPACITY];
    struct pollfd out, in;
    size_t total = 0;
    ssize_t got;
    fresh(O_NONBLOCK);
    out = (struct pollfd){ .fd = ends[1], .events = POLLOUT };
    in = (struct pollfd){ .fd = ends[0], .events = POLLIN };
    CHECK_ERRNO(read(ends[0], bytes, 1), EAGAIN, "empty: EAGAIN");
    CHECK_EQ(poll(&in, 1, 0), 0, "not readable");
    CHECK_EQ(poll(&out, 1, 0), 1, "writable");
    while ((got = write(ends[1], bytes, 4096)) > 0) {
        total += (size_t)got;
    }
    CHECK(errno == EAGAIN, "full: EAGAIN");
    CHECK_EQ(total, CAPACITY, "64 KiB fit");
    CHECK_EQ(poll(&out, 1, 0), 0, "not writable");
    CHECK_EQ(poll(&in, 1, 0), 1, "readable");
    NEED(read(ends[0], bytes, 4096) == 4096);
    CHECK_EQ(poll(&out, 1, 0), 1, "writable again");
    CHECK_EQ(write(ends[1], bytes, 4096), 4096, "and takes a page");
    NEED(read(ends[0], bytes, CAPACITY) == CAPACITY);
    CHECK_EQ(write(ends[1], bytes, CAPACITY), CAPACITY, "all at once");
    NEED(read(ends[0], bytes, 8192) == 8192);
    got = write(ends[1], bytes, CAPACITY);
    CHECK(got > 0 && got <= 8192, "more than fits: a part (%zd)", got);
    close(ends[1]);
    while (read(ends[0], bytes, CAPACITY) > 0) {
    }
    CHECK_EQ(poll(&in, 1, 0), 1, "end of file");
    CHECK(in.revents & POLLHUP, "is POLLHUP");
    close(ends[0]);
    fresh(O_NONBLOCK);
    out.fd = ends[1];
    close(ends[0]);
    CHECK_EQ(poll(&out, 1, 0), 1, "no reader");
    CHECK(out.revents & POLLERR, "is POLLERR");
    close(ends[1]);
}

static int child_writes_to_nobody(void *unused)
{
    fresh(0);
    close(ends[0]);
    (void)!write(ends[1], "x", 1);
    return 0;
}

static int child_reads_one_and_goes(void *unused)
{
    char byte;
    close(ends[1]);
    usleep(20000);
    return read(ends[0], &byte, 1) == 1 ? 0 : 1;
}

/* The last reader goes while we sleep in write. */
static int child_sleeps_in_write(void *unused)
{
    static char bytes[4 * CAPACITY];
    fresh(0);
    pid_t pid = child_start(child_reads_one_and_goes, NULL);
    close(ends[0]);
    signal(SIGPIPE, SIG_IGN);
    ssize_t got = write(ends[1], bytes, sizeof(bytes));
    bool right = got == -1 ? errno == EPIPE : got < (ssize_t)sizeof(bytes);
    return right && write(ends[1], "x", 1) == -1 && errno == EPIPE &&
                   child_wait(pid) == 0
               ? 0
               : 1;
}

static int child_writer_goes(void *unused)
{
    close(ends[0]);
    usleep(20000);
    return 0;
}

static void check_ends(void)
{
    char byte;
    CHECK_DIES(child_writes_to_nobody, NULL, SIGPIPE, "no reader: SIGPIPE");
    CHECK_EXITS(child_sleeps_in_write, NULL, 0, "reader goes: EPIPE");
    fresh(0);
    pid_t pid = child_start(child_writer_goes, NULL);
    close(ends[1]);
    CHECK_EQ(read(ends[0], &byte, 1), 0, "last writer goes: end of file");
    CHECK_EQ(child_wait(pid), 0, "it ended");
    close(ends[0]);
}

/* Rows 34, 29 */
static void check_bad_buffers(void)
{
    char bytes[8] = "", *edge = badptr_page_before_hole();
    fresh(O_NONBLOCK);
    NEED(write(ends[1], "kept", 4) == 4);
    for (size_t i = 0; i < badptr_count(); i++) {
        CHECK_EQ(RAW3(SYS_read, ends[0], badptr(i), 4), -EFAULT, "read to %s",
                 badptr_name(i));
        CHECK_EQ(RAW3(SYS_write, ends[1], badptr(i), 4), -EFAULT,
                 "write from %s", badptr_name(i));
    }
    CHECK_EQ(RAW3(SYS_read, ends[0], badptr_read_only_page(0), 4), -EFAULT,
             "read to a read-only page");
    CHECK(read(ends[0], bytes, 8) == 4 && !memcmp(bytes, "kept", 4),
          "the data stayed");
    long got = RAW3(SYS_write, ends[1], edge + PAGE - 10, 4000);
    CHECK(got == -EFAULT || (got > 0 && got <= 10),
          "write into a hole: EFAULT or part (%ld)", got);
    close_both();
}

int main(void)
{
    check_start();
    check_basics();
    check_nonblocking();
    check_ends();
    check_bad_buffers();
    return check_done();
}
