/*
 * Threads that come and go: joined, detached, with stacks of their own, 64 at
 * the same time; signals to one of them; fork and exec of a process that has
 * several; the process outlives its first thread.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 300, MANY = 64 };

static sem_t ended, go, ready;
static int count;
static pthread_t receiver, first;
static volatile int received_by_it;

static void *counts(void *argument)
{
    __atomic_fetch_add(&count, 1, __ATOMIC_SEQ_CST);
    sem_post(&ended);
    return argument;
}

static void *waits(void *argument)
{
    sem_post(&ready);
    while (sem_wait(&go))
        ;
    return counts(argument);
}

static long joined(void)
{
    long sum = 0;
    for (long i = 0; i < ROUNDS; i++) {
        pthread_t thread;
        void *value;
        if (pthread_create(&thread, NULL, counts, (void *)i) ||
            pthread_join(thread, &value))
            return -1;
        sum += (long)value;
        sem_wait(&ended);
    }
    return sum;
}

static int detached(void)
{
    pthread_attr_t attributes;
    pthread_t thread;
    count = 0;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, 32768);
    for (int i = 0; i < ROUNDS; i++)
        while (pthread_create(&thread, &attributes, counts, NULL))
            usleep(1000);
    for (int i = 0; i < ROUNDS; i++)
        while (sem_wait(&ended))
            ;
    return count;
}

static int together(void)
{
    pthread_t threads[MANY];
    count = 0;
    for (long i = 0; i < MANY; i++)
        if (pthread_create(&threads[i], NULL, waits, NULL))
            return -1;
    for (int i = 0; i < MANY; i++)
        sem_wait(&ready);
    for (int i = 0; i < MANY; i++)
        sem_post(&go);
    for (int i = 0; i < MANY; i++)
        pthread_join(threads[i], NULL);
    return count;
}

static void on_signal(int number)
{
    (void)number;
    received_by_it = pthread_equal(pthread_self(), receiver);
    sem_post(&go);
}

static int signalled(void)
{
    while (sem_trywait(&ended) == 0)
        ;
    signal(SIGUSR1, on_signal);
    if (pthread_create(&receiver, NULL, waits, NULL))
        return -1;
    sem_wait(&ready);
    pthread_kill(receiver, SIGUSR1);
    pthread_join(receiver, NULL);
    return received_by_it;
}

/* The first thread is gone when this one forks and leaves. */
static void *outlives(void *argument)
{
    int status = -1;
    (void)argument;
    pthread_join(first, NULL);
    pid_t pid = fork();
    if (pid == 0) {
        execl("/proc/self/exe", "again", "child", (char *)NULL);
        _exit(1);
    }
    waitpid(pid, &status, 0);
    printf("child %d\n", WEXITSTATUS(status));
    exit(0);
}

int main(int argc, char **argv)
{
    pthread_t thread;
    (void)argv;
    if (argc > 1)
        return 7;
    sem_init(&ended, 0, 0);
    sem_init(&go, 0, 0);
    sem_init(&ready, 0, 0);
    printf("joined %ld, ", joined());
    printf("detached %d, ", detached());
    printf("together %d, ", together());
    printf("signal %d, ", signalled());
    fflush(stdout);
    first = pthread_self();
    if (pthread_create(&thread, NULL, outlives, NULL))
        return 1;
    pthread_exit(NULL);
}
