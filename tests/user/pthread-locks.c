/*
 * pthread_rwlock, pthread_barrier, pthread_spin, and semaphores between
 * threads.
 *
 * smp: 1 2 4
 */
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "check.h"

enum { READERS = 4, WRITERS = 2, WRITES = 400, THREADS = 6, ROUNDS = 100 };

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static struct {
    long a, b, c;
} data;
static int torn, writers_inside, finished;

static void *writes(void *unused)
{
    for (int i = 0; i < WRITES; i++) {
        pthread_rwlock_wrlock(&lock);
        torn += ++writers_inside != 1;
        data.a++;
        if (i % 50 == 0) {
            sched_yield();
        }
        data.b++;
        data.c++;
        writers_inside--;
        pthread_rwlock_unlock(&lock);
    }
    __atomic_add_fetch(&finished, 1, __ATOMIC_SEQ_CST);
    return unused;
}

static void *reads(void *unused)
{
    long wrong = 0;
    (void)unused;
    while (__atomic_load_n(&finished, __ATOMIC_SEQ_CST) < WRITERS) {
        pthread_rwlock_rdlock(&lock);
        wrong += data.a != data.b || data.b != data.c || writers_inside != 0;
        pthread_rwlock_unlock(&lock);
        usleep(100);
    }
    return (void *)wrong;
}

static void *tries_to_read(void *argument)
{
    int result = pthread_rwlock_tryrdlock(argument);
    if (result == 0) {
        pthread_rwlock_unlock(argument);
    }
    return (void *)(long)result;
}

static void *tries_to_write(void *argument)
{
    int result = pthread_rwlock_trywrlock(argument);
    if (result == 0) {
        pthread_rwlock_unlock(argument);
    }
    return (void *)(long)result;
}

static void *waits_to_write(void *argument)
{
    struct timespec past = { .tv_sec = 1 };
    return (void *)(long)pthread_rwlock_timedwrlock(argument, &past);
}

static long elsewhere(void *(*body)(void *), void *argument)
{
    pthread_t thread;
    void *result;
    NEED(pthread_create(&thread, NULL, body, argument) == 0);
    NEED(pthread_join(thread, &result) == 0);
    return (long)result;
}

static void check_rwlock(void)
{
    pthread_t threads[READERS + WRITERS];
    long wrong = 0;
    for (int i = 0; i < READERS + WRITERS; i++) {
        NEED(pthread_create(&threads[i], NULL, i < READERS ? reads : writes,
                            NULL) == 0);
    }
    for (int i = 0; i < READERS + WRITERS; i++) {
        void *result;
        NEED(pthread_join(threads[i], &result) == 0);
        wrong += (long)result;
    }
    CHECK_EQ(wrong, 0, "readers see whole data");
    CHECK_EQ(torn, 0, "writers are alone");
    CHECK_EQ(data.c, WRITERS * WRITES, "all was written");
}

static void check_rwlock_rules(void)
{
    CHECK_EQ(pthread_rwlock_rdlock(&lock), 0, "rdlock");
    CHECK_EQ(pthread_rwlock_rdlock(&lock), 0, "again");
    CHECK_EQ(elsewhere(tries_to_read, &lock), 0, "others read as well");
    CHECK_EQ(elsewhere(tries_to_write, &lock), EBUSY, "but do not write");
    CHECK_EQ(elsewhere(waits_to_write, &lock), ETIMEDOUT, "however they wait");
    CHECK_EQ(pthread_rwlock_unlock(&lock), 0, "unlock");
    CHECK_EQ(elsewhere(tries_to_write, &lock), EBUSY, "still held");
    CHECK_EQ(pthread_rwlock_unlock(&lock), 0, "unlock");
    CHECK_EQ(elsewhere(tries_to_write, &lock), 0, "free");
    CHECK_EQ(pthread_rwlock_wrlock(&lock), 0, "wrlock");
    CHECK_EQ(pthread_rwlock_wrlock(&lock), EDEADLK, "not twice");
    CHECK_EQ(pthread_rwlock_rdlock(&lock), EDEADLK, "nor both");
    CHECK_EQ(elsewhere(tries_to_read, &lock), EBUSY, "no reader now");
    CHECK_EQ(pthread_rwlock_unlock(&lock), 0, "unlock");
    CHECK_EQ(pthread_rwlock_destroy(&lock), 0, "destroy");
}

static pthread_barrier_t barrier;
static int places[THREADS], out_of_step, serial;

static void *goes_along(void *argument)
{
    int me = (int)(long)argument;
    for (int round = 1; round <= ROUNDS; round++) {
        places[me] = round;
        int first = pthread_barrier_wait(&barrier);
        for (int i = 0; i < THREADS; i++) {
            if (places[i] != round) {
                __atomic_add_fetch(&out_of_step, 1, __ATOMIC_SEQ_CST);
            }
        }
        int then = pthread_barrier_wait(&barrier);
        __atomic_add_fetch(&serial,
                           (first == PTHREAD_BARRIER_SERIAL_THREAD) +
                               (then == PTHREAD_BARRIER_SERIAL_THREAD),
                           __ATOMIC_SEQ_CST);
    }
    return NULL;
}

static void *meets(void *argument)
{
    pthread_barrier_wait(argument);
    return NULL;
}

static void check_barrier(void)
{
    pthread_t threads[THREADS];
    CHECK_EQ(pthread_barrier_init(&barrier, NULL, 0), EINVAL, "of nobody");
    CHECK_EQ(pthread_barrier_init(&barrier, NULL, THREADS), 0, "init");
    for (long i = 0; i < THREADS; i++) {
        NEED(pthread_create(&threads[i], NULL, goes_along, (void *)i) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        NEED(pthread_join(threads[i], NULL) == 0);
    }
    CHECK_EQ(out_of_step, 0, "all go in step");
    CHECK_EQ(serial, 2 * ROUNDS, "one of them is told, each time");
    CHECK_EQ(pthread_barrier_destroy(&barrier), 0, "destroy");
    for (int i = 0; i < ROUNDS; i++) {
        pthread_barrier_t *pair = malloc(sizeof(*pair));
        NEED(pair && pthread_barrier_init(pair, NULL, 2) == 0);
        NEED(pthread_create(&threads[0], NULL, meets, pair) == 0);
        pthread_barrier_wait(pair);
        NEED(pthread_barrier_destroy(pair) == 0);
        memset(pair, 0xff, sizeof(*pair));
        free(pair);
        NEED(pthread_join(threads[0], NULL) == 0);
    }
    CHECK(true, "destroyed while the other one leaves");
}

static pthread_spinlock_t spin;
static long counter;

static void *spins(void *unused)
{
    for (int i = 0; i < 2000; i++) {
        pthread_spin_lock(&spin);
        counter = *(volatile long *)&counter + 1;
        pthread_spin_unlock(&spin);
    }
    return unused;
}

static void check_spin(void)
{
    pthread_t threads[THREADS];
    CHECK_EQ(pthread_spin_init(&spin, 0), 0, "init");
    for (int i = 0; i < THREADS; i++) {
        NEED(pthread_create(&threads[i], NULL, spins, NULL) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        NEED(pthread_join(threads[i], NULL) == 0);
    }
    CHECK_EQ(counter, THREADS * 2000, "nothing is lost");
    CHECK_EQ(pthread_spin_trylock(&spin), 0, "trylock");
    CHECK_EQ(pthread_spin_trylock(&spin), EBUSY, "taken");
    CHECK_EQ(pthread_spin_unlock(&spin), 0, "unlock");
    CHECK_EQ(pthread_spin_destroy(&spin), 0, "destroy");
}

static sem_t places_free, places_full;

static void *fills(void *unused)
{
    for (int i = 0; i < 500; i++) {
        sem_wait(&places_free);
        __atomic_add_fetch(&counter, 1, __ATOMIC_SEQ_CST);
        sem_post(&places_full);
    }
    return unused;
}

static void *empties(void *unused)
{
    for (int i = 0; i < 500; i++) {
        sem_wait(&places_full);
        __atomic_sub_fetch(&counter, 1, __ATOMIC_SEQ_CST);
        sem_post(&places_free);
    }
    return unused;
}

static void check_semaphores(void)
{
    pthread_t threads[THREADS];
    int value;
    counter = 0;
    NEED(sem_init(&places_free, 0, 2) == 0 &&
         sem_init(&places_full, 0, 0) == 0);
    for (int i = 0; i < THREADS; i++) {
        NEED(pthread_create(&threads[i], NULL, i % 2 ? fills : empties, NULL) ==
             0);
    }
    for (int i = 0; i < THREADS; i++) {
        NEED(pthread_join(threads[i], NULL) == 0);
    }
    CHECK_EQ(counter, 0, "as many filled as emptied");
    CHECK(sem_getvalue(&places_free, &value) == 0 && value == 2, "free: 2");
    CHECK(sem_getvalue(&places_full, &value) == 0 && value == 0, "full: 0");
}

int main(void)
{
    check_start();
    check_rwlock();
    check_rwlock_rules();
    check_barrier();
    check_spin();
    check_semaphores();
    return check_done();
}
