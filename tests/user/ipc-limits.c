/*
 * There is a limit to message queues, semaphores and shared memory: beyond it
 * calls fail, and what is there still works.
 */
/* host: no */
#include <mqueue.h>
#include <stdio.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>
#include "common/child.h"

enum {
    MOST = 5000,
    QUEUES = 256,
    SETS = 1024,
    SEGMENTS = 4096,
    LARGE_SETS = 8
};

static int ids[MOST];

/* Make objects until one cannot be made: how many. */
static int make_all(int (*make)(void))
{
    int count = 0;
    while (count < MOST && (ids[count] = make()) >= 0) {
        count++;
    }
    return count;
}

static int make_queue(void)
{
    return msgget(IPC_PRIVATE, 0600);
}

static int make_set(void)
{
    return semget(IPC_PRIVATE, 1, 0600);
}

static int make_large_set(void)
{
    return semget(IPC_PRIVATE, 32000, 0600);
}

static int make_segment(void)
{
    return shmget(IPC_PRIVATE, 1, 0600);
}

static int make_large_segment(void)
{
    return shmget(IPC_PRIVATE, 16ul << 20, 0600);
}

static void check_queues(void)
{
    struct msgbuf message = { .mtype = 1 };
    int count = make_all(make_queue);
    CHECK(count == QUEUES && errno == ENOSPC, "%d queues", count);
    CHECK_EQ(msgsnd(ids[count - 1], &message, 1, 0), 0, "the last works");
    CHECK_EQ(msgctl(ids[5], IPC_RMID, NULL), 0, "one less");
    int again = make_queue();
    CHECK(again >= 0 && again != ids[5], "and there is room for another");
    ids[5] = again;
    for (int i = 0; i < count; i++) {
        NEED(msgctl(ids[i], IPC_RMID, NULL) == 0);
    }
}

static void check_sets(int (*make)(void), const char *what, int most)
{
    int count = make_all(make);
    CHECK(count == most && errno == ENOSPC, "%d %s", count, what);
    for (int i = 0; i < count; i++) {
        NEED(semctl(ids[i], 0, IPC_RMID) == 0);
    }
}

static void check_segments(int (*make)(void), const char *what, int most)
{
    int count = make_all(make);
    CHECK(count > 0 && count <= most && errno == ENOSPC, "%d %s", count, what);
    char *memory = shmat(ids[count - 1], NULL, 0);
    CHECK(memory != (void *)-1, "the last works");
    memory[0] = 1;
    NEED(shmdt(memory) == 0);
    for (int i = 0; i < count; i++) {
        NEED(shmctl(ids[i], IPC_RMID, NULL) == 0);
    }
}

static void check_posix_queues(void)
{
    struct rlimit limit = { 200000, 200000 };
    char name[40];
    int count = 0;
    NEED(setrlimit(RLIMIT_MSGQUEUE, &limit) == 0);
    for (; count < 10; count++) {
        snprintf(name, sizeof(name), "/limit-%d", count);
        if (mq_open(name, O_CREAT | O_RDWR, 0600, NULL) < 0) {
            break;
        }
        NEED(mq_unlink(name) == 0);
    }
    CHECK(count == 2 && errno == EMFILE, "%d POSIX queues", count);
}

/* Tests before this one may have left objects: they are nobody's now. */
static void remove_all(void)
{
    struct msqid_ds queue;
    struct semid_ds set;
    struct shmid_ds segment;
    for (int slot = 0; slot < SEGMENTS; slot++) {
        int id = msgctl(slot, MSG_STAT, &queue);
        NEED(id < 0 || msgctl(id, IPC_RMID, NULL) == 0);
        id = semctl(slot, 0, SEM_STAT, &set);
        NEED(id < 0 || semctl(id, 0, IPC_RMID) == 0);
        id = shmctl(slot, SHM_STAT, &segment);
        NEED(id < 0 || shmctl(id, IPC_RMID, NULL) == 0);
    }
}

int main(void)
{
    check_start();
    remove_all();
    check_queues();
    check_sets(make_set, "sets", SETS);
    check_sets(make_large_set, "sets of 32000", LARGE_SETS);
    check_segments(make_segment, "segments", SEGMENTS);
    check_segments(make_large_segment, "segments of 16 MiB", 64);
    check_posix_queues();
    return check_done();
}
