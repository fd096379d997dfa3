/*
 * semget, semop, semtimedop, semctl: arrays of operations done at once or not
 * at all, SEM_UNDO, limits; sleepers woken by a change, by removal, by signals
 * and by time-out; 10^4 rounds between processes.
 *
 * smp: 1 2 4
 */
#include <signal.h>
#include <string.h>
#include <sys/sem.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "common/badptr.h"
#include "common/child.h"
#include "common/raw.h"

enum { COUNT = 4, ROUNDS = 10000, WORKERS = 4, EACH = 2500, MOST = 32767 };

union semun {
    int val;
    struct semid_ds *buf;
    unsigned short *array;
};

static int id;

static int value(int number)
{
    return semctl(id, number, GETVAL);
}

static int set(int number, int to)
{
    return semctl(id, number, SETVAL, (union semun){ .val = to });
}

static int change(int number, int by, int flags)
{
    struct sembuf op = { (unsigned short)number, (short)by, (short)flags };
    return semop(id, &op, 1);
}

static void fresh(void)
{
    id = semget(IPC_PRIVATE, COUNT, 0600);
    NEED(id >= 0);
}

static void discard(void)
{
    NEED(semctl(id, 0, IPC_RMID) == 0);
}

static void check_get(void)
{
    struct semid_ds ds;
    union semun argument = { .buf = &ds };
    key_t key = 0x65000000 | getpid();
    CHECK_ERRNO(semget(key, COUNT, 0600), ENOENT, "no such key");
    id = semget(key, COUNT, IPC_CREAT | 0640);
    CHECK(id >= 0, "a new set");
    CHECK_EQ(semget(key, 0, 0), id, "found by its key");
    CHECK_ERRNO(semget(key, COUNT + 1, 0), EINVAL, "not larger");
    CHECK_ERRNO(semget(key, 1, IPC_CREAT | IPC_EXCL), EEXIST, "IPC_EXCL");
    CHECK_ERRNO(semget(IPC_PRIVATE, 0, 0600), EINVAL, "no empty set");
    CHECK_ERRNO(semget(IPC_PRIVATE, -1, 0600), EINVAL, "a negative number");
    CHECK_ERRNO(semget(IPC_PRIVATE, 32001, 0600), EINVAL, "too many");
    CHECK_EQ(semctl(id, 0, IPC_STAT, argument), 0, "IPC_STAT");
    CHECK(ds.sem_nsems == COUNT && ds.sem_perm.mode == 0640, "its facts");
    CHECK(ds.sem_otime == 0 && ds.sem_ctime > 0, "times");
    ds.sem_perm.mode = 0604;
    CHECK_EQ(semctl(id, 0, IPC_SET, argument), 0, "IPC_SET");
    CHECK_ERRNO(semctl(id, 0, 99), EINVAL, "an unknown command");
    discard();
    CHECK_ERRNO(semctl(id, 0, GETVAL), EINVAL, "removed");
    CHECK_ERRNO(change(0, 1, 0), EINVAL, "no semop");
}

static void check_values(void)
{
    unsigned short all[COUNT] = { 4, 3, 2, 1 };
    union semun argument = { .array = all };
    fresh();
    CHECK_EQ(value(0), 0, "0 at first");
    CHECK_EQ(set(2, 7), 0, "SETVAL");
    CHECK_EQ(value(2), 7, "GETVAL");
    CHECK_EQ(semctl(id, 2, GETPID), getpid(), "GETPID");
    CHECK_ERRNO(set(0, -1), ERANGE, "SETVAL -1");
    CHECK_ERRNO(set(0, MOST + 1), ERANGE, "SETVAL 32768");
    CHECK_ERRNO(set(COUNT, 1), EINVAL, "a number that is not there");
    CHECK_ERRNO(value(-1), EINVAL, "number -1");
    CHECK_EQ(semctl(id, 0, SETALL, argument), 0, "SETALL");
    memset(all, 0, sizeof(all));
    CHECK_EQ(semctl(id, 0, GETALL, argument), 0, "GETALL");
    CHECK(all[0] == 4 && all[1] == 3 && all[2] == 2 && all[3] == 1, "the same");
    all[1] = MOST + 1;
    CHECK_ERRNO(semctl(id, 0, SETALL, argument), ERANGE, "SETALL 32768");
    CHECK_EQ(value(0), 4, "changes nothing");
    discard();
}

static void check_operations(void)
{
    struct sembuf both[2] = { { 0, -1, IPC_NOWAIT }, { 1, -1, IPC_NOWAIT } };
    struct sembuf swap[2] = { { 0, 1, 0 }, { 0, -1, 0 } };
    static struct sembuf many[501];
    fresh();
    CHECK_EQ(change(0, 2, 0), 0, "up by 2");
    CHECK_EQ(change(0, -1, 0), 0, "down by 1");
    CHECK_EQ(value(0), 1, "is 1");
    CHECK_ERRNO(change(0, -2, IPC_NOWAIT), EAGAIN, "down by 2");
    CHECK_ERRNO(change(0, 0, IPC_NOWAIT), EAGAIN, "wait for 0");
    CHECK_EQ(change(1, 0, IPC_NOWAIT), 0, "is 0");
    CHECK_ERRNO(semop(id, both, 2), EAGAIN, "the second of two");
    CHECK_EQ(value(0), 1, "then not the first either");
    NEED(set(1, 1) == 0);
    CHECK_EQ(semop(id, both, 2), 0, "both");
    CHECK(value(0) == 0 && value(1) == 0, "at once");
    CHECK_EQ(semop(id, swap, 2), 0, "up and down of one");
    CHECK_EQ(semop(id, many, 500), 0, "500 operations");
    CHECK_ERRNO(semop(id, many, 501), E2BIG, "501");
    CHECK_ERRNO(semop(id, many, 0), EINVAL, "none");
    CHECK_ERRNO(change(COUNT, 1, 0), EFBIG, "a number that is not there");
    NEED(set(0, MOST) == 0);
    CHECK_ERRNO(change(0, 1, 0), ERANGE, "beyond the largest value");
    discard();
}

static int child_undoes(void *unused)
{
    (void)unused;
    NEED(change(0, 5, SEM_UNDO) == 0 && change(0, -2, SEM_UNDO) == 0);
    NEED(change(1, -1, SEM_UNDO) == 0 && change(2, 3, SEM_UNDO) == 0);
    NEED(set(2, 9) == 0); /* forgets the adjustment */
    NEED(change(3, 0, SEM_UNDO) == 0);
    return value(0) == 5 ? 0 : 1;
}

static int child_undoes_and_waits(void *gate)
{
    NEED(change(1, -1, SEM_UNDO) == 0);
    gate_open(gate);
    pause();
    return 0;
}

static int child_exceeds_undo(void *unused)
{
    (void)unused;
    NEED(change(0, MOST, SEM_UNDO) == 0 && set(1, 0) == 0);
    for (int i = 0; i < 3; i++) {
        NEED(change(0, -MOST, 0) == 0);
        if (change(0, MOST, SEM_UNDO) != 0) {
            return errno;
        }
    }
    return 0;
}

static void check_undo(void)
{
    struct gate gate;
    fresh();
    NEED(set(0, 2) == 0 && set(1, 1) == 0);
    CHECK_EQ(child_run(child_undoes, NULL), 0, "a child with SEM_UNDO");
    CHECK_EQ(value(0), 2, "its end takes back the sum");
    CHECK_EQ(value(1), 1, "of each semaphore");
    CHECK_EQ(value(2), 9, "but of none that was set");
    gate_make(&gate);
    pid_t pid = child_start(child_undoes_and_waits, &gate);
    gate_pass(&gate);
    CHECK_EQ(value(1), 0, "a child has the semaphore");
    kill(pid, SIGKILL);
    CHECK_EQ(change(1, -1, 0), 0, "its death wakes who waits");
    CHECK_EQ(child_wait(pid), SIGKILL, "it was killed");
    NEED(set(0, 0) == 0);
    CHECK_EQ(child_run(child_exceeds_undo, NULL), ERANGE << 8,
             "an adjustment has its limit, too");
    CHECK_EQ(value(0), 0, "below 0 it ends");
    discard();
    gate_close(&gate);
}

static int child_takes(void *unused)
{
    (void)unused;
    return change(0, -2, 0) == 0 ? 0 : errno;
}

static int child_waits_for_zero(void *unused)
{
    (void)unused;
    return change(1, 0, 0) == 0 ? 0 : errno;
}

static void no_action(int signal_number)
{
    (void)signal_number;
}

static void wait_for_sleeper(int number, int command)
{
    while (semctl(id, number, command) == 0) {
        usleep(1000);
    }
}

static void check_wakeups(void)
{
    struct sigaction action = { .sa_handler = no_action,
                                .sa_flags = SA_RESTART };
    NEED(sigaction(SIGUSR1, &action, NULL) == 0);
    fresh();
    NEED(set(1, 1) == 0);
    pid_t pid = child_start(child_takes, NULL);
    wait_for_sleeper(0, GETNCNT);
    CHECK_EQ(semctl(id, 0, GETNCNT), 1, "GETNCNT");
    CHECK_EQ(semctl(id, 0, GETZCNT), 0, "GETZCNT");
    NEED(change(0, 1, 0) == 0);
    usleep(10000);
    CHECK_EQ(semctl(id, 0, GETNCNT), 1, "1 is not enough");
    NEED(change(0, 1, 0) == 0);
    CHECK_EQ(child_wait(pid), 0, "2 wake it");
    CHECK_EQ(value(0), 0, "and it took them");
    pid = child_start(child_waits_for_zero, NULL);
    wait_for_sleeper(1, GETZCNT);
    NEED(set(1, 0) == 0);
    CHECK_EQ(child_wait(pid), 0, "0 wakes it");
    pid = child_start(child_takes, NULL);
    wait_for_sleeper(0, GETNCNT);
    kill(pid, SIGUSR1);
    CHECK_EQ(child_wait(pid), EINTR << 8, "a handler: EINTR");
    pid = child_start(child_takes, NULL);
    wait_for_sleeper(0, GETNCNT);
    kill(pid, SIGKILL);
    CHECK_EQ(child_wait(pid), SIGKILL, "SIGKILL");
    CHECK_EQ(semctl(id, 0, GETNCNT), 0, "nobody sleeps");
    pid = child_start(child_takes, NULL);
    wait_for_sleeper(0, GETNCNT);
    discard();
    CHECK_EQ(child_wait(pid), EIDRM << 8, "removal: EIDRM");
}

static void check_time_out(void)
{
    struct timespec time = { 0, 30000000 }, bad = { 0, 1000000000 };
    struct timespec before, after;
    struct sembuf op = { 0, -1, 0 };
    fresh();
    NEED(clock_gettime(CLOCK_MONOTONIC, &before) == 0);
    CHECK_ERRNO(semtimedop(id, &op, 1, &time), EAGAIN, "time-out");
    NEED(clock_gettime(CLOCK_MONOTONIC, &after) == 0);
    CHECK((after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec -
                  before.tv_nsec >=
              30000000,
          "not too early");
    CHECK_ERRNO(semtimedop(id, &op, 1, &bad), EINVAL, "a bad time-out");
    NEED(set(0, 1) == 0);
    CHECK_EQ(semtimedop(id, &op, 1, &time), 0, "nothing to wait for");
    discard();
}

static int child_answers(void *unused)
{
    (void)unused;
    for (int i = 0; i < ROUNDS; i++) {
        if (change(0, -1, 0) != 0 || change(1, 1, 0) != 0) {
            return 1;
        }
    }
    return 0;
}

static void check_rounds_trip(void)
{
    fresh();
    pid_t pid = child_start(child_answers, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        NEED(change(0, 1, 0) == 0 && change(1, -1, 0) == 0);
    }
    CHECK_EQ(child_wait(pid), 0, "%d rounds, none lost", ROUNDS);
    CHECK(value(0) == 0 && value(1) == 0, "all values used up");
    discard();
}

/* A lock of two semaphores, taken together. */
static int child_counts(void *counter)
{
    struct sembuf take[2] = { { 0, -1, SEM_UNDO }, { 1, -1, SEM_UNDO } };
    struct sembuf give[2] = { { 0, 1, SEM_UNDO }, { 1, 1, SEM_UNDO } };
    volatile long *shared = counter;
    for (int i = 0; i < EACH; i++) {
        if (semop(id, take, 2) != 0) {
            return 1;
        }
        (*shared)++;
        if (semop(id, give, 2) != 0) {
            return 1;
        }
    }
    return 0;
}

static void check_exclusion(void)
{
    pid_t pids[WORKERS];
    long *counter = shared_memory(PAGE);
    fresh();
    NEED(set(0, 1) == 0 && set(1, 1) == 0);
    for (int i = 0; i < WORKERS; i++) {
        pids[i] = child_start(child_counts, counter);
    }
    for (int i = 0; i < WORKERS; i++) {
        CHECK_EQ(child_wait(pids[i]), 0, "worker %d", i);
    }
    CHECK_EQ(*counter, WORKERS * EACH, "no update was lost");
    discard();
}

static void check_bad_pointers(void)
{
    fresh();
    for (size_t i = 0; i < badptr_count(); i++) {
        CHECK_EQ(RAW3(SYS_semop, id, badptr(i), 1), -EFAULT, "semop: %s",
                 badptr_name(i));
        CHECK_EQ(RAW4(SYS_semctl, id, 0, GETALL, badptr(i)), -EFAULT,
                 "GETALL: %s", badptr_name(i));
        CHECK_EQ(RAW4(SYS_semctl, id, 0, IPC_STAT, badptr(i)), -EFAULT,
                 "IPC_STAT: %s", badptr_name(i));
    }
    discard();
}

int main(void)
{
    check_start();
    check_get();
    check_values();
    check_operations();
    check_undo();
    check_wakeups();
    check_time_out();
    check_rounds_trip();
    check_exclusion();
    check_bad_pointers();
    return check_done();
}
