/*
 * A mutex of user threads keeps them apart under each model, also while its
 * owner yields, sleeps or is preempted.
 *
 * smp: 1 2 4
 */
#include "common/models.h"

enum { THREADS = 8, STEPS = 300 };

static struct uthread_mutex mutex;
static volatile long counter;
static volatile int inside, collisions;

/* Yields where it hurts. */
static void *counts(void *argument)
{
    for (int i = 0; i < STEPS; i++) {
        uthread_mutex_lock(&mutex);
        if (__atomic_add_fetch(&inside, 1, __ATOMIC_SEQ_CST) != 1)
            collisions++;
        long value = counter;
        if (i % 16 == (long)argument)
            uthread_yield();
        if (i % 128 == (long)argument)
            uthread_sleep_ms(1);
        counter = value + 1;
        __atomic_sub_fetch(&inside, 1, __ATOMIC_SEQ_CST);
        uthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static void *first(void *unused)
{
    struct uthread *threads[THREADS];

    counter = 0;
    CHECK(uthread_mutex_trylock(&mutex), "%s: a free mutex can be taken",
          model_name);
    CHECK(!uthread_mutex_trylock(&mutex), "%s: once", model_name);
    for (long i = 0; i < THREADS; i++)
        threads[i] = uthread_create(counts, (void *)i);
    for (int i = 0; i < 10; i++)
        uthread_yield();
    CHECK_EQ(counter, 0, "%s: nobody else has it", model_name);
    uthread_mutex_unlock(&mutex);
    for (int i = 0; i < THREADS; i++)
        uthread_join(threads[i]);
    CHECK_EQ(counter, THREADS * STEPS, "%s: no step is lost", model_name);
    CHECK_EQ(collisions, 0, "%s: never two inside", model_name);
    CHECK(uthread_mutex_trylock(&mutex), "%s: it is free afterwards",
          model_name);
    uthread_mutex_unlock(&mutex);
    return NULL;
}

int main(void)
{
    check_start();
    run_models(0, 0, first, NULL);
    run_models(4, 0, first, NULL);
    run_models(2, 2, first, NULL);
    return check_done();
}
