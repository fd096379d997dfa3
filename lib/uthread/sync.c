/*
 * sync.c - mutexes and channels, the same under every model.
 *
 * Idea:  the state of each lies under a small lock; who has to wait adds itself
 *        to a queue and parks with that lock held.  Who lets it go on has done all
 *        for it before: a mutex is handed over, a message is put into its hand.
 *        So nobody looks twice, and nobody is overtaken.
 */
#include <stdlib.h>
#include "engine.h"

/* ---- mutexes -------------------------------------------------------------- */

void uthread_mutex_lock(struct uthread_mutex *m)
{
    struct uthread *t = uthread_self();

    uthread_hold();
    uthread_lock(&m->lock);
    if (m->owner) {
        uthread_queue_add(&m->waiters, t);
        uthread_engine->park(&m->lock);
    } else {
        m->owner = t;
        uthread_unlock(&m->lock);
    }
    uthread_release();
}

bool uthread_mutex_trylock(struct uthread_mutex *m)
{
    uthread_hold();
    uthread_lock(&m->lock);
    bool is_free = !m->owner;
    if (is_free)
        m->owner = uthread_self();
    uthread_unlock(&m->lock);
    uthread_release();
    return is_free;
}

void uthread_mutex_unlock(struct uthread_mutex *m)
{
    uthread_hold();
    uthread_lock(&m->lock);
    m->owner = uthread_queue_take(&m->waiters);
    if (m->owner)
        uthread_engine->ready(m->owner);
    uthread_unlock(&m->lock);
    uthread_release();
}

/* ---- channels ------------------------------------------------------------- */

struct uthread_channel {
    struct uthread_lock lock;
    bool closed;
    size_t capacity, count, first;
    struct uthread_queue senders, receivers; /* one of them is empty */
    void *messages[];
};

struct uthread_channel *uthread_channel_create(size_t capacity)
{
    struct uthread_channel *c;

    uthread_hold();
    c = calloc(1, sizeof(*c) + capacity * sizeof(c->messages[0]));
    if (c)
        c->capacity = capacity;
    uthread_release();
    return c;
}

void uthread_channel_destroy(struct uthread_channel *c)
{
    uthread_hold();
    free(c);
    uthread_release();
}

static void append_locked(struct uthread_channel *c, void *value)
{
    c->messages[(c->first + c->count++) % c->capacity] = value;
}

/* Let a thread that waits at the channel go on. */
static void pass_locked(struct uthread *t, void *value)
{
    t->message = value;
    t->passed = true;
    uthread_engine->ready(t);
}

/* Wait at the channel; drops its lock.  False: it was closed meanwhile. */
static bool wait_at(struct uthread_channel *c, struct uthread_queue *queue)
{
    struct uthread *t = uthread_self();

    t->passed = false;
    uthread_queue_add(queue, t);
    uthread_engine->park(&c->lock);
    return t->passed;
}

static bool send_and_unlock(struct uthread_channel *c, void *value)
{
    if (!c->closed && !c->receivers.first && c->count == c->capacity) {
        uthread_self()->message = value;
        return wait_at(c, &c->senders);
    }
    bool is_open = !c->closed;
    struct uthread *receiver = uthread_queue_take(&c->receivers);
    if (receiver)
        pass_locked(receiver, value);
    else if (is_open)
        append_locked(c, value);
    uthread_unlock(&c->lock);
    return is_open;
}

bool uthread_channel_send(struct uthread_channel *c, void *value)
{
    uthread_hold();
    uthread_lock(&c->lock);
    bool sent = send_and_unlock(c, value);
    uthread_release();
    return sent;
}

static bool receive_and_unlock(struct uthread_channel *c, void **value)
{
    struct uthread *sender = uthread_queue_take(&c->senders);

    if (!sender && c->count == 0 && !c->closed) {
        bool passed = wait_at(c, &c->receivers);
        *value = uthread_self()->message;
        return passed;
    }
    bool found = sender || c->count > 0;
    if (c->count > 0) {
        *value = c->messages[c->first];
        c->first = (c->first + 1) % c->capacity;
        c->count--;
        if (sender)
            append_locked(c, sender->message);
    } else if (sender) {
        *value = sender->message;
    }
    if (sender)
        pass_locked(sender, NULL);
    uthread_unlock(&c->lock);
    return found;
}

bool uthread_channel_receive(struct uthread_channel *c, void **value)
{
    uthread_hold();
    uthread_lock(&c->lock);
    bool received = receive_and_unlock(c, value);
    uthread_release();
    return received;
}

void uthread_channel_close(struct uthread_channel *c)
{
    struct uthread *t;

    uthread_hold();
    uthread_lock(&c->lock);
    c->closed = true;
    while ((t = uthread_queue_take(&c->receivers)) != NULL)
        uthread_engine->ready(t);
    while ((t = uthread_queue_take(&c->senders)) != NULL)
        uthread_engine->ready(t);
    uthread_unlock(&c->lock);
    uthread_release();
}
