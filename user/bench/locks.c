/*
 * locks.c - the cost of locking a file and unlocking it, nobody else there.
 */
#include "bench.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/measure.h"

#define LOCKED_PATH "/tmp/bench-locked"

enum { PAIRS = 5000 };

static int lock_whole(int fd, int locked)
{
    return flock(fd, locked ? LOCK_EX : LOCK_UN);
}

static int lock_record(int fd, int locked)
{
    struct flock lock = { .l_type = locked ? F_WRLCK : F_UNLCK, .l_len = 1 };
    return fcntl(fd, F_SETLK, &lock);
}

static int lock_and_unlock(const char *name, int (*change)(int fd, int locked))
{
    struct series s = { .count = 0 };
    int fd = open(LOCKED_PATH, O_RDWR | O_CREAT, 0600);
    unlink(LOCKED_PATH);
    while (fd >= 0 && series_more(&s)) {
        uint64_t t = measure_clock();
        for (int i = 0; i < PAIRS; i++)
            if (change(fd, 1) || change(fd, 0))
                return -1;
        series_add_time(&s, measure_clock() - t, PAIRS);
    }
    return series_print(&s, name, "ns");
}

static int bench_flock(const char *name)
{
    return lock_and_unlock(name, lock_whole);
}

static int bench_fcntl(const char *name)
{
    return lock_and_unlock(name, lock_record);
}

const struct bench lock_benches[] = {
    { "lock_flock", bench_flock, "flock: lock and unlock" },
    { "lock_fcntl", bench_fcntl, "fcntl F_SETLK: lock and unlock" },
    { NULL, NULL, NULL },
};
