/*
 * Cancelled threads: while they block, at the next point of cancellation, at
 * any time; their clean-up runs in order and the mutex is given back. Values
 * that belong to a thread are destroyed with it; once is once.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 8 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int ends[2], running, destroyed, initialised;
static _Thread_local int mine = 5;
static char trail[40];

static void note(void *text)
{
    strcat(trail, text);
}

static void unlock(void *unused)
{
    (void)unused;
    pthread_mutex_unlock(&mutex);
}

static void started(void)
{
    __atomic_store_n(&running, 1, __ATOMIC_SEQ_CST);
}

static void *reads(void *unused)
{
    char byte;
    (void)unused;
    pthread_cleanup_push(note, "a");
    pthread_cleanup_push(note, "b");
    started();
    while (read(ends[0], &byte, 1) == 1)
        ;
    pthread_cleanup_pop(0);
    pthread_cleanup_pop(0);
    return NULL;
}

static void *waits(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&mutex);
    pthread_cleanup_push(unlock, NULL);
    started();
    for (;;)
        pthread_cond_wait(&never, &mutex);
    pthread_cleanup_pop(0);
    return NULL;
}

static void *sleeps(void *unused)
{
    struct timespec long_time = { 1000, 0 };
    (void)unused;
    started();
    nanosleep(&long_time, NULL);
    return NULL;
}

static void *spins(void *unused)
{
    (void)unused;
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
    started();
    for (;;)
        ;
    return NULL;
}

/* Not cancelled before it says so. */
static void *resists(void *unused)
{
    (void)unused;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    started();
    while (__atomic_load_n(&running, __ATOMIC_SEQ_CST) != 2)
        usleep(1000);
    strcat(trail, "c");
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    pthread_testcancel();
    strcat(trail, "never");
    return NULL;
}

static int cancelled(void *(*body)(void *))
{
    pthread_t thread;
    void *value = NULL;
    running = 0;
    if (pthread_create(&thread, NULL, body, NULL))
        return -1;
    while (!__atomic_load_n(&running, __ATOMIC_SEQ_CST))
        usleep(1000);
    pthread_cancel(thread);
    __atomic_store_n(&running, 2, __ATOMIC_SEQ_CST);
    pthread_join(thread, &value);
    return value == PTHREAD_CANCELED;
}

static void destroy(void *value)
{
    __atomic_fetch_add(&destroyed, *(int *)value, __ATOMIC_SEQ_CST);
}

static void initialise(void)
{
    initialised++;
    usleep(1000);
}

static void *owns(void *argument)
{
    pthread_once(&once, initialise);
    long bad = pthread_getspecific(key) != NULL || mine != 5;
    mine = (int)(long)argument;
    pthread_setspecific(key, &mine);
    usleep(1000);
    bad += mine != (int)(long)argument || pthread_getspecific(key) != &mine;
    if ((long)argument % 2)
        pthread_exit((void *)bad);
    return (void *)bad;
}

int main(void)
{
    pthread_t threads[THREADS];
    void *value;
    long bad = 0;
    if (pipe(ends) || pthread_key_create(&key, destroy))
        return 1;
    printf("read %d %s, ", cancelled(reads), trail);
    int waiting = cancelled(waits);
    printf("condition %d %d, ", waiting, pthread_mutex_trylock(&mutex));
    printf("sleep %d, ", cancelled(sleeps));
    printf("spin %d, ", cancelled(spins));
    int late = cancelled(resists);
    printf("resist %d %s, ", late, trail);
    for (long i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, owns, (void *)(i + 1));
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], &value);
        bad += (long)value;
    }
    printf("specific %d once %d bad %ld mine %d\n", destroyed, initialised, bad,
           mine);
    return 0;
}
