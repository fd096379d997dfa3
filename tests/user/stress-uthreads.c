/*
 * User threads that do everything at random and at once, under each model, with
 * preemption: they make each other, send, lock, sleep, write and read, and in
 * the end every account balances.
 *
 * smp: 1 4
 */
#include <stdlib.h>
#include <unistd.h>
#include "common/models.h"

enum { WORKERS = 12, SAFES = 3, PIPES = 2, BUDGET = 30, ACTIONS = 7 };

static long rounds;
static struct uthread_mutex locks[SAFES];
static volatile long safes[SAFES]; /* sums of what was put in */
static struct uthread_channel *channel;
static int pipes[PIPES][2];
static long put_in, received, piped, made;

struct worker {
    uint64_t seed;
    long budget; /* of threads that it may make, with all below it */
};

static unsigned next_random(struct worker *w, unsigned limit)
{
    w->seed = w->seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(w->seed >> 33) % limit;
}

static void add(long *account, long amount)
{
    __atomic_add_fetch(account, amount, __ATOMIC_SEQ_CST);
}

static void put_into_safe(struct worker *w)
{
    unsigned which = next_random(w, SAFES);
    long amount = next_random(w, 100);

    uthread_mutex_lock(&locks[which]);
    long before = safes[which];
    if (next_random(w, 4) == 0)
        uthread_yield();
    safes[which] = before + amount;
    uthread_mutex_unlock(&locks[which]);
    add(&put_in, amount);
}

static void use_pipe(struct worker *w)
{
    unsigned which = next_random(w, PIPES);
    char byte = 'x';

    /* Who has written may read: there is a byte for each that reads. */
    if (uthread_write(pipes[which][1], &byte, 1) == 1 &&
        uthread_read(pipes[which][0], &byte, 1) == 1)
        add(&piped, byte == 'x');
}

static void *works(void *argument);

static void make_child(struct worker *w)
{
    if (w->budget < 2)
        return;
    struct worker child = { .seed = w->seed ^ 0x5555, .budget = w->budget / 2 };
    w->budget -= child.budget;
    struct uthread *t = uthread_create(works, &child);
    if (t && uthread_join(t) == &child)
        add(&made, 1);
    else
        add(&made, -1000000);
}

static void act(struct worker *w)
{
    unsigned action = next_random(w, ACTIONS);

    if (action == 0)
        uthread_yield();
    else if (action == 1)
        put_into_safe(w);
    else if (action == 2)
        uthread_channel_send(channel, (void *)1);
    else if (action == 3)
        uthread_sleep_ms(next_random(w, 2));
    else if (action == 4)
        use_pipe(w);
    else if (action == 5)
        make_child(w);
    else
        for (volatile unsigned i = next_random(w, 5000); i > 0; i--)
            ;
}

static void *works(void *argument)
{
    struct worker *w = argument;

    for (long i = rounds; i > 0; i--)
        act(w);
    return w;
}

static void *receives(void *unused)
{
    void *value;

    while (uthread_channel_receive(channel, &value))
        received += (long)value;
    return NULL;
}

static void *first(void *unused)
{
    struct worker workers[WORKERS];
    struct uthread *threads[WORKERS];
    long good = 0, sum = 0;

    put_in = received = piped = made = 0;
    channel = uthread_channel_create(3);
    struct uthread *receiver = uthread_create(receives, NULL);
    for (int i = 0; i < WORKERS; i++) {
        workers[i] =
            (struct worker){ .seed = (uint64_t)i * 77 + 1, .budget = BUDGET };
        threads[i] = uthread_create(works, &workers[i]);
    }
    for (int i = 0; i < WORKERS; i++)
        good += uthread_join(threads[i]) == &workers[i];
    uthread_channel_close(channel);
    uthread_join(receiver);
    uthread_channel_destroy(channel);
    for (int i = 0; i < SAFES; i++) {
        sum += safes[i];
        safes[i] = 0;
    }
    CHECK_EQ(good, WORKERS, "%s: all end", model_name);
    CHECK_EQ(sum, put_in, "%s: the safes hold what was put in", model_name);
    CHECK(made > 0 && received > 0 && piped > 0,
          "%s: %ld threads made, %ld messages, %ld bytes", model_name, made,
          received, piped);
    return NULL;
}

int main(int argc, char **argv)
{
    check_start();
    rounds = check_rounds(argc, argv, 40);
    for (int i = 0; i < PIPES; i++)
        NEED(pipe(pipes[i]) == 0);
    run_models(1, 1, first, NULL);
    run_models(3, 1, first, NULL);
    return check_done();
}
