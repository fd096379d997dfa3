/*
 * With preemption, a user thread that never gives up the CPU does not keep it,
 * under each model: others run, its registers come back, and between
 * uthread_hold() and uthread_release() it is left alone.
 *
 * smp: 1 2 4
 */
#include <stdlib.h>
#include "common/models.h"

enum { SPINNERS = 3, TURN_MS = 2, ALLOCATIONS = 3000 };

static volatile int told, running, counter;

/* Needs the first thread to go on, which needs it to leave the CPU. */
static void *spins(void *unused)
{
    __atomic_add_fetch(&running, 1, __ATOMIC_SEQ_CST);
    while (!told)
        ;
    return NULL;
}

static void test_spinners(void)
{
    struct uthread *threads[SPINNERS];

    told = running = 0;
    for (int i = 0; i < SPINNERS; i++)
        threads[i] = uthread_create(spins, NULL);
    while (running < SPINNERS)
        ; /* a spinner, too */
    told = 1;
    for (int i = 0; i < SPINNERS; i++)
        uthread_join(threads[i]);
    CHECK(true, "%s: who spins does not stop the others", model_name);
}

/* Values in integer and vector registers; the sums are known. */
static void *computes(void *argument)
{
    unsigned long a = (unsigned long)argument, b = 1, c = 2, d = 3;
    double x = (double)a, y = 0.5;

    while (!told)
        for (int i = 0; i < 1000; i++) {
            b += a;
            c ^= b + a;
            d += c ^ (b + a); /* c was c ^ (b + a): undo it */
            c ^= b + a;
            d -= c;
            x += y;
            x -= y;
            b -= a;
        }
    return (void *)(long)(b == 1 && c == 2 && d == 3 && x == (double)a);
}

static void test_registers(void)
{
    struct uthread *threads[SPINNERS];
    long good = 0;

    told = 0;
    for (long i = 0; i < SPINNERS; i++)
        threads[i] = uthread_create(computes, (void *)(i + 7));
    uthread_sleep_ms(20 * TURN_MS);
    told = 1;
    for (int i = 0; i < SPINNERS; i++)
        good += (long)uthread_join(threads[i]);
    CHECK_EQ(good, SPINNERS, "%s: registers are kept", model_name);
}

static void *counts(void *unused)
{
    while (!told)
        counter++;
    return NULL;
}

/* Only with one kernel thread for all is it alone when it is not preempted. */
static void test_hold(void)
{
    told = counter = 0;
    struct uthread *t = uthread_create(counts, NULL);
    while (counter == 0)
        ;
    uthread_hold();
    int before = counter;
    for (volatile long i = 0; i < 3000000; i++)
        ;
    int after = counter;
    uthread_release();
    while (counter == after)
        ;
    told = 1;
    uthread_join(t);
    CHECK_EQ(after, before, "%s: nobody runs while it holds", model_name);
}

/* The C library's locks are held by kernel threads. */
static void *allocates(void *unused)
{
    long good = 0;

    for (int i = 0; i < ALLOCATIONS; i++) {
        uthread_hold();
        char *memory = malloc((size_t)(i % 100 + 1));
        uthread_release();
        if (memory)
            memory[i % 100] = (char)i;
        good += memory && memory[i % 100] == (char)i;
        uthread_hold();
        free(memory);
        uthread_release();
    }
    return (void *)good;
}

static void test_malloc(void)
{
    struct uthread *threads[SPINNERS];
    long good = 0;

    for (int i = 0; i < SPINNERS; i++)
        threads[i] = uthread_create(allocates, NULL);
    for (int i = 0; i < SPINNERS; i++)
        good += (long)uthread_join(threads[i]);
    CHECK_EQ(good, SPINNERS * ALLOCATIONS, "%s: malloc while held", model_name);
}

static void *first(void *carriers)
{
    test_spinners();
    test_registers();
    if (carriers == (void *)1 && !is_one_to_one())
        test_hold();
    test_malloc();
    return NULL;
}

int main(void)
{
    check_start();
    run_models(1, TURN_MS, first, (void *)1);
    run_models(2, TURN_MS, first, (void *)2);
    return check_done();
}
