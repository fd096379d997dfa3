/*
 * syscall/sys_message.c - sendmsg, recvmsg and their short forms.
 *
 * Idea:  a message is data (a uio), an address and control messages: open files
 *        (SCM_RIGHTS) and credentials.  Files are looked up before anything is
 *        sent; those received get descriptors only after the data is out.
 */
#include "abi/errno.h"
#include "abi/signal.h"
#include "base/string.h"
#include "mem/slab.h"
#include "net/unix.h"
#include "proc/process.h"
#include "proc/signal.h"
#include "syscall/path_args.h"
#include "syscall/socket_args.h"
#include "syscall/syscalls.h"
#include "syscall/vector.h"
#include "vm/usercopy.h"

enum { CONTROL_MAX = 8192 };
#define SEND_KNOWN (MSG_DONTWAIT | MSG_NOSIGNAL | MSG_EOR)
#define RECEIVE_KNOWN                                                          \
    (MSG_DONTWAIT | MSG_PEEK | MSG_TRUNC | MSG_WAITALL | MSG_CMSG_CLOEXEC |    \
     MSG_NOSIGNAL)

/* ---- control messages in -------------------------------------------------- */

static int add_files(struct unix_control *control, const int *fds,
                     unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (control->file_count == SCM_MAX_FD)
            return -EINVAL;
        struct file *file = fd_get(fds[i]);
        if (!file)
            return -EBADF;
        control->files[control->file_count++] = file;
    }
    return 0;
}

static bool process_exists(int32_t pid)
{
    spin_lock(&process_tree_lock);
    bool found = process_find_locked(pid) != NULL;
    spin_unlock(&process_tree_lock);
    return found;
}

/* A process says who it is; only root may say something else. */
static int add_credentials(struct unix_control *control, const struct ucred *c)
{
    struct process *p = process_current();
    const struct credentials *own = &p->credentials;
    bool own_uid =
        c->uid == own->uid || c->uid == own->euid || c->uid == own->suid;
    bool own_gid =
        c->gid == own->gid || c->gid == own->egid || c->gid == own->sgid;

    if (own->euid != 0 && (c->pid != p->pid || !own_uid || !own_gid))
        return -EPERM;
    if (c->pid != p->pid && !process_exists(c->pid))
        return -ESRCH;
    control->credentials = *c;
    control->has_credentials = true;
    return 0;
}

static int add_control(struct unix_control *control, const struct cmsghdr *h)
{
    size_t bytes = h->cmsg_len - sizeof(*h);

    if (h->cmsg_level != SOL_SOCKET)
        return 0;
    if (h->cmsg_type == SCM_RIGHTS)
        return add_files(control, (const int *)(h + 1),
                         (unsigned)(bytes / sizeof(int)));
    if (h->cmsg_type == SCM_CREDENTIALS && bytes == sizeof(struct ucred))
        return add_credentials(control, (const struct ucred *)(h + 1));
    return -EINVAL;
}

static int parse_control(struct unix_control *control, const char *bytes,
                         size_t size)
{
    for (size_t at = 0; size - at >= sizeof(struct cmsghdr);) {
        const struct cmsghdr *h = (const struct cmsghdr *)(bytes + at);
        if (h->cmsg_len < sizeof(*h) || h->cmsg_len > size - at)
            return -EINVAL;
        int err = add_control(control, h);
        if (err)
            return err;
        size_t step = ALIGN_UP(h->cmsg_len, sizeof(size_t));
        if (step >= size - at)
            break;
        at += step;
    }
    return 0;
}

/* The control part of `message`, or NULL in *out. */
static int get_control(const struct msghdr *message, struct unix_control **out)
{
    size_t size = message->msg_controllen;

    *out = NULL;
    if (size == 0 || !message->msg_control)
        return 0;
    if (size > CONTROL_MAX)
        return -ENOBUFS;
    char *bytes = kmalloc(size);
    struct unix_control *control = kmalloc_zeroed(sizeof(*control));
    int err = bytes && control ? 0 : -ENOMEM;
    if (!err)
        err = copy_from_user(bytes, (const void __user *)message->msg_control,
                             size);
    if (!err)
        err = parse_control(control, bytes, size);
    kfree(bytes);
    if (err)
        unix_control_free(control);
    else
        *out = control;
    return err;
}

/* ---- control messages out ------------------------------------------------- */

struct control_out {
    char __user *at;
    size_t room, used;
    bool truncated;
};

static int put_control(struct control_out *out, int type, const void *bytes,
                       size_t size)
{
    struct cmsghdr h = { .cmsg_len = sizeof(h) + size,
                         .cmsg_level = SOL_SOCKET,
                         .cmsg_type = type };

    if (out->room < h.cmsg_len) {
        out->truncated = true;
        return 0;
    }
    if (copy_to_user(out->at, &h, sizeof(h)) ||
        copy_to_user(out->at + sizeof(h), bytes, size))
        return -EFAULT;
    size_t step = MIN(ALIGN_UP(h.cmsg_len, sizeof(size_t)), out->room);
    out->at += step;
    out->room -= step;
    out->used += step;
    return 0;
}

/* Descriptors for the first `count` files into fds; returns how many. */
static unsigned install_files(struct unix_control *control, unsigned count,
                              bool cloexec, int *fds)
{
    for (unsigned i = 0; i < count; i++) {
        fds[i] = fd_install(file_get(control->files[i]), 0, cloexec);
        if (fds[i] < 0) {
            file_put(control->files[i]);
            return i;
        }
    }
    return count;
}

/* Descriptors for as many files as there is room to tell about. */
static int put_files(struct control_out *out, struct unix_control *control,
                     bool cloexec)
{
    size_t fit = out->room < sizeof(struct cmsghdr) + sizeof(int)
                     ? 0
                     : (out->room - sizeof(struct cmsghdr)) / sizeof(int);
    unsigned count = (unsigned)MIN(fit, (size_t)control->file_count);
    int *fds = kmalloc(control->file_count * sizeof(int));

    if (!fds)
        return -ENOMEM;
    unsigned done = install_files(control, count, cloexec, fds);
    out->truncated |= done < control->file_count;
    int err = done ? put_control(out, SCM_RIGHTS, fds, done * sizeof(int)) : 0;
    kfree(fds);
    return err;
}

static int put_all_control(struct control_out *out,
                           struct unix_control *control, int flags)
{
    int err = 0;

    if (!control)
        return 0;
    if (control->has_credentials)
        err = put_control(out, SCM_CREDENTIALS, &control->credentials,
                          sizeof(control->credentials));
    if (!err && control->file_count)
        err = put_files(out, control, flags & MSG_CMSG_CLOEXEC);
    return err;
}

/* ---- sending -------------------------------------------------------------- */

static int64_t send_uio(int fd, struct uio *uio, int flags,
                        const struct unix_address *to,
                        struct unix_control *control)
{
    struct unix_socket *s;
    struct file *file;
    int64_t n = socket_get(fd, &file, &s);

    if (n || (flags & ~SEND_KNOWN)) {
        unix_control_free(control);
        if (n == 0)
            file_put(file);
        return n ? n : -EOPNOTSUPP;
    }
    n = unix_send(s, uio, to, control, socket_waits(file, flags));
    file_put(file);
    if (n == -EPIPE && !(flags & MSG_NOSIGNAL))
        signal_send_process(process_current(), SIGPIPE, NULL);
    return n;
}

int64_t sys_sendto(int fd, const void __user *buf, size_t count, int flags,
                   const struct sockaddr_un __user *address, uint32_t length)
{
    struct unix_address to;
    struct uio uio;

    if (!user_range_ok(buf, count))
        return -EFAULT;
    if (address) {
        int err = socket_address_get(address, length, &to);
        if (err)
            return err;
    }
    uio_init_user(&uio, (void __user *)(uintptr_t)buf,
                  MIN(count, (size_t)RW_MAX_BYTES));
    return send_uio(fd, &uio, flags, address ? &to : NULL, NULL);
}

int64_t sys_sendmsg(int fd, const struct msghdr __user *user, int flags)
{
    struct msghdr message;
    struct unix_address to;
    struct unix_control *control;
    struct vector vector;
    struct uio uio;

    if (copy_from_user(&message, user, sizeof(message)))
        return -EFAULT;
    if (message.msg_iovlen > UIO_MAXIOV)
        return -EMSGSIZE;
    int64_t n = 0;
    if (message.msg_name)
        n = socket_address_get(
            (const struct sockaddr_un __user *)message.msg_name,
            message.msg_namelen, &to);
    if (!n)
        n = vector_get(&vector, (const struct iovec __user *)message.msg_iov,
                       message.msg_iovlen);
    if (n)
        return n;
    n = get_control(&message, &control);
    if (!n) {
        uio_init_vector(&uio, vector.all, (unsigned)message.msg_iovlen,
                        vector.total);
        n = send_uio(fd, &uio, flags, message.msg_name ? &to : NULL, control);
    }
    vector_put(&vector);
    return n;
}

/* ---- receiving ------------------------------------------------------------ */

static int64_t receive_uio(int fd, struct uio *uio, int flags,
                           struct unix_received *received)
{
    struct unix_socket *s;
    struct file *file;
    int64_t n = socket_get(fd, &file, &s);

    if (n)
        return n;
    if (flags & ~RECEIVE_KNOWN)
        n = -EOPNOTSUPP;
    else
        n = unix_receive(s, uio, flags, socket_waits(file, flags), received);
    file_put(file);
    return n;
}

int64_t sys_recvfrom(int fd, void __user *buf, size_t count, int flags,
                     struct sockaddr_un __user *address,
                     uint32_t __user *length)
{
    struct unix_received received = { 0 };
    struct uio uio;

    if (!user_range_ok(buf, count))
        return -EFAULT;
    uio_init_user(&uio, buf, MIN(count, (size_t)RW_MAX_BYTES));
    int64_t n = receive_uio(fd, &uio, flags, &received);
    unix_control_free(received.control); /* no place for it here */
    if (n >= 0 && socket_address_put(&received.from, address, length))
        return -EFAULT;
    return n;
}

/* Address, control and flags of a received message to the user's msghdr. */
static int put_message(struct msghdr __user *user, struct msghdr *message,
                       struct unix_received *received, int flags)
{
    struct control_out out = { (char __user *)message->msg_control,
                               message->msg_control ? message->msg_controllen
                                                    : 0,
                               0, false };
    int err = 0;

    if (message->msg_name) {
        uint32_t n = MIN(message->msg_namelen, received->from.bytes);
        err = copy_to_user((void __user *)message->msg_name,
                           &received->from.name, n);
        message->msg_namelen = received->from.bytes;
    }
    if (!err)
        err = put_all_control(&out, received->control, flags);
    message->msg_controllen = out.used;
    message->msg_flags = (received->truncated ? MSG_TRUNC : 0) |
                         (out.truncated ? MSG_CTRUNC : 0) |
                         (flags & MSG_CMSG_CLOEXEC);
    if (err || put_user(message->msg_namelen, &user->msg_namelen) ||
        put_user(message->msg_controllen, &user->msg_controllen) ||
        put_user(message->msg_flags, &user->msg_flags))
        return -EFAULT;
    return 0;
}

int64_t sys_recvmsg(int fd, struct msghdr __user *user, int flags)
{
    struct unix_received received = { 0 };
    struct msghdr message;
    struct vector vector;
    struct uio uio;

    if (copy_from_user(&message, user, sizeof(message)))
        return -EFAULT;
    if (message.msg_iovlen > UIO_MAXIOV)
        return -EMSGSIZE;
    int64_t n =
        vector_get(&vector, (const struct iovec __user *)message.msg_iov,
                   message.msg_iovlen);
    if (n)
        return n;
    uio_init_vector(&uio, vector.all, (unsigned)message.msg_iovlen,
                    vector.total);
    n = receive_uio(fd, &uio, flags, &received);
    vector_put(&vector);
    if (n >= 0 && put_message(user, &message, &received, flags))
        n = -EFAULT;
    unix_control_free(received.control);
    return n;
}
