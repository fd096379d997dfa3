/*
 * net/unix_socket.h - the socket itself, shared by the files of net/.
 */
#pragma once

#include "base/list.h"
#include "net/unix.h"
#include "sched/wait.h"

enum unix_state {
    UNIX_IDLE,      /* neither connected nor listening */
    UNIX_LISTENING, /* queue of sockets that wait to be accepted */
    UNIX_CONNECTED,
    UNIX_CLOSED, /* its file is gone */
};

enum {
    UNIX_QUEUE_BYTES = 212992, /* Linux's default buffer */
    UNIX_QUEUE_LEAST = 4608,   /* and how much SO_SNDBUF may change it */
    UNIX_QUEUE_MOST = 2 * UNIX_QUEUE_BYTES,
    UNIX_QUEUE_MAIL = 10, /* datagrams to one who sends nothing back */
};

struct unix_message {
    struct list_node link;
    struct unix_address from;
    struct unix_control *control; /* NULL: none */
    struct ucred sender;
    uint32_t length, offset; /* offset: bytes already read (stream) */
    char data[];
};

/* Lock key: [I] set at creation  [U] unix_lock  [a] atomic */
struct unix_socket {
    uint32_t refs;              /* [a] its file, its peer, queues, waiters */
    int type;                   /* [I] SOCK_* */
    enum unix_state state;      /* [U] */
    struct unix_socket *peer;   /* [U] with reference */
    struct unix_address name;   /* [U] */
    struct inode *inode;        /* [U] bound to a path: its inode, referenced */
    struct list_node name_link; /* [U] in the list of bound sockets */
    struct list_node messages;  /* [U] received, not read */
    uint32_t queued_bytes;      /* [U] of them, with what they cost */
    uint32_t queued_count;      /* [U] how many */
    uint32_t send_buffer;       /* [a] SO_SNDBUF: what may be queued */
    bool refused;               /* [U] somebody polls for room */
    struct list_node pending;   /* [U] listening: sockets to be accepted */
    struct list_node pending_link;   /* [U] */
    uint32_t pending_count, backlog; /* [U] */
    bool no_read, no_write;          /* [U] shut down */
    bool reset;               /* [U] the peer went before it was accepted */
    bool pass_credentials;    /* [U] SO_PASSCRED */
    struct ucred credentials; /* [U] of who connected or listened */
    struct ucred peer_credentials;          /* [U] */
    uint64_t receive_timeout, send_timeout; /* [U] ns, 0: none */
    struct wait_queue changed;              /* any change of the above */
    struct mutex reading; /* one reader at a time takes bytes */

    /* For net/unix_gc.c. */
    struct file *file;            /* [U] without reference; NULL: none yet */
    struct list_node flight_link; /* [U] while in_flight > 0 */
    uint32_t in_flight;           /* [U] references in queued messages */
    uint32_t outside;             /* [U] during a search: not by suspects */
    bool suspect;                 /* [U] the same: may be garbage */
};

extern struct spinlock unix_lock;

struct unix_socket *unix_socket_get(struct unix_socket *s);
void unix_socket_put(struct unix_socket *s);
/* A bound socket for `address`, with a reference; -ECONNREFUSED, -ENOENT... */
__must_check int unix_find(const struct unix_address *address, int type,
                           struct unix_socket **out);
void unix_message_free(struct unix_message *message);
/* The socket's file is gone, or it will never get one. */
void unix_close(struct unix_socket *s);
/* The deadline of a wait that begins now. */
uint64_t unix_deadline(uint64_t timeout);
/* wait_event's result as the call's: -EAGAIN after a time-out; interrupted,
 * only a call without time limit begins anew. */
int unix_wait_result(int err, uint64_t deadline);

/* Who polls for room in some queue.  `refused` says that it is worth waking. */
extern struct wait_queue unix_room;
/* May `s` put `n` more bytes into the queue of `to`? */
bool unix_has_room_locked(const struct unix_socket *s,
                          const struct unix_socket *to, uint32_t n)
    MUST_HOLD(unix_lock);

/* A message joins or leaves a queue: what it carries is in flight, or not. */
void unix_flight_begin_locked(const struct unix_message *m)
    MUST_HOLD(unix_lock);
void unix_flight_end_locked(const struct unix_message *m) MUST_HOLD(unix_lock);
/* Let messages of a queue that is gone be freed by unix_free_doomed(), which
 * is called without locks. */
void unix_doom_locked(struct list_node *messages) MUST_HOLD(unix_lock);
void unix_free_doomed(void);
/* Free the sockets in flight that nobody can receive any more. */
void unix_collect(void);
