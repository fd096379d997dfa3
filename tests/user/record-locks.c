/*
 * Record locks of fcntl: ranges that split and merge, compared with a model
 * byte by byte; owners, inheritance, close and exit; EAGAIN, EINTR, EDEADLK;
 * locks of open files (F_OFD_*); lockf; ranges counted from all three places.
 *
 * smp: 1 2 4
 */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"
#include "common/thread.h"

enum { BYTES = 24, ROUNDS = 400, PROCESSES = 4, STEPS = 2500 };

static const char path[] = "locked";
static int fd;
static int *counter;

static void no_action(int signal_number)
{
    (void)signal_number;
}

static int lock_call(int file, int command, short type, off_t start, off_t n)
{
    struct flock lock = { .l_type = type, .l_start = start, .l_len = n };
    return fcntl(file, command, &lock);
}

static int set(short type, off_t start, off_t n)
{
    return lock_call(fd, F_SETLK, type, start, n);
}

/* The lock in the way of a write lock on the range; F_UNLCK if none. */
static struct flock in_the_way(off_t start, off_t n)
{
    struct flock lock = { .l_type = F_WRLCK, .l_start = start, .l_len = n };
    NEED(fcntl(fd, F_GETLK, &lock) == 0);
    return lock;
}

/* ---- another process asks ------------------------------------------------ */

struct question {
    int command;
    short type;
    off_t start, length;
};

/* 0, or the errno of the request. */
static int child_asks(void *question)
{
    struct question *q = question;
    return lock_call(fd, q->command, q->type, q->start, q->length) == 0 ? 0
                                                                        : errno;
}

static int other(int command, short type, off_t start, off_t n)
{
    struct question q = { command, type, start, n };
    return child_run(child_asks, &q) >> 8;
}

static int child_finds(void *wanted)
{
    struct flock *w = wanted, lock = in_the_way(w->l_start, 0);
    return lock.l_type == w->l_type && lock.l_start == w->l_start &&
                   lock.l_len == w->l_len && lock.l_pid == w->l_pid &&
                   lock.l_whence == SEEK_SET
               ? 0
               : 1;
}

static void check_finds(short type, off_t start, off_t n, const char *name)
{
    struct flock wanted = {
        .l_type = type, .l_start = start, .l_len = n, .l_pid = getpid()
    };
    CHECK_EXITS(child_finds, &wanted, 0, "%s", name);
}

static void check_basics(void)
{
    CHECK_EQ(set(F_WRLCK, 10, 10), 0, "a write lock");
    CHECK_EQ(in_the_way(0, 0).l_type, F_UNLCK, "not in our own way");
    CHECK_EQ(other(F_SETLK, F_RDLCK, 19, 1), EAGAIN, "EAGAIN for others");
    CHECK_EQ(other(F_SETLK, F_WRLCK, 20, 0), 0, "behind it is free");
    CHECK_EQ(other(F_SETLK, F_WRLCK, 0, 10), 0, "before it too");
    check_finds(F_WRLCK, 10, 10, "F_GETLK");
    CHECK_EQ(set(F_RDLCK, 10, 10), 0, "down to a read lock");
    CHECK_EQ(other(F_SETLK, F_RDLCK, 10, 10), 0, "others may read");
    CHECK_EQ(other(F_SETLK, F_WRLCK, 10, 1), EAGAIN, "not write");
    CHECK_EQ(set(F_RDLCK, 20, 0), 0, "a neighbour to the end");
    check_finds(F_RDLCK, 10, 0, "they merge");
    CHECK_EQ(set(F_WRLCK, 15, 1), 0, "one byte of another type");
    check_finds(F_WRLCK, 15, 1, "splits it");
    check_finds(F_RDLCK, 16, 0, "the right part");
    CHECK_EQ(set(F_UNLCK, 12, 2), 0, "a hole");
    CHECK_EQ(other(F_SETLK, F_WRLCK, 12, 2), 0, "is free");
    CHECK_EQ(other(F_SETLK, F_WRLCK, 11, 1), EAGAIN, "its edges are not");
    CHECK_EQ(other(F_SETLK, F_WRLCK, 14, 1), EAGAIN, "its edges are not");
    CHECK_EQ(set(F_UNLCK, 0, 0), 0, "all away");
    CHECK_EQ(other(F_SETLK, F_WRLCK, 0, 0), 0, "all free");
}

static void check_arguments(void)
{
    struct flock lock = {
        .l_type = F_WRLCK, .l_whence = SEEK_END, .l_start = -4, .l_len = 2
    };
    NEED(ftruncate(fd, 100) == 0 && lseek(fd, 50, SEEK_SET) == 50);
    CHECK_EQ(fcntl(fd, F_SETLK, &lock), 0, "from the end");
    check_finds(F_WRLCK, 96, 2, "is there");
    lock =
        (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_CUR, .l_len = -5 };
    CHECK_EQ(fcntl(fd, F_SETLK, &lock), 0, "backwards from the offset");
    check_finds(F_WRLCK, 45, 5, "is there");
    NEED(set(F_UNLCK, 0, 0) == 0);
    lock.l_whence = 7;
    CHECK_ERRNO(fcntl(fd, F_SETLK, &lock), EINVAL, "l_whence");
    CHECK_ERRNO(set(7, 0, 0), EINVAL, "l_type");
    CHECK_ERRNO(set(F_WRLCK, -1, 1), EINVAL, "a negative start");
    CHECK_ERRNO(set(F_WRLCK, 3, -4), EINVAL, "before the start");
    CHECK_ERRNO(set(F_WRLCK, INT64_MAX, 2), EOVERFLOW, "beyond the largest");
    CHECK_EQ(set(F_WRLCK, INT64_MAX, 1), 0, "the largest");
    CHECK_EQ(set(F_UNLCK, INT64_MAX, 0), 0, "and away");
    CHECK_ERRNO(fcntl(fd, F_SETLK, NULL), EFAULT, "a bad address");
    CHECK_ERRNO(lock_call(-1, F_SETLK, F_RDLCK, 0, 0), EBADF, "no file");
    CHECK_ERRNO(lock_call(fd, F_GETLK, F_UNLCK, 0, 0), EINVAL, "get F_UNLCK");
    int in = open(path, O_RDONLY), out = open(path, O_WRONLY);
    CHECK_ERRNO(lock_call(in, F_SETLK, F_WRLCK, 0, 0), EBADF, "not to write");
    CHECK_ERRNO(lock_call(out, F_SETLK, F_RDLCK, 0, 0), EBADF, "not to read");
    CHECK_EQ(lock_call(in, F_GETLK, F_WRLCK, 0, 0), 0, "asking is free");
    close(in);
    close(out);
}

/* ---- ranges against a model ---------------------------------------------- */

static unsigned random_below(unsigned n)
{
    static unsigned long state = 7;
    state = state * 6364136223846793005ul + 1442695040888963407ul;
    return (unsigned)(state >> 33) % n;
}

/* The model's runs of equal bytes are what F_GETLK must find, in order. */
static int child_compares(void *argument)
{
    const char *model = argument;
    for (int at = 0; at < BYTES;) {
        struct flock lock = in_the_way(at, BYTES - at);
        while (at < BYTES && model[at] == F_UNLCK) {
            at++;
        }
        if (at == BYTES) {
            return lock.l_type == F_UNLCK ? 0 : 1;
        }
        int end = at;
        while (end < BYTES && model[end] == model[at]) {
            end++;
        }
        if (lock.l_type != model[at] || lock.l_start != at ||
            lock.l_len != end - at) {
            return 1;
        }
        at = end;
    }
    return 0;
}

static void check_model(void)
{
    char model[BYTES];
    int wrong = 0;
    memset(model, F_UNLCK, BYTES);
    for (int i = 0; i < ROUNDS; i++) {
        unsigned start = random_below(BYTES);
        unsigned n = 1 + random_below(BYTES - start);
        short type = (short)random_below(3);
        wrong += set(type, start, n) != 0;
        memset(model + start, type, n);
        wrong += i % 8 == 7 && child_run(child_compares, model) != 0;
    }
    CHECK_EQ(wrong, 0, "%d changes as the model says", ROUNDS);
    NEED(set(F_UNLCK, 0, 0) == 0);
}

/* ---- owners -------------------------------------------------------------- */

static void check_owners(void)
{
    NEED(set(F_WRLCK, 0, 0) == 0);
    CHECK_EQ(other(F_SETLK, F_WRLCK, 0, 1), EAGAIN, "a child has none of it");
    CHECK_EQ(other(F_SETLK, F_UNLCK, 0, 0), 0, "and cannot unlock it");
    CHECK_EQ(other(F_SETLK, F_RDLCK, 0, 1), EAGAIN, "it is still there");
    int again = open(path, O_RDWR);
    CHECK_EQ(lock_call(again, F_SETLK, F_WRLCK, 0, 0), 0, "one process");
    CHECK_EQ(flock(again, LOCK_EX | LOCK_NB), 0, "flock is another kind");
    close(again);
    CHECK_EQ(other(F_SETLK, F_WRLCK, 0, 1), 0, "any close unlocks");
    NEED(set(F_WRLCK, 0, 0) == 0);
    again = dup(fd);
    NEED(dup2(again, again) == again);
    close(again);
    CHECK_EQ(other(F_SETLK, F_WRLCK, 0, 1), 0, "that of a dup too");
    NEED(set(F_WRLCK, 0, 0) == 0);
    again = open("/", O_RDONLY);
    int copy = dup(fd);
    NEED(dup2(again, copy) == copy);
    CHECK_EQ(other(F_SETLK, F_WRLCK, 0, 1), 0, "dup2 over it too");
    close(again);
    close(copy);
}

static int child_locks_and_dies(void *how)
{
    NEED(set(F_WRLCK, 0, 0) == 0);
    return how ? kill(getpid(), SIGKILL) : 0;
}

static void check_open_file_locks(void)
{
    int again = open(path, O_RDWR);
    struct flock lock = { .l_type = F_WRLCK };
    CHECK_EQ(lock_call(fd, F_OFD_SETLK, F_WRLCK, 0, 10), 0, "F_OFD_SETLK");
    CHECK_ERRNO(lock_call(again, F_OFD_SETLK, F_RDLCK, 9, 1), EAGAIN,
                "another open file");
    CHECK_ERRNO(lock_call(again, F_SETLK, F_RDLCK, 9, 1), EAGAIN,
                "the process is another owner");
    CHECK_EQ(other(F_OFD_SETLK, F_WRLCK, 5, 2), 0, "a child shares it");
    CHECK_EQ(fcntl(again, F_OFD_GETLK, &lock), 0, "F_OFD_GETLK");
    CHECK(lock.l_type == F_WRLCK && lock.l_start == 0 && lock.l_len == 10,
          "finds it");
    CHECK_EQ(lock.l_pid, -1, "no process owns it");
    CHECK_ERRNO(fcntl(again, F_OFD_SETLK, &lock), EINVAL, "l_pid must be 0");
    close(dup(fd));
    CHECK_ERRNO(lock_call(again, F_OFD_SETLK, F_RDLCK, 9, 1), EAGAIN,
                "closing a dup keeps it");
    CHECK_EQ(lock_call(fd, F_OFD_SETLK, F_UNLCK, 0, 0), 0, "unlock");
    CHECK_EQ(lock_call(again, F_OFD_SETLK, F_WRLCK, 0, 0), 0, "then it may");
    close(again);
    CHECK_EQ(set(F_WRLCK, 0, 0), 0, "the last close unlocks");
    NEED(set(F_UNLCK, 0, 0) == 0);
}

static int child_tests(void *unused)
{
    (void)unused;
    lseek(fd, 0, SEEK_SET);
    return lockf(fd, F_TEST, 10) == -1 && errno == EACCES &&
                   lockf(fd, F_TLOCK, 10) == -1 && errno == EAGAIN
               ? 0
               : 1;
}

static void check_lockf(void)
{
    NEED(lseek(fd, 5, SEEK_SET) == 5);
    CHECK_EQ(lockf(fd, F_LOCK, 3), 0, "lockf");
    CHECK_EQ(lockf(fd, F_TEST, 3), 0, "ours");
    check_finds(F_WRLCK, 5, 3, "a write lock at the offset");
    CHECK_EXITS(child_tests, NULL, 0, "others are refused");
    NEED(lseek(fd, 5, SEEK_SET) == 5);
    CHECK_EQ(lockf(fd, F_ULOCK, 3), 0, "unlock");
    CHECK_EQ(other(F_SETLK, F_WRLCK, 0, 0), 0, "free");
    CHECK_ERRNO(lockf(fd, 9, 3), EINVAL, "no such command");
}

/* ---- waiting ------------------------------------------------------------- */

static int child_waits(void *restart)
{
    struct sigaction action = { .sa_handler = no_action,
                                .sa_flags = *(int *)restart };
    sigaction(SIGUSR1, &action, NULL);
    int result = lock_call(fd, F_SETLKW, F_WRLCK, 0, 0);
    return result == 0 ? 0 : errno == EINTR ? 4 : 1;
}

/* A child that sleeps in F_SETLKW. */
static pid_t start_waiter(int restart)
{
    pid_t pid = child_start(child_waits, &restart);
    NEED(thread_await_state(pid, pid, 'S'));
    return pid;
}

static void check_waiting(void)
{
    NEED(set(F_RDLCK, 7, 1) == 0);
    pid_t pid = start_waiter(0);
    kill(pid, SIGUSR1);
    CHECK_EQ(child_wait(pid), 4 << 8, "a signal: EINTR");
    pid = start_waiter(0);
    kill(pid, SIGKILL);
    CHECK_EQ(child_wait(pid), SIGKILL, "SIGKILL");
    pid = start_waiter(SA_RESTART);
    kill(pid, SIGUSR1);
    usleep(20000);
    CHECK_EQ(set(F_UNLCK, 7, 1), 0, "unlock wakes");
    CHECK_EQ(child_wait(pid), 0, "SA_RESTART waits on");
}

struct ring {
    struct gate ready, go;
    int place, count;
};

/* Lock our byte, then wait for the next one's. */
static int child_in_ring(void *argument)
{
    struct ring *ring = argument;
    NEED(set(F_WRLCK, ring->place, 1) == 0);
    gate_open(&ring->ready);
    gate_pass(&ring->go);
    return lock_call(fd, F_SETLKW, F_WRLCK, (ring->place + 1) % ring->count,
                     1) == 0
               ? 0
               : errno;
}

/* `count` processes wait in a circle: exactly one is refused. */
static void check_deadlock(int count)
{
    struct ring ring = { .count = count };
    pid_t pids[8];
    int refused = 0, others = 0;
    gate_make(&ring.ready);
    gate_make(&ring.go);
    for (ring.place = 0; ring.place < count; ring.place++) {
        pids[ring.place] = child_start(child_in_ring, &ring);
    }
    for (int i = 0; i < count; i++) {
        gate_pass(&ring.ready);
    }
    for (int i = 0; i < count; i++) {
        gate_open(&ring.go);
    }
    for (int i = 0; i < count; i++) {
        int status = child_wait(pids[i]);
        refused += status == EDEADLK << 8;
        others += status != EDEADLK << 8 && status != 0;
    }
    CHECK_EQ(refused, 1, "a circle of %d: one gets EDEADLK", count);
    CHECK_EQ(others, 0, "the others get their locks");
    gate_close(&ring.ready);
    gate_close(&ring.go);
}

static int child_counts(void *unused)
{
    (void)unused;
    for (int i = 0; i < STEPS; i++) {
        if (lock_call(fd, F_SETLKW, F_WRLCK, 3, 1) != 0) {
            return 1;
        }
        int value = *(volatile int *)counter;
        if (i % 64 == 0) {
            usleep(1); /* let the others wait */
        }
        *(volatile int *)counter = value + 1;
        set(F_UNLCK, 0, 0);
    }
    return 0;
}

static void check_counter(void)
{
    pid_t pids[PROCESSES];
    counter = shared_memory(sizeof(*counter));
    for (int i = 0; i < PROCESSES; i++) {
        pids[i] = child_start(child_counts, NULL);
    }
    for (int i = 0; i < PROCESSES; i++) {
        CHECK_EQ(child_wait(pids[i]), 0, "process %d", i);
    }
    CHECK_EQ(*counter, PROCESSES * STEPS, "no step is lost");
}

int main(void)
{
    check_start();
    check_enter_scratch();
    fd = open(path, O_RDWR | O_CREAT, 0600);
    NEED(fd >= 0);
    check_basics();
    check_arguments();
    check_model();
    check_owners();
    CHECK_EXITS(child_locks_and_dies, NULL, 0, "an owner exits");
    CHECK_EQ(set(F_WRLCK, 0, 0), 0, "its locks are gone");
    NEED(set(F_UNLCK, 0, 0) == 0);
    CHECK_DIES(child_locks_and_dies, "", SIGKILL, "an owner is killed");
    CHECK_EQ(set(F_WRLCK, 0, 0), 0, "its locks are gone");
    NEED(set(F_UNLCK, 0, 0) == 0);
    check_open_file_locks();
    check_lockf();
    check_waiting();
    check_deadlock(2);
    check_deadlock(5);
    check_counter();
    return check_done();
}
