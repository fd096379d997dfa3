/*
 * Robust mutexes, in the process and shared with another one, tell the next
 * owner that the last one died; a mutex with priority inheritance is a mutex.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 4, STEPS = 2000 };

static pthread_mutex_t *mutex;
static long counter;

static void make(int robust, int protocol)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    if (robust)
        pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    if (protocol)
        printf("protocol %d, ",
               pthread_mutexattr_setprotocol(&attributes, protocol));
    pthread_mutex_init(mutex, &attributes);
}

static void *takes_and_ends(void *unused)
{
    (void)unused;
    pthread_mutex_lock(mutex);
    return NULL;
}

/* A thread ends with the mutex; then a process is killed with it. */
static int inherited(int killed)
{
    pthread_t thread;
    int status;
    if (!killed) {
        pthread_create(&thread, NULL, takes_and_ends, NULL);
        pthread_join(thread, NULL);
        return pthread_mutex_lock(mutex);
    }
    pid_t pid = fork();
    if (pid == 0) {
        takes_and_ends(NULL);
        kill(getpid(), SIGKILL);
    }
    int got = pthread_mutex_lock(mutex);
    while (got == 0) { /* we were first */
        pthread_mutex_unlock(mutex);
        sched_yield();
        got = pthread_mutex_lock(mutex);
    }
    waitpid(pid, &status, 0);
    return got;
}

static void *counts(void *unused)
{
    (void)unused;
    for (int i = 0; i < STEPS; i++) {
        pthread_mutex_lock(mutex);
        long seen = counter;
        if (i % 64 == 0)
            sched_yield();
        counter = seen + 1;
        pthread_mutex_unlock(mutex);
    }
    return NULL;
}

int main(void)
{
    pthread_t threads[THREADS];
    mutex = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                 -1, 0);
    if (mutex == MAP_FAILED)
        return 1;
    for (int killed = 0; killed < 2; killed++) {
        make(1, 0);
        printf("dead %d", inherited(killed) == EOWNERDEAD);
        printf(" consistent %d", pthread_mutex_consistent(mutex));
        printf(" %d", pthread_mutex_unlock(mutex));
        printf(" %d, ", pthread_mutex_trylock(mutex));
        pthread_mutex_unlock(mutex);
    }
    make(1, 0);
    inherited(0);
    pthread_mutex_unlock(mutex); /* without making it consistent */
    printf("lost %d, ", pthread_mutex_lock(mutex) == ENOTRECOVERABLE);
    make(0, PTHREAD_PRIO_INHERIT);
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, counts, NULL))
            return 2;
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    printf("counted %ld, ", counter);
    pthread_mutex_lock(mutex);
    printf("busy %d\n", pthread_mutex_trylock(mutex) == EBUSY);
    return 0;
}
