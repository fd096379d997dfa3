/*
 * User threads are created, joined, detached and end, under each model: results
 * arrive, threads make threads, and memory comes back.
 *
 * smp: 1 2 4
 */
#include <string.h>
#include "common/models.h"

enum { MANY = 150, ROUNDS = 4, DEPTH = 20 };

static volatile int ended;

static void *adds_one(void *argument)
{
    uthread_yield();
    return (char *)argument + 1;
}

static void *exits(void *argument)
{
    uthread_exit((char *)argument + 2);
}

static void *counts(void *unused)
{
    __atomic_add_fetch(&ended, 1, __ATOMIC_SEQ_CST);
    return NULL;
}

static void *detaches_itself(void *unused)
{
    uthread_detach(uthread_self());
    return counts(NULL);
}

static void *says_who(void *out)
{
    uthread_yield();
    *(struct uthread **)out = uthread_self();
    return NULL;
}

/* Each makes the next one and joins it. */
static void *makes_more(void *depth)
{
    if ((long)depth == 0)
        return NULL;
    struct uthread *t = uthread_create(makes_more, (char *)depth - 1);
    return t ? (char *)uthread_join(t) + 1 : NULL;
}

static void test_many(void)
{
    struct uthread *threads[MANY];
    long good = 0;

    for (int round = 0; round < ROUNDS; round++) {
        for (long i = 0; i < MANY; i++)
            threads[i] = uthread_create(i % 2 ? adds_one : exits, (void *)i);
        for (long i = 0; i < MANY; i++)
            good += threads[i] != NULL &&
                    uthread_join(threads[i]) == (void *)(i + (i % 2 ? 1 : 2));
    }
    CHECK_EQ(good, MANY * ROUNDS, "%s: all results arrive", model_name);
}

static void test_detached(void)
{
    ended = 0;
    for (int i = 0; i < MANY; i++) {
        struct uthread *t =
            uthread_create(i % 2 ? counts : detaches_itself, NULL);
        if (t && i % 2)
            uthread_detach(t);
    }
    await_value(&ended, MANY);
    CHECK(true, "%s: detached threads run", model_name);
}

static void test_self(void)
{
    struct uthread *seen[2] = { NULL, NULL };
    struct uthread *a = uthread_create(says_who, &seen[0]);
    struct uthread *b = uthread_create(says_who, &seen[1]);

    uthread_join(a);
    uthread_join(b);
    CHECK(seen[0] == a && seen[1] == b, "%s: each knows itself", model_name);
    CHECK(uthread_self() != a && uthread_self() != b, "%s: and the first one",
          model_name);
}

static void *first(void *unused)
{
    test_many();
    test_detached();
    test_self();
    struct uthread *t = uthread_create(makes_more, (void *)(long)DEPTH);
    CHECK_EQ(uthread_join(t), DEPTH, "%s: threads make threads", model_name);
    /* One that has ended long ago. */
    volatile int *counter = &ended;
    ended = 0;
    t = uthread_create(counts, NULL);
    await_value(counter, 1);
    for (int i = 0; i < 10; i++)
        uthread_yield();
    CHECK(uthread_join(t) == NULL, "%s: join after the end", model_name);
    return NULL;
}

int main(void)
{
    check_start();
    run_models(0, 0, first, NULL);
    run_models(1, 0, first, NULL);
    run_models(3, 0, first, NULL);
    for (int i = 0; i < UTHREAD_MODELS; i++)
        CHECK_EQ(uthread_model_by_name(uthread_model_name(i)), i,
                 "%s has a name", uthread_model_name(i));
    CHECK_EQ(uthread_model_by_name("none"), -1, "other names are none");
    return check_done();
}
