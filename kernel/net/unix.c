/*
 * net/unix.c - making, connecting and closing Unix-domain sockets.
 *
 * 1 Idea      Two connected sockets point at each other; what one sends goes
 *             straight into the other's queue.  connect() makes the server's
 *             end at once and puts it on the listener's list; accept() takes it
 *             from there and gives it a file.
 * 2 States    idle, listening, connected, closed.  A peer that closes leaves its
 *             side CLOSED: readers then see the end, writers EPIPE.
 * 3 Locking   One spinlock, unix_lock, for the links, queues and states of all
 *             sockets: they come in pairs, and pairs change.  User memory is
 *             touched without it (unix_data.c).
 * 4 Failure   Every queue is bounded by the sender's buffer or the backlog.
 *             Sockets that only messages refer to: net/unix_gc.c.
 * 5 Elsewhere Linux locks each socket and orders the two.
 */
#include "abi/errno.h"
#include "abi/poll.h"
#include "base/string.h"
#include "core/panic.h"
#include "core/restart.h"
#include "fs/poll.h"
#include "mem/slab.h"
#include "net/unix_socket.h"
#include "x86/clock.h"

struct spinlock unix_lock = SPINLOCK_INIT("unix sockets", RANK_SOCKET);
struct ucred (*unix_current_credentials)(void);
struct wait_queue unix_room;
static struct slab_cache socket_cache;
static uint64_t socket_dev;

static const struct file_ops socket_ops;
static const struct inode_ops socket_inode_ops;

void unix_init(void)
{
    slab_cache_init(&socket_cache, "unix_socket", sizeof(struct unix_socket));
    wait_queue_init(&unix_room);
    socket_dev = vfs_new_dev();
}

struct unix_socket *unix_socket_get(struct unix_socket *s)
{
    __atomic_fetch_add(&s->refs, 1, __ATOMIC_RELAXED);
    return s;
}

void unix_socket_put(struct unix_socket *s)
{
    if (s && __atomic_sub_fetch(&s->refs, 1, __ATOMIC_ACQ_REL) == 0) {
        inode_put(s->inode);
        slab_free(&socket_cache, s);
    }
}

uint64_t unix_deadline(uint64_t timeout)
{
    return timeout ? clock_now_ns() + timeout : WAIT_FOREVER;
}

int unix_wait_result(int err, uint64_t deadline)
{
    if (err == -ETIMEDOUT)
        return -EAGAIN;
    if (err == 0)
        return 0;
    return deadline == WAIT_FOREVER ? -ERESTARTSYS : -EINTR;
}

static struct unix_socket *socket_alloc(int type)
{
    struct unix_socket *s = slab_alloc_zeroed(&socket_cache);

    if (!s)
        return NULL;
    s->refs = 1;
    s->type = type;
    s->send_buffer = UNIX_QUEUE_BYTES;
    s->name.bytes = sizeof(sa_family_t);
    s->name.name.sun_family = AF_UNIX;
    list_init(&s->name_link);
    list_init(&s->messages);
    list_init(&s->pending);
    list_init(&s->pending_link);
    wait_queue_init(&s->changed);
    mutex_init(&s->reading, "socket", RANK_PIPE);
    s->credentials = unix_current_credentials();
    s->peer_credentials =
        (struct ucred){ .uid = UINT32_MAX, .gid = UINT32_MAX };
    return s;
}

/* A file for `s`, whose reference it takes over on success. */
static int file_of_socket(struct unix_socket *s, uint32_t flags,
                          struct file **out)
{
    struct inode *inode = inode_create(&socket_inode_ops, &socket_ops,
                                       socket_dev, S_IFSOCK | 0777);
    if (!inode)
        return -ENOMEM;
    struct file *file = file_create(&socket_ops, inode, O_RDWR | flags);
    inode_put(inode);
    if (!file)
        return -ENOMEM;
    file->private = s;
    spin_lock(&unix_lock);
    s->file = file;
    spin_unlock(&unix_lock);
    *out = file;
    return 0;
}

int unix_create(int type, uint32_t flags, struct file **out)
{
    struct unix_socket *s = socket_alloc(type);

    if (!s)
        return -ENOMEM;
    int err = file_of_socket(s, flags, out);
    if (err)
        unix_socket_put(s);
    return err;
}

static void link_pair_locked(struct unix_socket *a, struct unix_socket *b)
    MUST_HOLD(unix_lock);
static void link_pair_locked(struct unix_socket *a, struct unix_socket *b)
{
    a->peer = unix_socket_get(b);
    b->peer = unix_socket_get(a);
    a->state = b->state = UNIX_CONNECTED;
    a->peer_credentials = b->credentials;
    b->peer_credentials = a->credentials;
}

int unix_create_pair(int type, uint32_t flags, struct file *out[2])
{
    int err = unix_create(type, flags, &out[0]);

    if (err)
        return err;
    err = unix_create(type, flags, &out[1]);
    if (err) {
        file_put(out[0]);
        return err;
    }
    spin_lock(&unix_lock);
    link_pair_locked(out[0]->private, out[1]->private);
    spin_unlock(&unix_lock);
    return 0;
}

struct unix_socket *unix_of_file(struct file *file)
{
    return file->ops == &socket_ops ? file->private : NULL;
}

/* ---- connections ---------------------------------------------------------- */

int unix_listen(struct unix_socket *s, int backlog)
{
    int err = 0;

    if (s->type == SOCK_DGRAM)
        return -EOPNOTSUPP;
    spin_lock(&unix_lock);
    if (s->name.bytes <= sizeof(sa_family_t) || s->state == UNIX_CONNECTED) {
        err = -EINVAL;
    } else {
        s->state = UNIX_LISTENING;
        s->backlog =
            backlog < 0 || backlog > SOMAXCONN ? SOMAXCONN : (uint32_t)backlog;
        s->credentials = unix_current_credentials();
    }
    spin_unlock(&unix_lock);
    return err;
}

/* Put `server`, the far end for `s`, on the listener's list.  -EAGAIN: it is
 * full and the caller does not wait. */
static int enter_pending(struct unix_socket *s, struct unix_socket *server,
                         struct unix_socket *listener, bool wait)
{
    uint64_t deadline = unix_deadline(s->send_timeout);
    int err = 0;

    spin_lock(&unix_lock);
    if (s->state != UNIX_IDLE)
        err = s->state == UNIX_CONNECTED ? -EISCONN : -EINVAL;
    else if (listener->pending_count > listener->backlog && !wait)
        err = -EAGAIN;
    else
        err = unix_wait_result(
            wait_event(&listener->changed,
                       listener->state != UNIX_LISTENING ||
                           listener->pending_count <= listener->backlog,
                       &unix_lock, WAIT_INTERRUPTIBLE, deadline),
            deadline);
    if (!err && (listener->state != UNIX_LISTENING || listener->no_read))
        err = -ECONNREFUSED;
    if (!err) {
        s->credentials = unix_current_credentials();
        server->credentials = listener->credentials;
        server->name = listener->name;
        link_pair_locked(s, server);
        list_add_tail(&listener->pending,
                      &unix_socket_get(server)->pending_link);
        listener->pending_count++;
    }
    spin_unlock(&unix_lock);
    return err;
}

static int connect_stream(struct unix_socket *s, struct unix_socket *listener,
                          bool wait)
{
    struct unix_socket *server = socket_alloc(s->type);

    if (!server)
        return -ENOMEM;
    int err = enter_pending(s, server, listener, wait);
    unix_socket_put(server);
    if (!err)
        wake_up_all(&listener->changed);
    return err;
}

/* A datagram socket only remembers where it sends to. */
static int connect_datagram(struct unix_socket *s, struct unix_socket *to)
{
    spin_lock(&unix_lock);
    struct unix_socket *old = s->peer;
    s->peer = to ? unix_socket_get(to) : NULL;
    s->state = to ? UNIX_CONNECTED : UNIX_IDLE;
    spin_unlock(&unix_lock);
    unix_socket_put(old);
    return 0;
}

int unix_connect(struct unix_socket *s, const struct unix_address *a, bool wait)
{
    struct unix_socket *to;

    if (a->name.sun_family == AF_UNSPEC && s->type == SOCK_DGRAM)
        return connect_datagram(s, NULL);
    int err = unix_find(a, s->type, &to);
    if (err)
        return err;
    err = s->type == SOCK_DGRAM ? connect_datagram(s, to)
                                : connect_stream(s, to, wait);
    unix_socket_put(to);
    return err;
}

int unix_accept(struct unix_socket *s, bool wait, uint32_t flags,
                struct file **out, struct unix_address *peer)
{
    struct unix_socket *server = NULL;
    uint64_t deadline = unix_deadline(s->receive_timeout);
    int err = 0;

    spin_lock(&unix_lock);
    if (s->state != UNIX_LISTENING)
        err = s->type == SOCK_DGRAM ? -EOPNOTSUPP : -EINVAL;
    else if (list_is_empty(&s->pending) && !wait)
        err = -EAGAIN;
    else
        err = unix_wait_result(
            wait_event(&s->changed, !list_is_empty(&s->pending) || s->no_read,
                       &unix_lock, WAIT_INTERRUPTIBLE, deadline),
            deadline);
    if (!err && list_is_empty(&s->pending))
        err = -EINVAL; /* shut down */
    if (!err) {
        server =
            list_first_entry(&s->pending, struct unix_socket, pending_link);
        list_remove(&server->pending_link);
        list_init(&server->pending_link);
        s->pending_count--;
        *peer = server->peer->name;
    }
    spin_unlock(&unix_lock);
    if (err)
        return err;
    wake_up_all(&s->changed); /* a connect() may wait for room */
    err = file_of_socket(server, flags, out);
    if (err)
        unix_close(server);
    return err;
}

int unix_shutdown(struct unix_socket *s, int how)
{
    struct unix_socket *peer = NULL;

    if (how < SHUT_RD || how > SHUT_RDWR)
        return -EINVAL;
    spin_lock(&unix_lock);
    bool connected = s->state == UNIX_CONNECTED || s->state == UNIX_LISTENING;
    if (connected) {
        s->no_read |= how != SHUT_WR;
        s->no_write |= how != SHUT_RD;
        peer = s->peer ? unix_socket_get(s->peer) : NULL;
    }
    if (peer && s->type != SOCK_DGRAM) {
        peer->no_read |= how != SHUT_RD;
        peer->no_write |= how != SHUT_WR;
    }
    spin_unlock(&unix_lock);
    wake_up_all(&s->changed);
    if (peer)
        wake_up_all(&peer->changed);
    unix_socket_put(peer);
    return connected ? 0 : -ENOTCONN;
}

/* ---- closing -------------------------------------------------------------- */

/* The parts of a socket that is being closed, taken off under the lock. */
struct leftovers {
    struct list_node pending;
    struct unix_socket *peer;
    bool refused;
};

static void detach(struct unix_socket *s, struct leftovers *left)
{
    list_init(&left->pending);
    spin_lock(&unix_lock);
    s->state = UNIX_CLOSED;
    s->file = NULL;
    left->refused = s->refused;
    /* Unread data at the close resets the other side, as on Linux. */
    if (s->peer && s->type != SOCK_DGRAM && !list_is_empty(&s->messages))
        s->peer->reset = true;
    unix_doom_locked(&s->messages);
    while (!list_is_empty(&s->pending)) {
        struct unix_socket *p =
            list_first_entry(&s->pending, struct unix_socket, pending_link);
        list_remove(&p->pending_link);
        list_add_tail(&left->pending, &p->pending_link);
    }
    if (!list_is_empty(&s->name_link)) {
        list_remove(&s->name_link);
        list_init(&s->name_link);
    }
    left->peer = s->peer;
    s->peer = NULL;
    spin_unlock(&unix_lock);
}

void unix_close(struct unix_socket *s)
{
    struct leftovers left;

    detach(s, &left);
    while (!list_is_empty(&left.pending)) {
        struct unix_socket *p =
            list_first_entry(&left.pending, struct unix_socket, pending_link);
        list_remove(&p->pending_link);
        list_init(&p->pending_link);
        p->peer->reset = true;
        unix_close(p); /* a pending socket has none of its own: one level */
    }
    if (left.peer)
        wake_up_all(&left.peer->changed);
    unix_socket_put(left.peer);
    wake_up_all(&s->changed);
    if (left.refused)
        wake_up_all(&unix_room);
    unix_socket_put(s);
    unix_free_doomed();
    unix_collect();
}

static void socket_release(struct file *file)
{
    unix_close(file->private);
}

/* ---- as a file ------------------------------------------------------------ */

static int64_t socket_read(struct file *file, struct uio *uio, uint64_t *offset)
{
    struct unix_received received = { 0 };
    int64_t n = unix_receive(file->private, uio, 0, !(file->flags & O_NONBLOCK),
                             &received);

    unix_control_free(received.control); /* read() has no place for it */
    return n;
}

static int64_t socket_write(struct file *file, struct uio *uio,
                            uint64_t *offset)
{
    return unix_send(file->private, uio, NULL, NULL,
                     !(file->flags & O_NONBLOCK));
}

/* Would the peer take more?  As on Linux three quarters are free then, so that
 * a writer who waits for it is not called for each byte.  A datagram socket
 * without a peer: anyone. */
static bool can_send_locked(const struct unix_socket *s) MUST_HOLD(unix_lock);
static bool can_send_locked(const struct unix_socket *s)
{
    if (s->no_write || !s->peer || s->peer->state == UNIX_CLOSED)
        return s->state != UNIX_LISTENING;
    return s->peer->queued_bytes <= s->send_buffer / 4 &&
           unix_has_room_locked(s, s->peer, 0);
}

static unsigned poll_events_locked(const struct unix_socket *s)
    MUST_HOLD(unix_lock);
static unsigned poll_events_locked(const struct unix_socket *s)
{
    bool ended = s->type != SOCK_DGRAM && s->state == UNIX_CONNECTED &&
                 s->peer->state == UNIX_CLOSED;
    unsigned events = 0;

    if (!list_is_empty(&s->messages) || !list_is_empty(&s->pending) ||
        s->no_read || ended)
        events |= POLLIN | POLLRDNORM;
    if (s->no_read || ended)
        events |= POLLRDHUP;
    if ((s->no_read && s->no_write) || ended ||
        (s->type != SOCK_DGRAM && s->state == UNIX_IDLE))
        events |= POLLHUP;
    if (s->reset)
        events |= POLLERR;
    if (can_send_locked(s))
        events |= POLLOUT | POLLWRNORM;
    return events;
}

static unsigned socket_poll(struct file *file, struct poll_table *table)
{
    struct unix_socket *s = file->private;

    poll_wait(table, &s->changed);
    spin_lock(&unix_lock);
    unsigned events = poll_events_locked(s);
    spin_unlock(&unix_lock);
    if ((events & POLLOUT) || !table)
        return events;
    poll_wait(table, &unix_room);
    spin_lock(&unix_lock); /* RECHECK: now whoever makes room will wake us */
    if (s->peer)
        s->peer->refused = true;
    events = poll_events_locked(s);
    spin_unlock(&unix_lock);
    return events;
}

static const struct inode_ops socket_inode_ops = { 0 };
static const struct file_ops socket_ops = {
    .read = socket_read,
    .write = socket_write,
    .poll = socket_poll,
    .release = socket_release,
};
