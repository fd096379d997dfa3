/*
 * lock-race - a counter in a file loses updates unless a lock keeps the
 * processes apart.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/sync/lockfile.h"
#include "common/measure.h"
#include "common/options.h"
#include "common/report.h"

static const char help[] =
    "Usage: lock-race [-p PROCESSES] [-n STEPS]\n"
    "PROCESSES (default 4) processes count to STEPS (default 200) each, in "
    "one\n"
    "file: read the number, give way, write the number plus 1. Where a lock\n"
    "survives its owner every tenth step is that of a child which dies while\n"
    "it holds the lock.\n"
    "\n"
    "Watch the column \"lost\". Without a lock two processes read the same\n"
    "number and one of the two steps is lost. The lock files 1 to 5 are those\n"
    "of lib/sync/lockfile.h. To look whether the file is there and then to\n"
    "make it (1) are two steps, and others come between. O_EXCL (2) makes "
    "them\n"
    "one, but the file of an owner that died would stay. To take it away (3)\n"
    "may hit a new owner's file. A file that the kernel locks (flock) is\n"
    "unlocked by the death of its owner, but who removes the file at the end\n"
    "(4) leaves others waiting at a file without a name; they have to look\n"
    "again (5). flock and fcntl's record lock of the counter itself need no\n"
    "such care. \"tries\" counts busy waiting; with flock and fcntl the "
    "kernel\n"
    "lets processes sleep.\n";

static const char data[] = "/tmp/lock-race.data";
static const char lock_file[] = "/tmp/lock-race.lock";

enum { DEATHS = 10 }; /* one step of so many, where a kind stands it */

struct kind {
    const char *name;
    int (*lock)(struct lockfile *l);
    int (*unlock)(struct lockfile *l);
    int survives; /* its owners may die */
    int is_good;  /* no step may be lost */
};

static int no_lock(struct lockfile *l)
{
    (void)l;
    return 0;
}

static int flock_lock(struct lockfile *l)
{
    return flock(l->fd, LOCK_EX);
}

static int flock_unlock(struct lockfile *l)
{
    return flock(l->fd, LOCK_UN);
}

static int record_lock(struct lockfile *l)
{
    struct flock range = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    return fcntl(l->fd, F_SETLKW, &range);
}

static int record_unlock(struct lockfile *l)
{
    struct flock range = { .l_type = F_UNLCK, .l_whence = SEEK_SET };
    return fcntl(l->fd, F_SETLK, &range);
}

static const struct kind kinds[] = {
    { "no lock", no_lock, no_lock, 0, 0 },
    { "1 look, then make", lockfile_look, lockfile_unlink, 0, 0 },
    { "2 make (O_EXCL)", lockfile_make, lockfile_unlink, 0, 1 },
    { "3 break a dead one's", lockfile_break, lockfile_unlink, 1, 0 },
    { "4 flock and remove", lockfile_remove, lockfile_close, 1, 0 },
    { "5 flock, look again", lockfile_recheck, lockfile_close, 1, 1 },
    { "flock", flock_lock, flock_unlock, 1, 1 },
    { "fcntl", record_lock, record_unlock, 1, 1 },
};

/* One step: between reading and writing the others get their chance. */
static int count_once(int fd)
{
    long value;
    if (pread(fd, &value, sizeof value, 0) != sizeof value)
        return -1;
    sched_yield();
    value++;
    return pwrite(fd, &value, sizeof value, 0) == sizeof value ? 0 : -1;
}

/* What a process locks by: the lock file, or an open file of its own. */
static int open_lock(struct lockfile *l)
{
    *l = (struct lockfile){ .path = lock_file, .fd = open(data, O_RDWR) };
    return l->fd;
}

/* A step by a child that dies with the lock. 0 if it was done. */
static int count_and_die(const struct kind *kind)
{
    int status;
    struct lockfile l;
    pid_t pid = fork();
    if (pid == 0) {
        int fd = open_lock(&l);
        _exit(fd < 0 || kind->lock(&l) || count_once(fd));
    }
    return pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0;
}

/* A child: counts, then tells how often it found the lock taken. */
static int count(const struct kind *kind, long steps, int out)
{
    struct lockfile l;
    int fd = open_lock(&l);
    if (fd < 0)
        return 1;
    for (long i = 0; i < steps; i++)
        if (kind->survives && i % DEATHS == DEATHS - 1
                ? count_and_die(kind)
                : kind->lock(&l) || count_once(fd) || kind->unlock(&l))
            return 1;
    return write(out, &l.tries, sizeof l.tries) != sizeof l.tries;
}

/* Starts the processes and adds up their tries. 0, or -1 after an error. */
static int run(const struct kind *kind, long processes, long steps,
               unsigned long *tries)
{
    int ends[2], status, failed = 0;
    unsigned long one;
    if (pipe(ends))
        return -1;
    for (long i = 0; i < processes; i++) {
        pid_t pid = fork();
        if (pid < 0)
            failed = 1;
        if (pid == 0)
            _exit(count(kind, steps, ends[1]));
    }
    close(ends[1]);
    while (read(ends[0], &one, sizeof one) == sizeof one)
        *tries += one;
    close(ends[0]);
    while (wait(&status) > 0)
        failed |= status != 0;
    return failed ? -1 : 0;
}

static int show(const struct kind *kind, long processes, long steps)
{
    unsigned long tries = 0;
    unlink(lock_file);
    long value = 0, wanted = processes * steps;
    int fd = open(data, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || write(fd, &value, sizeof value) != sizeof value)
        return -1;
    unsigned long long start = measure_clock();
    int err = run(kind, processes, steps, &tries);
    unsigned long long end = measure_clock();
    if (pread(fd, &value, sizeof value, 0) != sizeof value)
        err = -1;
    close(fd);
    printf("%-20s %8ld %8ld %8ld %10lu %8llu\n", kind->name, wanted, value,
           wanted - value, tries, (end - start) / 1000);
    fflush(stdout);
    if (kind->is_good && value != wanted)
        err = -1;
    return err;
}

static long number_of(const struct options *o)
{
    long n;
    if (options_number(o->value, &n) || n < 1 || n > 1000000) {
        report("not a number from 1 to 1000000: '%s'", o->value);
        exit(1);
    }
    return n;
}

int main(int argc, char **argv)
{
    struct options o;
    long processes = 4, steps = 200;
    int letter, status = 0;
    (void)argc;
    options_begin(&o, argv, help, 1);
    while ((letter = options_next(&o, "p:n:")) != -1)
        *(letter == 'p' ? &processes : &steps) = number_of(&o);
    printf("%ld processes, %ld steps each\n", processes, steps);
    printf("%-20s %8s %8s %8s %10s %8s\n", "", "steps", "counted", "lost",
           "tries", "us");
    fflush(stdout);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && !status; i++)
        status = show(&kinds[i], processes, steps) != 0;
    unlink(data);
    unlink(lock_file);
    if (status)
        report("the count went wrong");
    return report_finish(status);
}
