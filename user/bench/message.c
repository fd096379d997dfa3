/*
 * message.c - the cost of a message to another process and its answer, by
 * every way there is.
 *
 * Side 0 is the parent, side 1 a child that answers. A way consists of two
 * functions: tell(n) says something to side n, listen(n) is side n and waits
 * until something was said. All answers arrive before the next question, so
 * that no queue ever fills.
 */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/measure.h"

enum { TRIPS = 1000 };

struct way {
    int (*tell)(int side);   /* 0, or -1 with errno */
    int (*listen)(int side); /* the same */
};

/* What the two sides share. */
struct shared {
    volatile int over;
    unsigned said[2]; /* shared memory: how often */
    sem_t semaphores[2];
};

static struct shared *shared;
static int ends[2];  /* descriptors: ends[n] is side n's */
static int sysv_set; /* identifier of the System V object */
static unsigned heard[2];

/* Rounds of questions and answers on a way that is ready. */
static int ping_pong(const char *name, const struct way *way)
{
    struct series s = { .count = 0 };
    pid_t pid = bench_fork_partner();
    if (pid == 0) {
        while (way->listen(1) == 0 && !shared->over)
            if (way->tell(0))
                _exit(1);
        _exit(!shared->over);
    }
    while (pid > 0 && series_more(&s)) {
        uint64_t t = measure_clock();
        for (int i = 0; i < TRIPS; i++)
            if (way->tell(1) || way->listen(0))
                return -1;
        series_add_time(&s, measure_clock() - t, TRIPS);
    }
    shared->over = 1;
    return pid < 0 || way->tell(1) || bench_reap(pid)
               ? -1
               : series_print(&s, name, "ns");
}

static int make_shared(void)
{
    shared = (struct shared *)bench_get_memory(sizeof *shared, MAP_SHARED);
    return shared ? 0 : -1;
}

/* ---- sockets and eventfd ---- */

static int tell_end(int side)
{
    char byte = 1;
    return write(ends[!side], &byte, 1) == 1 ? 0 : -1;
}

static int listen_end(int side)
{
    char byte;
    return read(ends[side], &byte, 1) == 1 ? 0 : -1;
}

static int bench_socket(const char *name, int type)
{
    static const struct way way = { tell_end, listen_end };
    if (make_shared() || socketpair(AF_UNIX, type, 0, ends))
        return -1;
    return ping_pong(name, &way);
}

static int bench_stream(const char *name)
{
    return bench_socket(name, SOCK_STREAM);
}

static int bench_datagram(const char *name)
{
    return bench_socket(name, SOCK_DGRAM);
}

static int tell_event(int side)
{
    uint64_t one = 1;
    return write(ends[side], &one, sizeof one) == sizeof one ? 0 : -1;
}

static int listen_event(int side)
{
    uint64_t count;
    return read(ends[side], &count, sizeof count) == sizeof count ? 0 : -1;
}

static int bench_eventfd(const char *name)
{
    static const struct way way = { tell_event, listen_event };
    ends[0] = eventfd(0, 0);
    ends[1] = eventfd(0, 0);
    if (make_shared() || ends[0] < 0 || ends[1] < 0)
        return -1;
    return ping_pong(name, &way);
}

/* ---- semaphores ---- */

static int change_sysv(int side, short by)
{
    struct sembuf change = { .sem_num = (unsigned short)side, .sem_op = by };
    return semop(sysv_set, &change, 1);
}

static int tell_sysv(int side)
{
    return change_sysv(side, 1);
}

static int listen_sysv(int side)
{
    return change_sysv(side, -1);
}

static int bench_semop(const char *name)
{
    static const struct way way = { tell_sysv, listen_sysv };
    sysv_set = semget(IPC_PRIVATE, 2, 0600);
    if (make_shared() || sysv_set < 0)
        return -1;
    int result = ping_pong(name, &way);
    semctl(sysv_set, 0, IPC_RMID);
    return result;
}

static int tell_posix(int side)
{
    return sem_post(&shared->semaphores[side]);
}

static int listen_posix(int side)
{
    return sem_wait(&shared->semaphores[side]);
}

static int bench_semaphore(const char *name)
{
    static const struct way way = { tell_posix, listen_posix };
    if (make_shared() || sem_init(&shared->semaphores[0], 1, 0) ||
        sem_init(&shared->semaphores[1], 1, 0))
        return -1;
    return ping_pong(name, &way);
}

/* ---- message queues ---- */

struct sysv_message {
    long type; /* the side it is for, and 1 */
    char byte;
};

static int tell_msg(int side)
{
    struct sysv_message message = { .type = side + 1 };
    return msgsnd(sysv_set, &message, 1, 0);
}

static int listen_msg(int side)
{
    struct sysv_message message;
    return msgrcv(sysv_set, &message, 1, side + 1, 0) == 1 ? 0 : -1;
}

static int bench_sysv_queue(const char *name)
{
    static const struct way way = { tell_msg, listen_msg };
    sysv_set = msgget(IPC_PRIVATE, 0600);
    if (make_shared() || sysv_set < 0)
        return -1;
    int result = ping_pong(name, &way);
    msgctl(sysv_set, IPC_RMID, NULL);
    return result;
}

static int tell_mq(int side)
{
    char byte = 1;
    return mq_send(ends[side], &byte, 1, 0);
}

static int listen_mq(int side)
{
    char byte;
    return mq_receive(ends[side], &byte, 1, NULL) == 1 ? 0 : -1;
}

static int bench_posix_queue(const char *name)
{
    static const struct way way = { tell_mq, listen_mq };
    struct mq_attr attributes = { .mq_maxmsg = 2, .mq_msgsize = 1 };
    for (int i = 0; i < 2; i++) {
        char path[40];
        snprintf(path, sizeof path, "/bench-%d-%d", (int)getpid(), i);
        ends[i] = mq_open(path, O_RDWR | O_CREAT | O_EXCL, 0600, &attributes);
        mq_unlink(path);
    }
    if (make_shared() || ends[0] < 0 || ends[1] < 0)
        return -1;
    return ping_pong(name, &way);
}

/* ---- shared memory ---- */

static unsigned said(int side)
{
    return __atomic_load_n(&shared->said[side], __ATOMIC_ACQUIRE);
}

static int tell_memory(int side)
{
    __atomic_fetch_add(&shared->said[side], 1, __ATOMIC_RELEASE);
    return 0;
}

static int listen_memory(int side)
{
    while (said(side) == heard[side])
        sched_yield();
    heard[side]++;
    return 0;
}

static int bench_memory(const char *name)
{
    static const struct way way = { tell_memory, listen_memory };
    return make_shared() ? -1 : ping_pong(name, &way);
}

static int tell_futex(int side)
{
    tell_memory(side);
    return syscall(SYS_futex, &shared->said[side], FUTEX_WAKE, 1, NULL) < 0;
}

static int listen_futex(int side)
{
    while (said(side) == heard[side])
        syscall(SYS_futex, &shared->said[side], FUTEX_WAIT, heard[side], NULL);
    heard[side]++;
    return 0;
}

static int bench_futex(const char *name)
{
    static const struct way way = { tell_futex, listen_futex };
    return make_shared() ? -1 : ping_pong(name, &way);
}

const struct bench message_benches[] = {
    { "unix_stream", bench_stream, "one byte there and back, stream socket" },
    { "unix_datagram", bench_datagram, "the same, datagram sockets" },
    { "eventfd", bench_eventfd, "two counters, there and back" },
    { "sysv_semaphore", bench_semop, "semop there and back" },
    { "posix_semaphore", bench_semaphore, "sem_post and sem_wait, processes" },
    { "sysv_queue", bench_sysv_queue, "msgsnd and msgrcv there and back" },
    { "posix_queue", bench_posix_queue, "mq_send and mq_receive" },
    { "shm_yield", bench_memory, "shared memory there and back, yielding" },
    { "shm_futex", bench_futex, "the same, sleeping on a futex" },
    { NULL, NULL, NULL },
};
