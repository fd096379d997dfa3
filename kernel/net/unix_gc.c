/*
 * net/unix_gc.c - sockets in flight, and those that only each other refer to.
 *
 * 1 Idea      A message may carry sockets (SCM_RIGHTS), also the very one in
 *             whose queue it waits.  When all descriptors of such a circle are
 *             closed nobody can receive from it, but every reference count
 *             stays above 0.  So when a socket is closed, those in flight are
 *             searched for circles, as a garbage collector does.
 * 2 States    A socket is in flight while a queued message carries its file.
 *             It is suspect if all references to the file are of that kind.
 *             Suspects that messages outside suspects' queues carry can be
 *             received, and so can what is in their queues, and so on; the
 *             rest is garbage.  A message that is being received is off its
 *             queue and its references count as others.
 * 3 Locking   unix_lock for all of it.  A suspect cannot get a reference
 *             meanwhile: that takes a message off a queue.  Messages are freed
 *             without the lock, and one after the other by whoever came first:
 *             freeing one may close a socket whose messages carry sockets,
 *             and so on, deeper than a kernel stack.
 * 4 Failure   Nothing is allocated.  A descriptor closed after the search, and
 *             not the last reference, is found by the next search.
 * 5 Elsewhere Linux does the same (unix_gc), from the same idea.
 */
#include "net/unix_socket.h"

static struct list_node flying = LIST_INIT(flying); /* [U] in_flight > 0 */
static struct list_node doomed = LIST_INIT(doomed); /* [U] to be freed */
static bool freeing;                                /* [U] somebody does */

/* [U] During a search: cleared of suspicion, and not yet or already looked
 * into. */
static struct list_node todo = LIST_INIT(todo), cleared = LIST_INIT(cleared);

/* ---- in flight ----------------------------------------------------------- */

void unix_flight_begin_locked(const struct unix_message *m)
{
    const struct unix_control *control = m->control;

    for (unsigned i = 0; control && i < control->file_count; i++) {
        struct unix_socket *s = unix_of_file(control->files[i]);
        if (s && s->in_flight++ == 0)
            list_add_tail(&flying, &s->flight_link);
    }
}

void unix_flight_end_locked(const struct unix_message *m)
{
    const struct unix_control *control = m->control;

    for (unsigned i = 0; control && i < control->file_count; i++) {
        struct unix_socket *s = unix_of_file(control->files[i]);
        if (s && --s->in_flight == 0)
            list_remove(&s->flight_link);
    }
}

/* ---- freeing ------------------------------------------------------------- */

void unix_doom_locked(struct list_node *messages)
{
    while (!list_is_empty(messages)) {
        struct unix_message *m =
            list_first_entry(messages, struct unix_message, link);
        list_remove(&m->link);
        list_add_tail(&doomed, &m->link);
        unix_flight_end_locked(m);
    }
}

void unix_free_doomed(void)
{
    spin_lock(&unix_lock);
    if (freeing) {
        spin_unlock(&unix_lock);
        return;
    }
    freeing = true;
    while (!list_is_empty(&doomed)) {
        struct unix_message *m =
            list_first_entry(&doomed, struct unix_message, link);
        list_remove(&m->link);
        spin_unlock(&unix_lock);
        unix_message_free(m);
        spin_lock(&unix_lock);
    }
    freeing = false;
    spin_unlock(&unix_lock);
}

/* ---- the search ---------------------------------------------------------- */

/* Call visit for each suspect that a message in this queue carries. */
static void visit_queue(struct list_node *messages,
                        void (*visit)(struct unix_socket *s))
    MUST_HOLD(unix_lock)
{
    struct unix_message *m;

    list_for_each (m, messages, link)
        for (unsigned i = 0; m->control && i < m->control->file_count; i++) {
            struct unix_socket *s = unix_of_file(m->control->files[i]);
            if (s && s->suspect)
                visit(s);
        }
}

/* The same for what `s` could give: a listener its waiting connections. */
static void visit_carried(struct unix_socket *s,
                          void (*visit)(struct unix_socket *s))
    MUST_HOLD(unix_lock)
{
    struct unix_socket *p;

    visit_queue(&s->messages, visit);
    list_for_each (p, &s->pending, pending_link)
        visit_queue(&p->messages, visit);
}

static void count_inside(struct unix_socket *s)
{
    s->outside--;
}

/* It can be received: no suspect, and to be looked into. */
static void clear(struct unix_socket *s)
{
    s->suspect = false;
    list_remove(&s->flight_link);
    list_add_tail(&todo, &s->flight_link);
}

/* Leave as suspects what is garbage.  Returns whether there is any. */
static bool find_garbage(void) MUST_HOLD(unix_lock)
{
    struct unix_socket *s, *next;
    bool found = false;

    list_for_each (s, &flying, flight_link) {
        s->outside = s->in_flight;
        s->suspect =
            s->in_flight == __atomic_load_n(&s->file->refs, __ATOMIC_RELAXED);
        found |= s->suspect;
    }
    if (!found)
        return false;
    list_for_each (s, &flying, flight_link)
        if (s->suspect)
            visit_carried(s, count_inside);
    list_for_each_safe (s, next, &flying, flight_link)
        if (s->suspect && s->outside > 0)
            clear(s);
    while (!list_is_empty(&todo)) {
        s = list_first_entry(&todo, struct unix_socket, flight_link);
        list_remove(&s->flight_link);
        list_add_tail(&cleared, &s->flight_link);
        visit_carried(s, clear);
    }
    found = false;
    list_for_each (s, &flying, flight_link)
        found |= s->suspect;
    list_move_all(&flying, &cleared);
    return found;
}

/* Throw away the messages of garbage, which ends the circles. */
static void doom_garbage(void) MUST_HOLD(unix_lock)
{
    struct list_node messages;
    struct unix_socket *s, *p;

    list_init(&messages);
    list_for_each (s, &flying, flight_link) {
        if (!s->suspect)
            continue;
        s->queued_bytes = 0;
        list_move_all(&messages, &s->messages);
        list_for_each (p, &s->pending, pending_link) {
            p->queued_bytes = 0;
            list_move_all(&messages, &p->messages);
        }
    }
    unix_doom_locked(&messages);
}

void unix_collect(void)
{
    spin_lock(&unix_lock);
    bool garbage = !list_is_empty(&flying) && find_garbage();
    if (garbage)
        doom_garbage();
    spin_unlock(&unix_lock);
    if (garbage)
        unix_free_doomed();
}
