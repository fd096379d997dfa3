/*
 * A POSIX message queue whose owner is told of the first message by a signal,
 * and shared memory with a System V semaphore as its lock.
 */
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 500 };

static volatile sig_atomic_t value;

static void on_message(int number, siginfo_t *info, void *context)
{
    if (info->si_code == SI_MESGQ)
        value = info->si_value.sival_int;
}

static void count(volatile int *counter, int lock)
{
    struct sembuf take = { 0, -1, SEM_UNDO }, give = { 0, 1, SEM_UNDO };

    for (int i = 0; i < ROUNDS; i++) {
        while (semop(lock, &take, 1) != 0 && errno == EINTR) {
            /* the signal came: semop() is not restarted */
        }
        (*counter)++;
        semop(lock, &give, 1);
    }
}

int main(void)
{
    struct sigaction action = { .sa_sigaction = on_message,
                                .sa_flags = SA_SIGINFO };
    struct sigevent event = { .sigev_notify = SIGEV_SIGNAL,
                              .sigev_signo = SIGRTMIN,
                              .sigev_value.sival_int = 7 };
    struct mq_attr attributes = { .mq_maxmsg = 4, .mq_msgsize = 16 };
    char first[16], second[16];
    int lock = semget(IPC_PRIVATE, 1, 0600);
    int id = shmget(IPC_PRIVATE, sizeof(int), 0600);
    volatile int *counter = shmat(id, NULL, 0);
    mqd_t queue = mq_open("/musl", O_CREAT | O_RDWR, 0600, &attributes);

    sigaction(SIGRTMIN, &action, NULL);
    semctl(lock, 0, SETVAL, 1);
    mq_notify(queue, &event);
    if (fork() == 0) {
        mq_send(queue, "later", 6, 1);
        mq_send(queue, "sooner", 7, 2);
        count(counter, lock);
        _exit(0);
    }
    count(counter, lock);
    while (wait(NULL) < 0 && errno == EINTR) {
        /* nor is wait(), without SA_RESTART */
    }
    mq_receive(queue, first, sizeof(first), NULL);
    mq_receive(queue, second, sizeof(second), NULL);
    printf("signal %d, %s, %s, %d counted\n", (int)value, first, second,
           *counter);
    mq_unlink("/musl");
    shmctl(id, IPC_RMID, NULL);
    return semctl(lock, 0, IPC_RMID);
}
