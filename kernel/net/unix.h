/*
 * net/unix.h - Unix-domain sockets.
 *
 * A socket is what an open file's `private` points to.  All functions return a
 * value >= 0 or Linux's -errno; those that wait are interruptible
 * (-ERESTARTSYS) and honour O_NONBLOCK, MSG_DONTWAIT and the time-outs.
 */
#pragma once

#include "abi/socket.h"
#include "fs/file.h"

struct unix_socket;

/* An address as bind and connect take it, checked. */
struct unix_address {
    struct sockaddr_un name;
    uint32_t bytes; /* of name; sizeof(sa_family_t): unnamed */
};

/* What travels beside the data of one message. */
struct unix_control {
    struct file *files[SCM_MAX_FD]; /* references */
    unsigned file_count;
    struct ucred credentials;
    bool has_credentials; /* the sender gave them itself */
};

/* Boot. */
void unix_init(void);
/* Who the running process is: set by proc/ (net < proc). */
extern struct ucred (*unix_current_credentials)(void);

/* A new socket of SOCK_* `type` as a file with `flags` (O_NONBLOCK). */
__must_check int unix_create(int type, uint32_t flags, struct file **out);
/* Two that are connected to each other. */
__must_check int unix_create_pair(int type, uint32_t flags,
                                  struct file *out[2]);

/* The socket of a file, or NULL if it is none. */
struct unix_socket *unix_of_file(struct file *file);

int unix_bind(struct unix_socket *s, const struct unix_address *address);
int unix_listen(struct unix_socket *s, int backlog);
int unix_connect(struct unix_socket *s, const struct unix_address *address,
                 bool wait);
/* Next connection as a new file, and its peer's name. */
int unix_accept(struct unix_socket *s, bool wait, uint32_t flags,
                struct file **out, struct unix_address *peer);
int unix_shutdown(struct unix_socket *s, int how);
void unix_name(struct unix_socket *s, struct unix_address *out);
int unix_peer_name(struct unix_socket *s, struct unix_address *out);

/* Send the uio's bytes; `to` NULL: to the peer.  The control's file references
 * are taken over in any case.  Returns the bytes sent. */
int64_t unix_send(struct unix_socket *s, struct uio *uio,
                  const struct unix_address *to, struct unix_control *control,
                  bool wait);

/* What a receive gave besides data. */
struct unix_received {
    struct unix_address from;
    struct unix_control *control; /* NULL, or to be freed by the caller with
                                     unix_control_free */
    bool truncated;
};
int64_t unix_receive(struct unix_socket *s, struct uio *uio, int flags,
                     bool wait, struct unix_received *out);
void unix_control_free(struct unix_control *control);

/* getsockopt and setsockopt at SOL_SOCKET, on kernel copies. */
int unix_get_option(struct unix_socket *s, int name, void *value,
                    uint32_t *bytes);
int unix_set_option(struct unix_socket *s, int name, const void *value,
                    uint32_t bytes);
