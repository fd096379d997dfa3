/*
 * Whatever allocation fails inside a call on shared memory, messages,
 * semaphores, counters or nameless files: it gives an error (or, at a page
 * fault, kills), and nothing stays behind.  See allocation-failures-are-errors.
 */
/* host: no */
/* smp: 1 2 */
#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>
#include "common/child.h"

enum { MOST_ALLOCATIONS = 20, SIZE = 5 * 4096, TEXT = 5000, ODD = 99 };

static int fail_fd;
static char text[TEXT];

static void fail_after(int n)
{
    char number[12];
    int length = snprintf(number, sizeof(number), "%d", n);
    if (write(fail_fd, number, (size_t)length) != length) {
        _exit(ODD);
    }
}

static int try_segment(void)
{
    int id = shmget(IPC_PRIVATE, SIZE, 0600);
    if (id < 0) {
        return -1;
    }
    volatile char *memory = shmat(id, NULL, 0);
    int error = errno;
    NEED(shmctl(id, IPC_RMID, NULL) == 0);
    if (memory == (void *)-1) {
        errno = error;
        return -1;
    }
    memory[0] = memory[SIZE - 1] = 1;
    return 0;
}

static int try_queue(void)
{
    struct {
        long type;
        char text[TEXT];
    } message = { .type = 1 };
    int id = msgget(IPC_PRIVATE, 0600);
    if (id < 0) {
        return -1;
    }
    int result = msgsnd(id, &message, TEXT, 0);
    int error = errno;
    NEED(msgctl(id, IPC_RMID, NULL) == 0);
    errno = error;
    return result;
}

static int try_semaphores(void)
{
    struct sembuf op = { 5, 1, SEM_UNDO };
    unsigned short values[10];
    int id = semget(IPC_PRIVATE, 10, 0600);
    if (id < 0) {
        return -1;
    }
    int result = semop(id, &op, 1);
    if (result == 0) {
        result = semctl(id, 0, GETALL, values);
    }
    int error = errno;
    NEED(semctl(id, 0, IPC_RMID) == 0);
    errno = error;
    return result;
}

static int try_posix_queue(void)
{
    mqd_t queue = mq_open("/short", O_CREAT | O_EXCL | O_RDWR, 0600, NULL);
    if (queue < 0) {
        mq_unlink("/short"); /* made, but no descriptor for it */
        errno = ENOMEM;
        return -1;
    }
    NEED(mq_unlink("/short") == 0);
    return mq_send(queue, text, TEXT, 0);
}

static int try_counter(void)
{
    return eventfd(0, 0) < 0 ? -1 : 0;
}

static int try_memory_file(void)
{
    int fd = memfd_create("short", 0);
    return fd < 0 || write(fd, text, TEXT) < 0 ? -1 : 0;
}

static const struct operation {
    const char *name;
    int (*attempt)(void);
} operations[] = {
    { "shared memory", try_segment }, { "message queue", try_queue },
    { "semaphores", try_semaphores }, { "POSIX queue", try_posix_queue },
    { "event counter", try_counter }, { "memory file", try_memory_file },
};

struct attempt {
    const struct operation *operation;
    int n;
};

/* 0: it worked, 1: an error that says what happened. */
static int child_attempts(void *argument)
{
    const struct attempt *a = argument;
    fail_after(a->n);
    int got = a->operation->attempt();
    int error = errno;
    fail_after(0);
    if (got < 0 && error != ENOMEM && error != ENOSPC) {
        check_note("%s, allocation %d: errno %d", a->operation->name, a->n,
                   error);
        return ODD;
    }
    return got < 0;
}

int main(void)
{
    check_start();
    fail_fd = open("/proc/sys/vm/fail_nth", O_WRONLY);
    NEED(fail_fd >= 0);
    for (size_t i = 0; i < ARRAY_LENGTH(operations); i++) {
        int odd = 0, errors = 0;
        for (int n = 1; n <= MOST_ALLOCATIONS; n++) {
            struct attempt a = { &operations[i], n };
            int status = child_run(child_attempts, &a);
            errors += status == 1 << 8;
            odd += status != 0 && status != 1 << 8 && status != SIGKILL;
        }
        CHECK_EQ(odd, 0, "%s: %d errors", operations[i].name, errors);
        struct attempt whole = { &operations[i], 0 };
        CHECK_EQ(child_run(child_attempts, &whole), 0, "%s works again",
                 operations[i].name);
    }
    close(fail_fd);
    return check_done();
}
