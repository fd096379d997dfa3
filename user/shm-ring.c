/*
 * shm-ring - a producer and a consumer with a ring of slots in shared memory.
 *
 * The ring is a System V segment; its head and tail are written by one process
 * each. Three ways of waiting for a free or a full slot are compared, and a
 * pipe, which is a ring inside the kernel.
 */
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/options.h"
#include "common/report.h"

static const char help[] =
    "Usage: shm-ring [MESSAGES]\n"
    "A producer hands MESSAGES (default 20000) of 64 bytes to a consumer: "
    "through\n"
    "a ring of 64 slots in shared memory, waiting in three ways, and through "
    "a\n"
    "pipe. The last columns are of the consumer.\n"
    "\n"
    "Watch the time per message. Shared memory needs no system call to move a\n"
    "message; what costs is to wait for the other side. \"yield\" asks for "
    "the\n"
    "CPU to be given away while the ring is full or empty: on one CPU a whole\n"
    "ring passes per switch. \"semaphores\" counts free and full slots, two\n"
    "system calls per message and side. \"one lock\" adds a third semaphore "
    "around\n"
    "the slot, which one producer and one consumer do not need. The pipe "
    "copies\n"
    "each byte twice, but moves many messages per switch.\n"
    "\"waits\" are voluntary context switches: somebody slept.\n";

enum { SLOTS = 64, MESSAGE_BYTES = 64, WORDS = MESSAGE_BYTES / 8 };
enum { FREE, FULL, LOCK, SEMAPHORES };
enum way { YIELD, COUNTED, LOCKED, PIPE, WAYS };

static const char *const names[WAYS] = { "ring, yield", "ring, semaphores",
                                         "ring, and one lock", "pipe" };

struct ring {
    uint64_t head; /* written by the consumer: messages taken */
    uint64_t gap[7];
    uint64_t tail; /* written by the producer: messages given */
    uint64_t other_gap[7];
    uint64_t slots[SLOTS][WORDS];
};

/* What the consumer tells at its end, through the segment. */
struct shared {
    struct ring ring;
    bool good;
    long waits, switches;
};

static struct shared *shared;
static int semaphores, ends[2];

static void change(int number, int by)
{
    struct sembuf op = { (unsigned short)number, (short)by, 0 };
    while (semop(semaphores, &op, 1) != 0)
        ;
}

/* Wait until the ring is neither full (for the producer) nor empty. */
static void before(enum way way, bool producer)
{
    struct ring *r = &shared->ring;
    if (way == YIELD) {
        uint64_t blocked = producer ? SLOTS : 0;
        while (__atomic_load_n(&r->tail, __ATOMIC_ACQUIRE) -
                   __atomic_load_n(&r->head, __ATOMIC_ACQUIRE) ==
               blocked)
            sched_yield();
        return;
    }
    change(producer ? FREE : FULL, -1);
    if (way == LOCKED)
        change(LOCK, -1);
}

/* Tell the other side. */
static void after(enum way way, bool producer)
{
    struct ring *r = &shared->ring;
    uint64_t *mine = producer ? &r->tail : &r->head;
    __atomic_store_n(mine, *mine + 1, __ATOMIC_RELEASE);
    if (way == LOCKED)
        change(LOCK, 1);
    if (way != YIELD)
        change(producer ? FULL : FREE, 1);
}

static int read_all(char *bytes, size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t got = read(ends[0], bytes + done, n - done);
        if (got <= 0)
            return -1;
        done += (size_t)got;
    }
    return 0;
}

static int give(enum way way, uint64_t number)
{
    uint64_t words[WORDS];
    for (int i = 0; i < WORDS; i++)
        words[i] = number + (uint64_t)i;
    if (way == PIPE)
        return write(ends[1], words, sizeof words) == sizeof words ? 0 : -1;
    before(way, true);
    memcpy(shared->ring.slots[number % SLOTS], words, sizeof words);
    after(way, true);
    return 0;
}

/* True if the message is the one that was given as this number. */
static bool take(enum way way, uint64_t number)
{
    uint64_t words[WORDS];
    if (way == PIPE) {
        if (read_all((char *)words, sizeof words))
            return false;
    } else {
        before(way, false);
        memcpy(words, shared->ring.slots[number % SLOTS], sizeof words);
        after(way, false);
    }
    for (int i = 0; i < WORDS; i++)
        if (words[i] != number + (uint64_t)i)
            return false;
    return true;
}

static void consume(enum way way, uint64_t count)
{
    struct rusage usage;
    bool good = true;
    for (uint64_t i = 0; i < count; i++)
        good &= take(way, i);
    if (getrusage(RUSAGE_SELF, &usage) == 0) {
        shared->waits = usage.ru_nvcsw;
        shared->switches = usage.ru_nivcsw;
    }
    shared->good = good;
    _exit(0);
}

static double seconds_now(void)
{
    struct timespec now = { 0, 0 };
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int prepare(void)
{
    unsigned short values[SEMAPHORES] = { SLOTS, 0, 1 };
    memset(shared, 0, sizeof *shared);
    for (int i = 0; i < SEMAPHORES; i++)
        if (semctl(semaphores, i, SETVAL, (long)values[i]) != 0)
            return -1;
    return pipe(ends);
}

static int show(enum way way, uint64_t count)
{
    int status, err = 0;
    if (prepare())
        return -1;
    double start = seconds_now();
    pid_t pid = fork();
    if (pid < 0)
        return -1;
    if (pid == 0)
        consume(way, count);
    for (uint64_t i = 0; i < count && !err; i++)
        err = give(way, i);
    if (waitpid(pid, &status, 0) < 0)
        return -1;
    double seconds = seconds_now() - start;
    printf("%-20s %9.1f %9.0f %8ld %8ld  %s\n", names[way], seconds * 1e3,
           seconds * 1e9 / (double)count, shared->waits, shared->switches,
           shared->good ? "all in order" : "BROKEN");
    fflush(stdout);
    close(ends[0]);
    close(ends[1]);
    return shared->good ? err : -1;
}

int main(int argc, char **argv)
{
    struct options o;
    long count = 20000;
    int bad = 0;
    (void)argc;
    options_begin(&o, argv, help, 1);
    while (options_next(&o, "") != -1)
        ;
    if (o.count && (options_number(o.operands[0], &count) || count < 1)) {
        report("not a number of messages: '%s'", o.operands[0]);
        return 1;
    }
    int id = shmget(IPC_PRIVATE, sizeof *shared, 0600);
    semaphores = semget(IPC_PRIVATE, SEMAPHORES, 0600);
    shared = id < 0 ? (void *)-1 : shmat(id, NULL, 0);
    /* The segment goes with its last user, whatever happens to us. */
    if (shared == (void *)-1 || semaphores < 0 || shmctl(id, IPC_RMID, NULL)) {
        report_errno("no shared memory or semaphores");
        return 1;
    }
    printf("%ld messages of %d bytes\n", count, MESSAGE_BYTES);
    printf("%-20s %9s %9s %8s %8s\n", "", "ms", "ns each", "waits",
           "preempted");
    for (int way = 0; way < WAYS && !bad; way++)
        bad = show((enum way)way, (uint64_t)count);
    if (bad)
        report_errno("a transfer failed");
    semctl(semaphores, 0, IPC_RMID);
    return report_finish(bad ? 1 : 0);
}
