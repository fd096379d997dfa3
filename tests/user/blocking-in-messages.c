/*
 * What ends the calls that block on futexes, System V semaphores and queues,
 * and POSIX message queues, as signal(7) lists it.
 *
 * smp: 1 2 4
 */
#include <fcntl.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "common/blocking.h"
#include "common/child.h"

enum { BIG = 8000, QUEUE_BYTES = 16000 };

static int object;
static struct {
    long type;
    char text[BIG];
} message;

/* ---- futex ---- */

static unsigned *word;

static void make_word(void)
{
    word = shared_memory(sizeof(*word));
}

static long wait_word(void)
{
    return syscall(SYS_futex, word, FUTEX_WAIT, 0, NULL);
}

static long wait_word_for(long s, long ns)
{
    struct timespec limit = { s, ns };
    return syscall(SYS_futex, word, FUTEX_WAIT, 0, &limit);
}

static long wait_word_long(void)
{
    return wait_word_for(1000, 0);
}

static long wait_word_shortly(void)
{
    return wait_word_for(0, 20000000);
}

static void wake_word(void)
{
    while (syscall(SYS_futex, word, FUTEX_WAKE, 1) == 0) {
        usleep(100);
    }
}

/* ---- System V semaphores ---- */

static void make_set(void)
{
    object = semget(IPC_PRIVATE, 1, 0600);
    NEED(object >= 0);
}

static void remove_set(void)
{
    semctl(object, 0, IPC_RMID);
}

static int change(short by, const struct timespec *limit)
{
    struct sembuf operation = { .sem_op = by };
    return semtimedop(object, &operation, 1, limit);
}

static long lower(void)
{
    struct sembuf operation = { .sem_op = -1 };
    return semop(object, &operation, 1);
}

static long lower_long(void)
{
    struct timespec limit = { 1000, 0 };
    return change(-1, &limit);
}

static long lower_shortly(void)
{
    struct timespec limit = { 0, 20000000 };
    return change(-1, &limit);
}

static void raise_it(void)
{
    NEED(change(1, NULL) == 0);
}

/* ---- System V queues ---- */

static void make_queue(void)
{
    object = msgget(IPC_PRIVATE, 0600);
    NEED(object >= 0);
}

static void remove_queue(void)
{
    msgctl(object, IPC_RMID, NULL);
}

static long receive(void)
{
    return msgrcv(object, &message, BIG, 0, 0);
}

static long send_big(void)
{
    message.type = 1;
    return msgsnd(object, &message, BIG, 0);
}

static void send_other(void)
{
    NEED(send_big() == 0);
}

static void receive_other(void)
{
    NEED(receive() == BIG);
}

static void make_full_queue(void)
{
    make_queue();
    for (int i = 0; i < QUEUE_BYTES / BIG; i++) {
        send_other();
    }
}

/* ---- POSIX queues ---- */

static mqd_t mail;

static void make_mail(void)
{
    struct mq_attr small = { .mq_maxmsg = 1, .mq_msgsize = 8 };
    char name[40];
    snprintf(name, sizeof(name), "/blocking-%d", (int)getpid());
    mail = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &small);
    NEED(mail >= 0 && mq_unlink(name) == 0);
}

static long receive_mail(void)
{
    char text[8];
    return mq_receive(mail, text, sizeof(text), NULL);
}

static long send_mail(void)
{
    return mq_send(mail, "abc", 3, 0);
}

static struct timespec time_after(long seconds)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_sec += seconds;
    return t;
}

static long receive_mail_by(long seconds)
{
    struct timespec limit = time_after(seconds);
    char text[8];
    return mq_timedreceive(mail, text, sizeof(text), NULL, &limit);
}

static long send_mail_by(long seconds)
{
    struct timespec limit = time_after(seconds);
    return mq_timedsend(mail, "abc", 3, 0, &limit);
}

static long receive_mail_long(void)
{
    return receive_mail_by(1000);
}

static long receive_mail_late(void)
{
    return receive_mail_by(-1);
}

static long send_mail_long(void)
{
    return send_mail_by(1000);
}

static long send_mail_late(void)
{
    return send_mail_by(-1);
}

static void send_mail_other(void)
{
    NEED(send_mail() == 0);
}

static void receive_mail_other(void)
{
    NEED(receive_mail() == 3);
}

static void make_full_mail(void)
{
    make_mail();
    send_mail_other();
}

static const struct blocking_row rows[] = {
    { .name = "futex",
      .prepare = make_word,
      .call = wait_word,
      .wake = wake_word },
    { .name = "futex with a limit",
      .prepare = make_word,
      .call = wait_word_long,
      .wake = wake_word,
      .habits = NEVER_RESTARTS,
      .timed = wait_word_shortly,
      .timed_value = -1,
      .timed_errno = ETIMEDOUT },
    { .name = "semop",
      .prepare = make_set,
      .call = lower,
      .wake = raise_it,
      .hang_up = remove_set,
      .ended = -1,
      .ended_errno = EIDRM,
      .habits = NEVER_RESTARTS | STOP_ENDS_IT,
      .finish = remove_set },
    { .name = "semtimedop",
      .prepare = make_set,
      .call = lower_long,
      .wake = raise_it,
      .habits = NEVER_RESTARTS | STOP_ENDS_IT,
      .timed = lower_shortly,
      .timed_value = -1,
      .timed_errno = EAGAIN,
      .finish = remove_set },
    { .name = "msgrcv",
      .prepare = make_queue,
      .call = receive,
      .wake = send_other,
      .woken = BIG,
      .hang_up = remove_queue,
      .ended = -1,
      .ended_errno = EIDRM,
      .habits = NEVER_RESTARTS,
      .finish = remove_queue },
    { .name = "msgsnd",
      .prepare = make_full_queue,
      .call = send_big,
      .wake = receive_other,
      .hang_up = remove_queue,
      .ended = -1,
      .ended_errno = EIDRM,
      .habits = NEVER_RESTARTS,
      .finish = remove_queue },
    { .name = "mq_receive",
      .prepare = make_mail,
      .call = receive_mail,
      .wake = send_mail_other,
      .woken = 3 },
    { .name = "mq_send",
      .prepare = make_full_mail,
      .call = send_mail,
      .wake = receive_mail_other },
    { .name = "mq_timedreceive",
      .prepare = make_mail,
      .call = receive_mail_long,
      .wake = send_mail_other,
      .woken = 3,
      .timed = receive_mail_late,
      .timed_value = -1,
      .timed_errno = ETIMEDOUT },
    { .name = "mq_timedsend",
      .prepare = make_full_mail,
      .call = send_mail_long,
      .wake = receive_mail_other,
      .timed = send_mail_late,
      .timed_value = -1,
      .timed_errno = ETIMEDOUT },
};

int main(int argc, char **argv)
{
    return blocking_main(argc, argv, rows, ARRAY_LENGTH(rows));
}
