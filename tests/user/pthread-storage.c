/*
 * pthread: __thread variables and errno belong to one thread, keys as well, and
 * their destructors run at its end.
 *
 * smp: 1 2 4
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "check.h"

enum { THREADS = 4 };

static __thread int counter = 17;
static __thread char zeros[3000];
static __thread char text[] = "initial bytes";
static __thread struct {
    long value;
} aligned __attribute__((aligned(256))) = { 5 };

static pthread_key_t key, again_key, deleted_key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int once_calls, destroyed, again_calls;

struct look {
    bool fresh, is_aligned, kept, error_kept, no_value, value_kept;
};

static bool is_fresh(void)
{
    for (size_t i = 0; i < sizeof(zeros); i++) {
        if (zeros[i] != 0) {
            return false;
        }
    }
    return counter == 17 && !strcmp(text, "initial bytes") &&
           aligned.value == 5;
}

static void count_once(void)
{
    usleep(2000);
    once_calls++;
}

static void *looks(void *argument)
{
    struct look *look = argument;
    look->fresh = is_fresh();
    look->is_aligned = (uintptr_t)&aligned % 256 == 0;
    counter = (int)(long)look;
    memset(zeros, 1, sizeof(zeros));
    memset(text, 'x', sizeof(text));
    look->no_value = pthread_getspecific(key) == NULL;
    pthread_setspecific(key, look);
    pthread_once(&once, count_once);
    if (close(-1) == 0 || errno != EBADF) {
        return NULL;
    }
    usleep(3000);
    look->kept = counter == (int)(long)look;
    look->error_kept = errno == EBADF;
    look->value_kept = pthread_getspecific(key) == look;
    return look;
}

static void destroys(void *value)
{
    if (value != NULL && pthread_getspecific(key) == NULL) {
        __atomic_add_fetch(&destroyed, 1, __ATOMIC_SEQ_CST);
    }
}

/* Never content: each round finds a value again. */
static void sets_again(void *value)
{
    again_calls++;
    pthread_setspecific(again_key, value);
}

static void *sets_values(void *unused)
{
    (void)unused;
    pthread_setspecific(again_key, &again_calls);
    pthread_setspecific(deleted_key, &again_calls);
    pthread_key_delete(deleted_key);
    return NULL;
}

static void check_variables(void)
{
    struct look look[THREADS] = { 0 };
    pthread_t threads[THREADS];
    CHECK(is_fresh() && (uintptr_t)&aligned % 256 == 0, "in main");
    counter = 1;
    memset(text, 'm', sizeof(text));
    errno = ENOTTY;
    for (int i = 0; i < THREADS; i++) {
        NEED(pthread_create(&threads[i], NULL, looks, &look[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *result = NULL;
        struct look *l = &look[i];
        CHECK_EQ(pthread_join(threads[i], &result), 0, "join");
        CHECK(result == l, "its result");
        CHECK(l->fresh && l->is_aligned, "began with initial values");
        CHECK(l->kept && l->error_kept, "kept its own");
        CHECK(l->no_value && l->value_kept, "also under a key");
    }
    CHECK(counter == 1 && text[0] == 'm' && errno == ENOTTY, "main's remain");
    CHECK_EQ(once_calls, 1, "pthread_once calls once");
    CHECK_EQ(destroyed, THREADS, "destructors ran");
}

static void check_keys(void)
{
    pthread_key_t all[2000];
    pthread_t thread;
    int count = 0;
    CHECK_EQ(pthread_setspecific(key, &key), 0, "a value");
    CHECK(pthread_getspecific(key) == &key, "is there");
    CHECK_EQ(pthread_key_delete(key), 0, "without its key");
    CHECK(pthread_getspecific(key) == NULL, "it is gone");
    CHECK_EQ(pthread_key_delete(key), EINVAL, "no such key");
    CHECK_EQ(pthread_setspecific(key, &key), EINVAL, "nor a value for it");
    CHECK_EQ(pthread_key_create(&key, NULL), 0, "the next key");
    CHECK(pthread_getspecific(key) == NULL, "begins without a value");
    NEED(pthread_key_create(&again_key, sets_again) == 0);
    NEED(pthread_key_create(&deleted_key, destroys) == 0);
    destroyed = 0;
    NEED(pthread_create(&thread, NULL, sets_values, NULL) == 0);
    NEED(pthread_join(thread, NULL) == 0);
    CHECK_EQ(again_calls, 4, "values set by destructors");
    CHECK_EQ(destroyed, 0, "a deleted key has no destructor");
    while (count < 2000 && pthread_key_create(&all[count], NULL) == 0) {
        count++;
    }
    CHECK(count >= 100 && count < 2000, "keys are limited");
    while (count > 0) {
        pthread_key_delete(all[--count]);
    }
    CHECK_EQ(pthread_key_create(&all[0], NULL), 0, "and come back");
}

int main(void)
{
    check_start();
    NEED(pthread_key_create(&key, destroys) == 0);
    check_variables();
    check_keys();
    return check_done();
}
