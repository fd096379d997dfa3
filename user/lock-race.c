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

#include "common/measure.h"
#include "common/options.h"
#include "common/report.h"

static const char help[] =
    "Usage: lock-race [-p PROCESSES] [-n STEPS]\n"
    "PROCESSES (default 4) processes count to STEPS (default 200) each, in "
    "one\n"
    "file: read the number, give way, write the number plus 1.\n"
    "\n"
    "Watch the column \"lost\". Without a lock two processes read the same\n"
    "number and one of the two steps is lost. Each kind of lock keeps all\n"
    "steps: a lock file made with O_EXCL (who finds it there tries again, and\n"
    "\"tries\" counts that: it is busy waiting), flock, and fcntl's record "
    "lock,\n"
    "in which waiting processes sleep. A process that dies takes its flock "
    "and\n"
    "fcntl locks along; its lock file would stay.\n";

static const char data[] = "/tmp/lock-race.data";
static const char lock_file[] = "/tmp/lock-race.lock";

struct kind {
    const char *name;
    int (*lock)(int fd, unsigned long *tries);
    int (*unlock)(int fd);
};

static int no_lock(int fd, unsigned long *tries)
{
    (void)fd;
    (void)tries;
    return 0;
}

static int no_unlock(int fd)
{
    (void)fd;
    return 0;
}

static int file_lock(int fd, unsigned long *tries)
{
    int lock;
    (void)fd;
    while ((lock = open(lock_file, O_CREAT | O_EXCL | O_WRONLY, 0600)) < 0) {
        if (errno != EEXIST)
            return -1;
        ++*tries;
        sched_yield();
    }
    return close(lock);
}

static int file_unlock(int fd)
{
    (void)fd;
    return unlink(lock_file);
}

static int flock_lock(int fd, unsigned long *tries)
{
    (void)tries;
    return flock(fd, LOCK_EX);
}

static int flock_unlock(int fd)
{
    return flock(fd, LOCK_UN);
}

static int record_lock(int fd, unsigned long *tries)
{
    struct flock range = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    (void)tries;
    return fcntl(fd, F_SETLKW, &range);
}

static int record_unlock(int fd)
{
    struct flock range = { .l_type = F_UNLCK, .l_whence = SEEK_SET };
    return fcntl(fd, F_SETLK, &range);
}

static const struct kind kinds[] = {
    { "no lock", no_lock, no_unlock },
    { "lock file (O_EXCL)", file_lock, file_unlock },
    { "flock", flock_lock, flock_unlock },
    { "fcntl", record_lock, record_unlock },
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

/* A child: counts, then tells how often it found the lock taken. */
static int count(const struct kind *kind, long steps, int out)
{
    unsigned long tries = 0;
    int fd = open(data, O_RDWR); /* flock needs an open file of our own */
    if (fd < 0)
        return 1;
    for (long i = 0; i < steps; i++)
        if (kind->lock(fd, &tries) || count_once(fd) || kind->unlock(fd))
            return 1;
    return write(out, &tries, sizeof tries) != sizeof tries;
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
    if (kind->lock != no_lock && value != wanted)
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
    unlink(lock_file);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && !status; i++)
        status = show(&kinds[i], processes, steps) != 0;
    unlink(data);
    if (status)
        report("the count went wrong");
    return report_finish(status);
}
