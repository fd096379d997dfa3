/*
 * F_GETPIPE_SZ and F_SETPIPE_SZ: rounding, limits, EBUSY, and no byte lost or
 * moved whatever the size, also while a writer sleeps.
 *
 * smp: 1 2
 */
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "common/child.h"

enum { MIB = 1 << 20, STEPS = 2000 };

static int ends[2];

static void check_sizes(void)
{
    static char bytes[MIB];
    struct pollfd out = { .fd = ends[1], .events = POLLOUT };
    CHECK_EQ(fcntl(ends[0], F_GETPIPE_SZ), 65536, "a new pipe");
    CHECK_EQ(fcntl(ends[1], F_SETPIPE_SZ, 100), 4096, "at least a page");
    CHECK_EQ(fcntl(ends[0], F_GETPIPE_SZ), 4096, "for both ends");
    CHECK_EQ(write(ends[1], bytes, 8192), 4096, "one page fits");
    CHECK_EQ(poll(&out, 1, 0), 0, "full");
    CHECK_EQ(fcntl(ends[1], F_SETPIPE_SZ, 3 * 4096), 16384, "a power of two");
    CHECK_EQ(poll(&out, 1, 0), 1, "has room again");
    CHECK_EQ(write(ends[1], bytes, MIB), 12288, "the rest fits");
    CHECK_ERRNO(fcntl(ends[1], F_SETPIPE_SZ, 8192), EBUSY, "would not fit");
    CHECK_EQ(read(ends[0], bytes, MIB), 16384, "read all");
    CHECK_EQ(fcntl(ends[0], F_SETPIPE_SZ, MIB), MIB, "1 MiB");
    CHECK_EQ(write(ends[1], bytes, MIB), MIB, "at once");
    CHECK_EQ(read(ends[0], bytes, MIB), MIB, "and back");
    CHECK_ERRNO(fcntl(ends[0], F_SETPIPE_SZ, 0x80000001u), EINVAL, "too much");
    int fd = open("/", O_RDONLY);
    CHECK_ERRNO(fcntl(fd, F_GETPIPE_SZ), EBADF, "not a pipe");
    CHECK_ERRNO(fcntl(fd, F_SETPIPE_SZ, 4096), EBADF, "not a pipe");
    close(fd);
}

static int child_without_rights(void *unused)
{
    (void)unused;
    if (geteuid() == 0 && setuid(12345) != 0) {
        return 2;
    }
    return fcntl(ends[0], F_SETPIPE_SZ, 2 * MIB) == -1 && errno == EPERM ? 0
                                                                         : 1;
}

/* A reproducible order of sizes, reads and writes. */
static unsigned random_below(unsigned n)
{
    static unsigned long state = 1;
    state = state * 6364136223846793005ul + 1442695040888963407ul;
    return (unsigned)(state >> 33) % n;
}

static void check_contents(void)
{
    unsigned char bytes[5000];
    unsigned written = 0, taken = 0, wrong = 0, refused = 0;
    for (int step = 0; step < STEPS; step++) {
        unsigned n = 1 + random_below(sizeof(bytes));
        for (unsigned i = 0; i < n; i++) {
            bytes[i] = (unsigned char)((written + i) * 7 % 251);
        }
        ssize_t got = write(ends[1], bytes, n);
        written += got > 0 ? (unsigned)got : 0;
        if (random_below(3) == 0 &&
            fcntl(ends[0], F_SETPIPE_SZ, 4096 << random_below(6)) < 0) {
            refused++;
        }
        got = read(ends[0], bytes, 1 + random_below(sizeof(bytes)));
        for (ssize_t i = 0; i < got; i++) {
            wrong += bytes[i] != (taken + (unsigned)i) * 7 % 251;
        }
        taken += got > 0 ? (unsigned)got : 0;
    }
    ssize_t got;
    while ((got = read(ends[0], bytes, sizeof(bytes))) > 0) {
        taken += (unsigned)got;
    }
    CHECK_EQ(wrong, 0, "no byte moved");
    CHECK_EQ(taken, written, "none was lost");
    CHECK(refused > 0, "some sizes did not fit");
}

static int child_writes_much(void *unused)
{
    static char bytes[MIB / 2];
    (void)unused;
    memset(bytes, 'x', sizeof(bytes));
    return write(ends[1], bytes, sizeof(bytes)) == sizeof(bytes) ? 0 : 1;
}

/* A writer that sleeps goes on when the pipe grows. */
static void check_sleeping_writer(void)
{
    static char bytes[MIB];
    NEED(pipe(ends) == 0);
    pid_t pid = child_start(child_writes_much, NULL);
    close(ends[1]);
    usleep(50000);
    CHECK_EQ(fcntl(ends[0], F_SETPIPE_SZ, MIB), MIB, "more room");
    CHECK_EQ(child_wait(pid), 0, "the writer has written all");
    CHECK_EQ(read(ends[0], bytes, MIB), MIB / 2, "here it is");
    CHECK(bytes[0] == 'x' && !memcmp(bytes, bytes + 1, MIB / 2 - 1), "intact");
    close(ends[0]);
}

int main(void)
{
    check_start();
    NEED(pipe2(ends, O_NONBLOCK) == 0);
    check_sizes();
    CHECK_EXITS(child_without_rights, NULL, 0, "more takes the right to");
    check_contents();
    close(ends[0]);
    close(ends[1]);
    check_sleeping_writer();
    return check_done();
}
