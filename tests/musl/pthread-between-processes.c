/*
 * The same locks between processes that share memory, with two threads in each:
 * mutex, condition, read-write lock, barrier and semaphore. What atfork does is
 * done in order, and a child that forks off a thread has that thread alone.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROCESSES = 2, THREADS = 2, ALL = PROCESSES * THREADS, STEPS = 500 };

static struct shared {
    pthread_mutex_t mutex;
    pthread_cond_t turn_changed;
    pthread_rwlock_t rwlock;
    pthread_barrier_t barrier;
    sem_t semaphore;
    long by_mutex, by_semaphore, by_rwlock, twice, bad;
    long turn, rounds[ALL];
} * s;

static void make(void)
{
    pthread_mutexattr_t m;
    pthread_condattr_t c;
    pthread_rwlockattr_t r;
    pthread_barrierattr_t b;
    pthread_mutexattr_init(&m);
    pthread_condattr_init(&c);
    pthread_rwlockattr_init(&r);
    pthread_barrierattr_init(&b);
    pthread_mutexattr_setpshared(&m, PTHREAD_PROCESS_SHARED);
    pthread_condattr_setpshared(&c, PTHREAD_PROCESS_SHARED);
    pthread_rwlockattr_setpshared(&r, PTHREAD_PROCESS_SHARED);
    pthread_barrierattr_setpshared(&b, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&s->mutex, &m);
    pthread_cond_init(&s->turn_changed, &c);
    pthread_rwlock_init(&s->rwlock, &r);
    pthread_barrier_init(&s->barrier, &b, ALL);
    sem_init(&s->semaphore, 1, 1);
}

/* An update that is lost if somebody else makes one meanwhile. */
static void add(long *counter, int step)
{
    long seen = *(volatile long *)counter;
    if (step % 64 == 0)
        sched_yield();
    *(volatile long *)counter = seen + 1;
}

static void count_all(int i)
{
    pthread_mutex_lock(&s->mutex);
    add(&s->by_mutex, i);
    pthread_mutex_unlock(&s->mutex);
    while (sem_wait(&s->semaphore))
        ;
    add(&s->by_semaphore, i);
    sem_post(&s->semaphore);
    if (i % 8 == 0) {
        pthread_rwlock_wrlock(&s->rwlock);
        add(&s->by_rwlock, i);
        add(&s->twice, i);
    } else {
        pthread_rwlock_rdlock(&s->rwlock);
        if (s->by_rwlock != s->twice)
            __atomic_fetch_add(&s->bad, 1, __ATOMIC_SEQ_CST);
    }
    pthread_rwlock_unlock(&s->rwlock);
}

/* All take turns, then meet at the barrier. */
static void take_turns(long me)
{
    for (int i = 0; i < STEPS / 25; i++) {
        pthread_mutex_lock(&s->mutex);
        while (s->turn % ALL != me)
            pthread_cond_wait(&s->turn_changed, &s->mutex);
        s->turn++;
        pthread_cond_broadcast(&s->turn_changed);
        pthread_mutex_unlock(&s->mutex);
        s->rounds[me] = i;
        pthread_barrier_wait(&s->barrier);
        for (int other = 0; other < ALL; other++)
            if (s->rounds[other] != i)
                __atomic_fetch_add(&s->bad, 1, __ATOMIC_SEQ_CST);
        pthread_barrier_wait(&s->barrier);
    }
}

static void *works(void *me)
{
    for (int i = 0; i < STEPS; i++)
        count_all(i);
    take_turns((long)me);
    return NULL;
}

static int process(long first)
{
    pthread_t threads[THREADS];
    for (long i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, works, (void *)(first + i)))
            return 1;
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    return 0;
}

/* -- fork by a thread ---------------------------------------------------------- */

static char trail[16];

static void one(void)
{
    strcat(trail, "1");
}

static void two(void)
{
    strcat(trail, "2");
}

static void in_parent(void)
{
    strcat(trail, "p");
}

static void in_child(void)
{
    strcat(trail, "c");
}

static void *returns(void *value)
{
    return value;
}

/* In the child threads can be made again. */
static int child_of_thread(void)
{
    pthread_t thread;
    void *value = NULL;
    if (strcmp(trail, "21c") || pthread_create(&thread, NULL, returns, &value))
        return 1;
    pthread_join(thread, &value);
    return value == &value ? 3 : 2;
}

static void *forks(void *unused)
{
    int status = 0;
    (void)unused;
    pid_t pid = fork();
    if (pid == 0)
        _exit(child_of_thread());
    waitpid(pid, &status, 0);
    return (void *)(long)WEXITSTATUS(status);
}

int main(void)
{
    pid_t pids[PROCESSES];
    pthread_t thread;
    void *value;
    int status, sum = 0;
    s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED)
        return 1;
    make();
    for (long i = 0; i < PROCESSES; i++) {
        pids[i] = fork();
        if (pids[i] == 0)
            _exit(process(i * THREADS));
    }
    for (int i = 0; i < PROCESSES; i++) {
        waitpid(pids[i], &status, 0);
        sum += status;
    }
    printf("status %d, mutex %ld, semaphore %ld, rwlock %ld %ld, turns %ld, "
           "bad %ld, ",
           sum, s->by_mutex, s->by_semaphore, s->by_rwlock, s->twice, s->turn,
           s->bad);
    pthread_atfork(one, in_parent, in_child);
    pthread_atfork(two, NULL, NULL);
    pthread_create(&thread, NULL, forks, NULL);
    pthread_join(thread, &value);
    printf("fork %ld %s\n", (long)value, trail);
    return 0;
}
