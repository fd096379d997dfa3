/*
 * net/unix_data.c - sending and receiving.
 *
 * Idea:  a message is made outside all locks (memory, copy from the user), then
 *        put on the receiver's queue.  A reader takes the first message off,
 *        copies it out without unix_lock, and puts what is left back in front;
 *        `reading` keeps two readers of one socket apart meanwhile.
 * Locks: unix_lock for queues; s->reading from taking a message off to putting
 *        the rest back.  User memory is copied with s->reading held, never while
 *        waiting: page faults do not need it.
 */
#include "abi/errno.h"
#include "base/string.h"
#include "core/restart.h"
#include "core/trace.h"
#include "mem/slab.h"
#include "net/unix_socket.h"
#include "x86/clock.h"

enum { CHUNK_BYTES = 16384 - sizeof(struct unix_message) };

/* What a message takes of the buffer; without data it is not free either. */
static uint32_t cost_of(const struct unix_message *m)
{
    return (uint32_t)sizeof(*m) + m->length - m->offset;
}

void unix_control_free(struct unix_control *control)
{
    if (!control)
        return;
    for (unsigned i = 0; i < control->file_count; i++)
        file_put(control->files[i]);
    kfree(control);
}

void unix_message_free(struct unix_message *m)
{
    unix_control_free(m->control);
    kfree(m);
}

/* A message of `n` bytes from the uio; takes no reference over. */
static int make_message(struct unix_socket *s, struct uio *uio, size_t n,
                        struct unix_message **out)
{
    struct unix_message *m = kmalloc(sizeof(*m) + n);

    if (!m)
        return -ENOBUFS;
    if (uio_copy_from(uio, m->data, n) != n) {
        kfree(m);
        return -EFAULT;
    }
    m->control = NULL;
    m->length = (uint32_t)n;
    m->offset = 0;
    m->sender = unix_current_credentials();
    unix_name(s, &m->from);
    *out = m;
    return 0;
}

bool unix_has_room_locked(const struct unix_socket *s,
                          const struct unix_socket *to, uint32_t n)
{
    if (s->type == SOCK_DGRAM && to != s && to->peer != s &&
        to->queued_count > UNIX_QUEUE_MAIL)
        return false;
    return to->queued_bytes == 0 || to->queued_bytes + n <= s->send_buffer;
}

/* Room for the message, or a reason not to wait for it? */
static bool may_enqueue_locked(const struct unix_socket *s,
                               const struct unix_socket *to,
                               const struct unix_message *m)
    MUST_HOLD(unix_lock);
static bool may_enqueue_locked(const struct unix_socket *s,
                               const struct unix_socket *to,
                               const struct unix_message *m)
{
    return s->no_write || to->state == UNIX_CLOSED || to->no_read ||
           unix_has_room_locked(s, to, cost_of(m));
}

static int why_not_locked(const struct unix_socket *s,
                          const struct unix_socket *to) MUST_HOLD(unix_lock);
static int why_not_locked(const struct unix_socket *s,
                          const struct unix_socket *to)
{
    bool datagram = s->type == SOCK_DGRAM;

    if (s->no_write)
        return -EPIPE;
    if (to->state == UNIX_CLOSED)
        return datagram ? -ECONNREFUSED : s->reset ? -ECONNRESET : -EPIPE;
    if (to->no_read)
        return -EPIPE;
    /* A connected datagram socket takes mail from its peer alone. */
    if (datagram && to->peer && to->peer != s)
        return -EPERM;
    return 0;
}

static int enqueue(struct unix_socket *s, struct unix_socket *to,
                   struct unix_message *m, bool wait)
{
    uint64_t deadline = unix_deadline(s->send_timeout);
    int err = 0;

    spin_lock(&unix_lock);
    if (!may_enqueue_locked(s, to, m) && !wait)
        err = -EAGAIN;
    else
        err = unix_wait_result(
            wait_event(&to->changed, may_enqueue_locked(s, to, m), &unix_lock,
                       WAIT_INTERRUPTIBLE, deadline),
            deadline);
    if (!err)
        err = why_not_locked(s, to);
    if (!err) {
        trace(MESSAGE_SEND, to, m, m->length);
        list_add_tail(&to->messages, &m->link);
        to->queued_bytes += cost_of(m);
        to->queued_count++;
        unix_flight_begin_locked(m);
    }
    spin_unlock(&unix_lock);
    if (!err)
        wake_up_all(&to->changed);
    return err;
}

/* The socket to send to, with a reference. */
static int find_target(struct unix_socket *s, const struct unix_address *to,
                       struct unix_socket **out)
{
    int err = 0;

    if (to && s->type == SOCK_DGRAM)
        return unix_find(to, SOCK_DGRAM, out);
    spin_lock(&unix_lock);
    if (to && s->type == SOCK_STREAM)
        err = s->state == UNIX_CONNECTED ? -EISCONN : -EOPNOTSUPP;
    else if (!s->peer)
        err = s->type == SOCK_DGRAM || s->state != UNIX_CLOSED ? -ENOTCONN
                                                               : -EPIPE;
    else
        *out = unix_socket_get(s->peer);
    spin_unlock(&unix_lock);
    return err;
}

/* One message: a datagram, a packet or a piece of a stream. */
static int send_message(struct unix_socket *s, struct unix_socket *to,
                        struct uio *uio, size_t n,
                        struct unix_control **control, bool wait)
{
    struct unix_message *m;
    int err = make_message(s, uio, n, &m);

    if (err)
        return err;
    m->control = *control;
    *control = NULL;
    if (m->control && m->control->has_credentials)
        m->sender = m->control->credentials;
    err = enqueue(s, to, m, wait);
    if (err)
        unix_message_free(m);
    return err;
}

static int64_t send_stream(struct unix_socket *s, struct unix_socket *to,
                           struct uio *uio, struct unix_control **control,
                           bool wait)
{
    int64_t total = 0;

    while (uio->left > 0) {
        size_t n = MIN(uio->left,
                       MIN((size_t)CHUNK_BYTES, (size_t)s->send_buffer / 2));
        int err = send_message(s, to, uio, n, control, wait);
        if (err)
            return total ? total : err;
        total += (int64_t)n;
    }
    return total;
}

int64_t unix_send(struct unix_socket *s, struct uio *uio,
                  const struct unix_address *address,
                  struct unix_control *control, bool wait)
{
    struct unix_socket *to;
    int64_t result = find_target(s, address, &to);

    if (result == 0) {
        size_t n = uio->left;
        if (s->type == SOCK_STREAM) {
            result = send_stream(s, to, uio, &control, wait);
        } else if (n > s->send_buffer - 32) { /* Linux's limit */
            result = -EMSGSIZE;
        } else {
            result = send_message(s, to, uio, n, &control, wait);
            if (result == 0)
                result = (int64_t)n;
        }
        unix_socket_put(to);
    }
    unix_control_free(control);
    return result;
}

/* ---- receiving ------------------------------------------------------------ */

static bool at_end_locked(const struct unix_socket *s) MUST_HOLD(unix_lock);
static bool at_end_locked(const struct unix_socket *s)
{
    return s->no_read ||
           (s->type != SOCK_DGRAM &&
            (s->state != UNIX_CONNECTED || s->peer->state == UNIX_CLOSED));
}

static bool is_readable_locked(const struct unix_socket *s)
    MUST_HOLD(unix_lock);
static bool is_readable_locked(const struct unix_socket *s)
{
    return !list_is_empty(&s->messages) || at_end_locked(s);
}

static int wait_readable(struct unix_socket *s, bool wait, uint64_t deadline)
{
    int err = 0;

    spin_lock(&unix_lock);
    if (s->type != SOCK_DGRAM && s->state != UNIX_CONNECTED)
        err = s->state == UNIX_IDLE ? -EINVAL : -ENOTCONN;
    else if (!is_readable_locked(s) && !wait)
        err = -EAGAIN;
    else
        err = unix_wait_result(wait_event(&s->changed, is_readable_locked(s),
                                          &unix_lock, WAIT_INTERRUPTIBLE,
                                          deadline),
                               deadline);
    spin_unlock(&unix_lock);
    return err;
}

/* Take the first message off the queue.  0 and NULL at the end of the stream;
 * -EAGAIN if there is none. */
static int dequeue(struct unix_socket *s, struct unix_message **out)
{
    int err = 0;

    *out = NULL;
    spin_lock(&unix_lock);
    if (!list_is_empty(&s->messages)) {
        *out = list_first_entry(&s->messages, struct unix_message, link);
        list_remove(&(*out)->link);
        s->queued_bytes -= cost_of(*out);
        s->queued_count--;
        unix_flight_end_locked(*out);
    } else if (!at_end_locked(s)) {
        err = -EAGAIN;
    } else if (s->reset) {
        s->reset = false;
        err = -ECONNRESET;
    }
    spin_unlock(&unix_lock);
    return err;
}

static void put_back(struct unix_socket *s, struct unix_message *m)
{
    spin_lock(&unix_lock);
    list_add_head(&s->messages, &m->link);
    s->queued_bytes += cost_of(m);
    s->queued_count++;
    unix_flight_begin_locked(m);
    spin_unlock(&unix_lock);
    wake_up_all(&s->changed);
}

/* A message was taken for good: wake who waits for room. */
static void made_room(struct unix_socket *s)
{
    wake_up_all(&s->changed); /* senders wait on the receiver's queue */
    spin_lock(&unix_lock);
    bool refused = s->refused;
    s->refused = false;
    spin_unlock(&unix_lock);
    if (refused)
        wake_up_all(&unix_room);
}

/* Name, descriptors and credentials of a message for the caller. */
static void take_extras(struct unix_socket *s, struct unix_message *m,
                        struct unix_received *out)
{
    out->from = m->from;
    if (!out->control) {
        out->control = m->control;
        m->control = NULL;
    }
    if (s->pass_credentials && !out->control)
        out->control = kmalloc_zeroed(sizeof(*out->control));
    if (s->pass_credentials && out->control) {
        out->control->credentials = m->sender;
        out->control->has_credentials = true;
    } else if (out->control) {
        out->control->has_credentials = false;
    }
}

/* Copy from one message.  Returns bytes, or -EFAULT with the message back on
 * the queue; frees it when it is used up. */
static int64_t copy_out(struct unix_socket *s, struct unix_message *m,
                        struct uio *uio, int flags, struct unix_received *out)
{
    size_t have = m->length - m->offset;
    size_t want = MIN(have, uio->left);
    size_t n = uio_copy_to(uio, m->data + m->offset, want);

    if (n < want && n == 0) {
        put_back(s, m);
        return -EFAULT;
    }
    if (flags & MSG_PEEK) {
        out->from = m->from;
        out->truncated = s->type != SOCK_STREAM && have > want;
        put_back(s, m);
        return (int64_t)n;
    }
    take_extras(s, m, out);
    trace(MESSAGE_RECEIVE, s, m, n);
    m->offset += (uint32_t)n;
    if (s->type == SOCK_STREAM && m->offset < m->length) {
        put_back(s, m);
    } else {
        out->truncated = have > want;
        unix_message_free(m);
        made_room(s);
    }
    return (int64_t)n;
}

/* A stream gives what is there, up to a message with descriptors. */
static int64_t receive_stream(struct unix_socket *s, struct uio *uio, int flags,
                              struct unix_received *out)
{
    int64_t total = 0;

    while (uio->left > 0) {
        struct unix_message *m;
        int64_t n = dequeue(s, &m);
        if (n || !m)
            return total ? total : n;
        if (total > 0 && m->control) {
            put_back(s, m);
            break;
        }
        n = copy_out(s, m, uio, flags, out);
        if (n < 0)
            return total ? total : n;
        total += n;
        if (out->control || (flags & MSG_PEEK))
            break;
    }
    return total;
}

static int64_t receive_packet(struct unix_socket *s, struct uio *uio, int flags,
                              struct unix_received *out)
{
    struct unix_message *m;
    int64_t n = dequeue(s, &m);

    if (n || !m)
        return n;
    size_t length = m->length;
    n = copy_out(s, m, uio, flags, out);
    return n >= 0 && (flags & MSG_TRUNC) ? (int64_t)length : n;
}

/* Wait for something, then take it; another reader may be faster. */
static int64_t receive_some(struct unix_socket *s, struct uio *uio, int flags,
                            bool wait, uint64_t deadline,
                            struct unix_received *out)
{
    int64_t n;

    do {
        n = wait_readable(s, wait, deadline);
        if (n)
            return n;
        mutex_lock(&s->reading);
        n = s->type == SOCK_STREAM ? receive_stream(s, uio, flags, out)
                                   : receive_packet(s, uio, flags, out);
        mutex_unlock(&s->reading);
    } while (n == -EAGAIN && wait);
    return n;
}

int64_t unix_receive(struct unix_socket *s, struct uio *uio, int flags,
                     bool wait, struct unix_received *out)
{
    uint64_t deadline = unix_deadline(s->receive_timeout);
    bool all =
        s->type == SOCK_STREAM && (flags & MSG_WAITALL) && !(flags & MSG_PEEK);
    int64_t total = 0;

    out->from.bytes = 0;
    if (s->type == SOCK_STREAM && uio->left == 0)
        return 0;
    do {
        int64_t n = receive_some(s, uio, flags, wait, deadline, out);
        if (n <= 0)
            return total ? total : n;
        total += n;
    } while (all && uio->left > 0 && !out->control);
    return total;
}
