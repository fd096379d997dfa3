/*
 * Several processes use, remove and make again the same few System V objects,
 * at random, with forks, kills and exits in between: nobody hangs, calls give
 * only the errors they may, and nothing stays behind.
 *
 * smp: 1 4
 * host: no
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <time.h>
#include <unistd.h>
#include "common/child.h"

enum { WORKERS = 6, KEYS = 3, ROUNDS = 400, SIZE = 3 * 4096, TEXT = 2000 };

static key_t first_key;
static unsigned state;

static unsigned any(unsigned limit)
{
    state = state * 1103515245 + 12345;
    return (state >> 16) % limit;
}

static key_t any_key(void)
{
    return first_key + (key_t)any(KEYS);
}

/* -1 of a call may mean one of these; anything else is a failure. */
static bool allowed(int result, const int *errors)
{
    if (result >= 0) {
        return true;
    }
    for (; *errors != 0; errors++) {
        if (errno == *errors) {
            return true;
        }
    }
    printf("# errno %d\n", errno);
    return false;
}

static int child_uses(void *memory)
{
    volatile char *bytes = memory;
    bytes[any(SIZE)]++;
    return 0; /* detached by its end */
}

static bool use_segment(void)
{
    static const int errors[] = { EINVAL, EIDRM, 0 };
    int id = shmget(any_key(), SIZE, IPC_CREAT | 0600);
    if (id < 0) {
        return false;
    }
    char *memory = shmat(id, NULL, 0);
    if (memory == (void *)-1) {
        return allowed(-1, errors);
    }
    memory[any(SIZE)]++;
    if (any(3) == 0 && !allowed(shmctl(id, IPC_RMID, NULL), errors)) {
        return false;
    }
    if (any(8) == 0 && child_run(child_uses, memory) != 0) {
        return false;
    }
    memory[any(SIZE)]++;
    return any(20) == 0 || shmdt(memory) == 0; /* or by our end */
}

static bool use_queue(void)
{
    static const int errors[] = { EINVAL, EIDRM, EAGAIN, ENOMSG, 0 };
    struct {
        long type;
        char text[TEXT];
    } message = { .type = 1 + any(3) };
    int id = msgget(any_key(), IPC_CREAT | 0600);
    if (id < 0) {
        return false;
    }
    if (any(10) == 0) {
        return allowed(msgctl(id, IPC_RMID, NULL), errors);
    }
    if (any(2) == 0) {
        return allowed(msgsnd(id, &message, any(TEXT), IPC_NOWAIT), errors);
    }
    return allowed((int)msgrcv(id, &message, TEXT, (long)any(4), IPC_NOWAIT),
                   errors);
}

static bool use_semaphores(void)
{
    static const int errors[] = { EINVAL, EIDRM, EAGAIN, 0 };
    struct timespec time = { 0, 1000000 };
    struct sembuf ops[2] = {
        { (unsigned short)any(2), (short)(any(3) - 1), SEM_UNDO },
        { (unsigned short)any(2), (short)(any(3) - 1), SEM_UNDO },
    };
    int id = semget(any_key(), 2, IPC_CREAT | 0600);
    if (id < 0) {
        return false;
    }
    if (any(20) == 0) {
        return allowed(semctl(id, 0, IPC_RMID), errors);
    }
    return allowed(semtimedop(id, ops, 1 + any(2), &time), errors);
}

static int child_works(void *seed)
{
    static bool (*const uses[])(void) = { use_segment, use_queue,
                                          use_semaphores };
    state = *(unsigned *)seed;
    for (int i = 0; i < ROUNDS; i++) {
        if (!uses[any(3)]()) {
            return 1 + i % 100;
        }
    }
    return 0;
}

static void remove_all(void)
{
    for (int i = 0; i < KEYS; i++) {
        int shm = shmget(first_key + i, 0, 0), msg = msgget(first_key + i, 0);
        int sem = semget(first_key + i, 0, 0);
        CHECK(shm < 0 || shmctl(shm, IPC_RMID, NULL) == 0, "segment %d", i);
        CHECK(msg < 0 || msgctl(msg, IPC_RMID, NULL) == 0, "queue %d", i);
        CHECK(sem < 0 || semctl(sem, 0, IPC_RMID) == 0, "set %d", i);
    }
}

int main(void)
{
    pid_t pids[WORKERS];
    check_start();
    first_key = 0x70000000 | getpid() << 4;
    for (unsigned i = 0; i < WORKERS; i++) {
        unsigned seed = i + 1;
        pids[i] = child_start(child_works, &seed);
    }
    usleep(100000);
    kill(pids[0], SIGKILL); /* or it had ended */
    for (int i = 0; i < WORKERS; i++) {
        int status = child_wait(pids[i]);
        CHECK(status == 0 || (i == 0 && status == SIGKILL),
              "worker %d: status %x", i, (unsigned)status);
    }
    remove_all();
    return check_done();
}
