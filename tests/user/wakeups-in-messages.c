/*
 * No wake-up is lost in futexes, System V semaphores and queues, and POSIX
 * message queues: 10^4 sleeps in each call.
 *
 * smp: 4
 * timeout: 900
 */
#include <fcntl.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <semaphore.h>
#include <stdio.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "common/child.h"
#include "common/wakeup.h"

enum { BIG = 8000, QUEUE_BYTES = 16000 };

/* ---- futex ---- */

static struct {
    unsigned words[2];
    sem_t semaphores[2];
} * memory;
static unsigned heard[2];

static void make_words(void)
{
    memory = shared_memory(sizeof(*memory));
    NEED(sem_init(&memory->semaphores[0], 1, 0) == 0);
    NEED(sem_init(&memory->semaphores[1], 1, 0) == 0);
}

static int wake_word(int side)
{
    __atomic_fetch_add(&memory->words[side], 1, __ATOMIC_SEQ_CST);
    return syscall(SYS_futex, &memory->words[side], FUTEX_WAKE, 1) < 0;
}

static int wait_word(int side, const struct timespec *limit)
{
    while (__atomic_load_n(&memory->words[side], __ATOMIC_SEQ_CST) ==
           heard[side]) {
        if (syscall(SYS_futex, &memory->words[side], FUTEX_WAIT, heard[side],
                    limit) < 0 &&
            errno != EAGAIN && errno != ETIMEDOUT) {
            return -1;
        }
    }
    heard[side]++;
    return 0;
}

static int wait_for_word(int side)
{
    return wait_word(side, NULL);
}

static int wait_for_word_or_time(int side)
{
    static const struct timespec soon = { .tv_nsec = 20000 };
    return wait_word(side, &soon);
}

static int post(int side)
{
    return sem_post(&memory->semaphores[side]);
}

static int wait_semaphore(int side)
{
    return sem_wait(&memory->semaphores[side]);
}

/* ---- System V ---- */

static int object, objects[2];

static void make_set(void)
{
    object = semget(IPC_PRIVATE, 2, 0600);
    NEED(object >= 0);
}

static void remove_set(void)
{
    semctl(object, 0, IPC_RMID);
}

static int change(int side, short by, const struct timespec *limit)
{
    struct sembuf operation = { .sem_num = (unsigned short)side, .sem_op = by };
    return semtimedop(object, &operation, 1, limit);
}

static int raise_semaphore(int side)
{
    return change(side, 1, NULL);
}

static int lower_semaphore(int side)
{
    struct sembuf operation = { .sem_num = (unsigned short)side, .sem_op = -1 };
    return semop(object, &operation, 1);
}

static int lower_in_time(int side)
{
    struct timespec limit = { .tv_sec = 1000 };
    return change(side, -1, &limit);
}

static int lower_or_time_out(int side)
{
    struct timespec soon = { .tv_nsec = 20000 };
    int result;
    do {
        result = change(side, -1, &soon);
    } while (result && errno == EAGAIN);
    return result;
}

/* Side n waits until semaphore n is 0, which the other side has made it. */
static int wait_for_zero(int side)
{
    return change(side, 0, NULL) ? -1 : change(side, 1, NULL);
}

static int make_zero(int side)
{
    return change(side, -1, NULL);
}

static void make_raised_set(void)
{
    make_set();
    NEED(raise_semaphore(0) == 0 && raise_semaphore(1) == 0);
}

static struct {
    long type;
    char text[BIG];
} message;

static void make_queues(void)
{
    objects[0] = msgget(IPC_PRIVATE, 0600);
    objects[1] = msgget(IPC_PRIVATE, 0600);
    NEED(objects[0] >= 0 && objects[1] >= 0);
}

static void remove_queues(void)
{
    msgctl(objects[0], IPC_RMID, NULL);
    msgctl(objects[1], IPC_RMID, NULL);
}

static int send_message(int side)
{
    message.type = side + 1;
    return msgsnd(objects[0], &message, 1, 0);
}

static int receive_message(int side)
{
    return msgrcv(objects[0], &message, 1, side + 1, 0) == 1 ? 0 : -1;
}

static int send_big(int side)
{
    message.type = 1;
    return msgsnd(objects[side], &message, BIG, 0);
}

static int receive_big(int side)
{
    return msgrcv(objects[side], &message, BIG, 0, 0) == BIG ? 0 : -1;
}

static void make_full_queues(void)
{
    make_queues();
    for (int i = 0; i < 2; i++) {
        for (int n = 0; n < QUEUE_BYTES / BIG; n++) {
            NEED(send_big(i) == 0);
        }
    }
}

/* ---- POSIX queues ---- */

static mqd_t mail[2];

static void make_mail(void)
{
    struct mq_attr small = { .mq_maxmsg = 1, .mq_msgsize = 8 };
    for (int i = 0; i < 2; i++) {
        char name[40];
        snprintf(name, sizeof(name), "/wakeup-%d-%d", (int)getpid(), i);
        mail[i] = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &small);
        NEED(mail[i] >= 0 && mq_unlink(name) == 0);
    }
}

static int send_mail(int side)
{
    return mq_send(mail[side], "x", 1, 1);
}

static int receive_mail(int side)
{
    char text[8];
    return mq_receive(mail[side], text, sizeof(text), NULL) == 1 ? 0 : -1;
}

static void fill_mail(void)
{
    make_mail();
    NEED(send_mail(0) == 0 && send_mail(1) == 0);
}

/* The time of the day in so many nanoseconds. */
static struct timespec time_after(long seconds, long ns)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_nsec += ns;
    t.tv_sec += seconds + t.tv_nsec / 1000000000;
    t.tv_nsec %= 1000000000;
    return t;
}

static int send_in_time(int side)
{
    struct timespec limit = time_after(1000, 0);
    return mq_timedsend(mail[side], "x", 1, 1, &limit);
}

static int receive_in_time(int side)
{
    struct timespec limit = time_after(1000, 0);
    char text[8];
    return mq_timedreceive(mail[side], text, sizeof(text), NULL, &limit) == 1
               ? 0
               : -1;
}

static int receive_or_time_out(int side)
{
    char text[8];
    ssize_t got;
    do {
        struct timespec soon = time_after(0, 20000);
        got = mq_timedreceive(mail[side], text, sizeof(text), NULL, &soon);
    } while (got < 0 && errno == ETIMEDOUT);
    return got == 1 ? 0 : -1;
}

static const struct wakeup_row rows[] = {
    { "futex", .prepare = make_words, .listen = wait_for_word,
      .tell = wake_word },
    { "futex and time-out", .prepare = make_words,
      .listen = wait_for_word_or_time, .tell = wake_word },
    { "sem_wait", .prepare = make_words, .listen = wait_semaphore,
      .tell = post },
    { "semop", .prepare = make_set, .listen = lower_semaphore,
      .tell = raise_semaphore, .finish = remove_set },
    { "semop for zero", .prepare = make_raised_set, .listen = wait_for_zero,
      .tell = make_zero, .finish = remove_set },
    { "semtimedop", .prepare = make_set, .listen = lower_in_time,
      .tell = raise_semaphore, .finish = remove_set },
    { "semtimedop and time-out", .prepare = make_set,
      .listen = lower_or_time_out, .tell = raise_semaphore,
      .finish = remove_set },
    { "msgrcv", .prepare = make_queues, .listen = receive_message,
      .tell = send_message, .finish = remove_queues },
    { "msgsnd", .prepare = make_full_queues, .listen = send_big,
      .tell = receive_big, .finish = remove_queues },
    { "mq_receive", .prepare = make_mail, .listen = receive_mail,
      .tell = send_mail },
    { "mq_send", .prepare = fill_mail, .listen = send_mail,
      .tell = receive_mail },
    { "mq_timedreceive", .prepare = make_mail, .listen = receive_in_time,
      .tell = send_mail },
    { "mq_timedsend", .prepare = fill_mail, .listen = send_in_time,
      .tell = receive_mail },
    { "mq_timedreceive and time-out", .prepare = make_mail,
      .listen = receive_or_time_out, .tell = send_mail },
};

int main(int argc, char **argv)
{
    return wakeup_main(argc, argv, rows, ARRAY_LENGTH(rows));
}
