/*
 * lib/c/thread_key.c - pthread_once(), and values that each thread has of its
 * own under a key that all share.
 *
 * Idea:  a key is an index into an array that is part of each thread. Deleting
 *        a key cannot reach into the arrays of the other threads; instead each
 *        use of an index has another generation, odd while the key exists, and
 *        a value that was stored under an older generation counts as NULL.
 * Locks: libc_key_latch for the table; reading a generation needs none, because
 *        the program may not use a key while it makes or deletes it.
 */
#include <errno.h>
#include <limits.h>
#include <pthread.h>

#include "fork.h"
#include "futex.h"
#include "thread.h"

static struct key {
    unsigned generation;
    void (*destructor)(void *);
} keys[PTHREAD_KEYS_MAX];

struct latch libc_key_latch;

static bool key_exists(pthread_key_t key)
{
    return key < PTHREAD_KEYS_MAX && keys[key].generation % 2 == 1;
}

int pthread_key_create(pthread_key_t *out, void (*destructor)(void *))
{
    pthread_key_t key = 0;

    latch_lock(&libc_key_latch);
    while (key < PTHREAD_KEYS_MAX && key_exists(key))
        key++;
    if (key < PTHREAD_KEYS_MAX) {
        keys[key].generation++;
        keys[key].destructor = destructor;
    }
    latch_unlock(&libc_key_latch);
    if (key == PTHREAD_KEYS_MAX)
        return EAGAIN;
    *out = key;
    return 0;
}

int pthread_key_delete(pthread_key_t key)
{
    int error = EINVAL;

    latch_lock(&libc_key_latch);
    if (key_exists(key)) {
        keys[key].generation++;
        error = 0;
    }
    latch_unlock(&libc_key_latch);
    return error;
}

void *pthread_getspecific(pthread_key_t key)
{
    if (key >= PTHREAD_KEYS_MAX)
        return NULL;
    const struct key_value *v = &libc_self()->values[key];

    return v->generation == keys[key].generation ? v->value : NULL;
}

int pthread_setspecific(pthread_key_t key, const void *value)
{
    struct pthread *self = libc_self();

    if (!key_exists(key))
        return EINVAL;
    self->has_values = true;
    self->values[key] = (struct key_value){
        .generation = keys[key].generation,
        .value = (void *)(unsigned long)value,
    };
    return 0;
}

/* Takes the value out of its place; returns its destructor, if it has any. */
static void (*take_value(struct pthread *self, pthread_key_t key,
                         void **value))(void *)
{
    void (*destructor)(void *) = NULL;
    struct key_value *v = &self->values[key];

    latch_lock(&libc_key_latch);
    if (v->value != NULL && key_exists(key) &&
        v->generation == keys[key].generation)
        destructor = keys[key].destructor;
    latch_unlock(&libc_key_latch);
    *value = v->value;
    v->value = NULL;
    return destructor;
}

/* Destructors may set values again, hence several rounds. */
void libc_run_destructors(struct pthread *self)
{
    for (int i = 0; i < PTHREAD_DESTRUCTOR_ITERATIONS && self->has_values;
         i++) {
        self->has_values = false;
        for (pthread_key_t key = 0; key < PTHREAD_KEYS_MAX; key++) {
            void *value;
            void (*destructor)(void *) = take_value(self, key, &value);

            if (destructor != NULL)
                destructor(value);
        }
    }
}

enum once { ONCE_NEVER, ONCE_RUNNING, ONCE_AWAITED, ONCE_DONE };

_Static_assert(PTHREAD_ONCE_INIT == ONCE_NEVER, "what programs begin with");

static void end_once(pthread_once_t *once, enum once state)
{
    if (__atomic_exchange_n(once, state, __ATOMIC_RELEASE) == ONCE_AWAITED)
        futex_wake(once, INT_MAX, false);
}

/* The thread was cancelled in the function: it may be called again. */
static void give_up_once(void *once)
{
    end_once(once, ONCE_NEVER);
}

int pthread_once(pthread_once_t *once, void (*function)(void))
{
    unsigned state;

    while ((state = __atomic_load_n(once, __ATOMIC_ACQUIRE)) != ONCE_DONE) {
        if (state == ONCE_AWAITED) {
            futex_wait(once, ONCE_AWAITED, false);
        } else if (state == ONCE_RUNNING) {
            __atomic_compare_exchange_n(once, &state, ONCE_AWAITED, false,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED);
        } else if (__atomic_compare_exchange_n(once, &state, ONCE_RUNNING,
                                               false, __ATOMIC_ACQUIRE,
                                               __ATOMIC_RELAXED)) {
            pthread_cleanup_push(give_up_once, once);
            function();
            pthread_cleanup_pop(0);
            end_once(once, ONCE_DONE);
        }
    }
    return 0;
}
