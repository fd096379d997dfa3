/*
 * flock: shared and exclusive, owned by the open file (dup, fork), given up at
 * the last close, changed in place, waiting with signals and SIGKILL, death of
 * the owner, and a counter that four processes count without losing a step.
 *
 * smp: 1 2 4
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"
#include "common/thread.h"

enum { PROCESSES = 4, STEPS = 2500 };

static const char path[] = "locked";
static int *counter;

static void no_action(int signal_number)
{
    (void)signal_number;
}

static int opened(void)
{
    int fd = open(path, O_RDWR | O_CREAT, 0600);
    NEED(fd >= 0);
    return fd;
}

static void check_kinds(void)
{
    int a = opened(), b = opened(), c = opened();
    CHECK_EQ(flock(a, LOCK_SH), 0, "shared");
    CHECK_EQ(flock(b, LOCK_SH | LOCK_NB), 0, "shared by two");
    CHECK_ERRNO(flock(c, LOCK_EX | LOCK_NB), EWOULDBLOCK, "not alone");
    CHECK_EQ(flock(a, LOCK_UN), 0, "unlock");
    CHECK_EQ(flock(a, LOCK_UN), 0, "unlock nothing");
    CHECK_ERRNO(flock(c, LOCK_EX | LOCK_NB), EWOULDBLOCK, "one is left");
    CHECK_EQ(flock(b, LOCK_EX | LOCK_NB), 0, "the last may go up");
    CHECK_ERRNO(flock(c, LOCK_SH | LOCK_NB), EWOULDBLOCK, "alone");
    CHECK_EQ(flock(b, LOCK_EX), 0, "once more changes nothing");
    CHECK_EQ(flock(b, LOCK_SH), 0, "down again");
    CHECK_EQ(flock(c, LOCK_SH | LOCK_NB), 0, "lets others in");
    CHECK_ERRNO(flock(c, LOCK_EX | LOCK_NB), EWOULDBLOCK, "a refused way up");
    CHECK_EQ(flock(b, LOCK_EX | LOCK_NB), 0, "loses the shared lock");
    close(b);
    CHECK_EQ(flock(c, LOCK_EX | LOCK_NB), 0, "close unlocks");
    CHECK_EQ(unlink(path), 0, "unlink");
    close(a);
    a = opened();
    CHECK_EQ(flock(a, LOCK_EX | LOCK_NB), 0, "another file now");
    close(a);
    close(c);
}

static void check_arguments(void)
{
    int ends[2], folder = open(".", O_RDONLY);
    CHECK_ERRNO(flock(-1, LOCK_SH), EBADF, "no file");
    CHECK_ERRNO(flock(folder, 0), EINVAL, "no operation");
    CHECK_ERRNO(flock(folder, LOCK_SH | LOCK_EX), EINVAL, "two");
    CHECK_EQ(flock(folder, LOCK_EX), 0, "a folder");
    close(folder);
    folder = open(".", O_PATH);
    CHECK_ERRNO(flock(folder, LOCK_SH), EBADF, "O_PATH");
    close(folder);
    NEED(pipe(ends) == 0);
    CHECK_EQ(flock(ends[0], LOCK_EX), 0, "a pipe");
    CHECK_ERRNO(flock(ends[1], LOCK_SH | LOCK_NB), EWOULDBLOCK, "its end");
    close(ends[0]);
    close(ends[1]);
}

static int child_unlocks(void *fd)
{
    return flock(*(int *)fd, LOCK_UN);
}

static int child_closes(void *fd)
{
    return close(*(int *)fd);
}

static void check_owner(void)
{
    int a = opened(), b = opened();
    NEED(flock(a, LOCK_EX) == 0);
    int copy = dup(a);
    CHECK_EQ(flock(copy, LOCK_EX | LOCK_NB), 0, "a dup is the owner too");
    close(a);
    CHECK_ERRNO(flock(b, LOCK_EX | LOCK_NB), EWOULDBLOCK, "not the last close");
    CHECK_EXITS(child_closes, &copy, 0, "a child closes it");
    CHECK_ERRNO(flock(b, LOCK_EX | LOCK_NB), EWOULDBLOCK, "nor that");
    CHECK_EXITS(child_unlocks, &copy, 0, "a child unlocks it");
    CHECK_EQ(flock(b, LOCK_EX | LOCK_NB), 0, "for all");
    close(copy);
    close(b);
}

static int child_waits(void *restart)
{
    struct sigaction action = { .sa_handler = no_action,
                                .sa_flags = *(int *)restart };
    int fd = opened();
    sigaction(SIGUSR1, &action, NULL);
    int result = flock(fd, LOCK_EX);
    return result == 0 ? 0 : errno == EINTR ? 4 : 1;
}

/* Waits for the lock when this returns. */
static pid_t start_waiting(int *restart)
{
    pid_t pid = child_start(child_waits, restart);
    NEED(thread_await_state(pid, pid, 'S'));
    return pid;
}

static void check_waiting(void)
{
    int fd = opened(), restart = 0;
    NEED(flock(fd, LOCK_SH) == 0);
    pid_t pid = start_waiting(&restart);
    kill(pid, SIGUSR1);
    CHECK_EQ(child_wait(pid), 4 << 8, "a signal: EINTR");
    pid = start_waiting(&restart);
    kill(pid, SIGKILL);
    CHECK_EQ(child_wait(pid), SIGKILL, "SIGKILL");
    restart = SA_RESTART;
    pid = start_waiting(&restart);
    kill(pid, SIGUSR1);
    usleep(20000);
    CHECK_EQ(flock(fd, LOCK_UN), 0, "unlock wakes");
    CHECK_EQ(child_wait(pid), 0, "SA_RESTART waits on");
    CHECK_EQ(flock(fd, LOCK_EX | LOCK_NB), 0, "its end unlocked");
    close(fd);
}

static int child_dies_with_lock(void *unused)
{
    (void)unused;
    return flock(opened(), LOCK_EX) == 0 ? kill(getpid(), SIGKILL) : 1;
}

static int child_counts(void *unused)
{
    int fd = opened();
    (void)unused;
    for (int i = 0; i < STEPS; i++) {
        if (flock(fd, LOCK_EX) != 0) {
            return 1;
        }
        int value = *(volatile int *)counter;
        if (i % 64 == 0) {
            usleep(1); /* let the others wait */
        }
        *(volatile int *)counter = value + 1;
        flock(fd, LOCK_UN);
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
    check_kinds();
    check_arguments();
    check_owner();
    check_waiting();
    CHECK_DIES(child_dies_with_lock, NULL, SIGKILL, "the owner is killed");
    int fd = opened();
    CHECK_EQ(flock(fd, LOCK_EX | LOCK_NB), 0, "its lock is gone");
    close(fd);
    check_counter();
    return check_done();
}
