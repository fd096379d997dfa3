/*
 * Channels between user threads, under each model: messages arrive once and in
 * order, a rendezvous waits for its partner, and closing wakes everyone.
 *
 * smp: 1 2 4
 */
#include "common/models.h"

enum { MESSAGES = 300, SENDERS = 4, WAITERS = 20 };

struct pair {
    struct uthread_channel *there, *back;
};

static void *echoes(void *argument)
{
    struct pair *pair = argument;
    void *value;

    while (uthread_channel_receive(pair->there, &value))
        uthread_channel_send(pair->back, (char *)value + 1);
    uthread_channel_close(pair->back);
    return NULL;
}

static void test_ping_pong(size_t capacity)
{
    struct pair pair = { uthread_channel_create(capacity),
                         uthread_channel_create(capacity) };
    struct uthread *t = uthread_create(echoes, &pair);
    long good = 0;
    void *value = NULL;

    for (long i = 0; i < MESSAGES; i++)
        good += uthread_channel_send(pair.there, (void *)i) &&
                uthread_channel_receive(pair.back, &value) &&
                value == (void *)(i + 1);
    uthread_channel_close(pair.there);
    CHECK(!uthread_channel_receive(pair.back, &value),
          "%s: a closed and empty channel gives nothing", model_name);
    uthread_join(t);
    CHECK_EQ(good, MESSAGES, "%s: ping-pong, capacity %zu", model_name,
             capacity);
    uthread_channel_destroy(pair.there);
    uthread_channel_destroy(pair.back);
}

/* Its number is in the upper half of each message. */
struct sender {
    struct uthread_channel *channel;
    long number;
};

static void *sends(void *argument)
{
    struct sender *s = argument;

    for (long i = 0; i < MESSAGES; i++)
        if (!uthread_channel_send(s->channel, (void *)(s->number << 32 | i)))
            break;
    return NULL;
}

static void test_many_senders(size_t capacity)
{
    struct uthread_channel *channel = uthread_channel_create(capacity);
    struct sender senders[SENDERS];
    struct uthread *threads[SENDERS];
    long expected[SENDERS] = { 0 }, good = 0;
    void *value = NULL;

    for (long i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){ channel, i };
        threads[i] = uthread_create(sends, &senders[i]);
    }
    for (int i = 0; i < SENDERS * MESSAGES; i++) {
        uthread_channel_receive(channel, &value);
        long number = (long)value >> 32;
        good += ((long)value & 0xffffffff) == expected[number]++;
    }
    for (int i = 0; i < SENDERS; i++)
        uthread_join(threads[i]);
    CHECK_EQ(good, SENDERS * MESSAGES,
             "%s: each sender's messages in order, capacity %zu", model_name,
             capacity);
    uthread_channel_destroy(channel);
}

static volatile int waiting, sent;

static void *waits_for_message(void *channel)
{
    void *value;

    __atomic_add_fetch(&waiting, 1, __ATOMIC_SEQ_CST);
    return (void *)(long)!uthread_channel_receive(channel, &value);
}

static void *waits_for_receiver(void *channel)
{
    __atomic_add_fetch(&waiting, 1, __ATOMIC_SEQ_CST);
    return (void *)(long)!uthread_channel_send(channel, NULL);
}

static void test_close(void *(*body)(void *), const char *what)
{
    struct uthread_channel *channel = uthread_channel_create(0);
    struct uthread *threads[WAITERS];
    long woken = 0;

    waiting = 0;
    for (int i = 0; i < WAITERS; i++)
        threads[i] = uthread_create(body, channel);
    await_value(&waiting, WAITERS);
    uthread_yield();
    uthread_channel_close(channel);
    for (int i = 0; i < WAITERS; i++)
        woken += (long)uthread_join(threads[i]);
    CHECK_EQ(woken, WAITERS, "%s: closing wakes %s", model_name, what);
    CHECK(!uthread_channel_send(channel, NULL),
          "%s: nothing can be sent afterwards", model_name);
    uthread_channel_destroy(channel);
}

static void *sends_one(void *channel)
{
    uthread_channel_send(channel, NULL);
    sent = 1;
    return NULL;
}

/* With the only carrier, the sender gets every chance to go on. */
static void test_rendezvous_waits(void)
{
    struct uthread_channel *channel = uthread_channel_create(0);
    struct uthread *t = uthread_create(sends_one, channel);
    void *value;

    for (int i = 0; i < 100; i++)
        uthread_yield();
    CHECK_EQ(sent, 0, "%s: a rendezvous waits", model_name);
    uthread_channel_receive(channel, &value);
    uthread_join(t);
    CHECK_EQ(sent, 1, "%s: until there is a receiver", model_name);
    sent = 0;
    uthread_channel_destroy(channel);
}

static void test_bounded_fills(void)
{
    struct uthread_channel *channel = uthread_channel_create(2);
    void *value = NULL;

    CHECK(uthread_channel_send(channel, "a") &&
              uthread_channel_send(channel, "b"),
          "%s: a channel of two takes two", model_name);
    uthread_channel_close(channel);
    CHECK(uthread_channel_receive(channel, &value) && *(char *)value == 'a' &&
              uthread_channel_receive(channel, &value) && *(char *)value == 'b',
          "%s: closed, it still gives what it has", model_name);
    CHECK(!uthread_channel_receive(channel, &value), "%s: and then nothing",
          model_name);
    uthread_channel_destroy(channel);
}

static void *first(void *unused)
{
    test_ping_pong(0);
    test_ping_pong(1);
    test_many_senders(0);
    test_many_senders(7);
    test_close(waits_for_message, "receivers");
    test_close(waits_for_receiver, "senders");
    test_rendezvous_waits();
    test_bounded_fills();
    return NULL;
}

int main(void)
{
    check_start();
    run_models(0, 0, first, NULL);
    run_models(4, 0, first, NULL);
    return check_done();
}
