/*
 * syscall/sys_socket.c - socket calls: descriptors, addresses and control
 * messages between user memory and net/unix.c.
 */
#include "abi/errno.h"
#include "base/string.h"
#include "net/unix.h"
#include "syscall/path_args.h"
#include "syscall/socket_args.h"
#include "syscall/syscalls.h"
#include "vm/usercopy.h"

enum { OPTION_MAX = 64 };
#define PATH_OFFSET ((uint32_t)offsetof(struct sockaddr_un, sun_path))

int socket_get(int fd, struct file **file, struct unix_socket **s)
{
    *file = fd_get_usable(fd);
    if (!*file)
        return -EBADF;
    *s = unix_of_file(*file);
    if (*s)
        return 0;
    file_put(*file);
    return -ENOTSOCK;
}

bool socket_waits(const struct file *file, int flags)
{
    return !(file->flags & O_NONBLOCK) && !(flags & MSG_DONTWAIT);
}

/* ---- addresses ------------------------------------------------------------ */

int socket_address_get(const struct sockaddr_un __user *from, uint32_t bytes,
                       struct unix_address *out)
{
    if (bytes < sizeof(sa_family_t) || bytes > sizeof(out->name))
        return -EINVAL;
    memset(out, 0, sizeof(*out));
    if (copy_from_user(&out->name, from, bytes))
        return -EFAULT;
    if (out->name.sun_family == AF_UNSPEC) {
        out->bytes = sizeof(sa_family_t);
        return 0;
    }
    if (out->name.sun_family != AF_UNIX)
        return -EINVAL;
    out->bytes = bytes;
    if (bytes > PATH_OFFSET && out->name.sun_path[0] != '\0') {
        /* A path of full length has no NUL in the structure. */
        size_t length = strnlen(out->name.sun_path, bytes - PATH_OFFSET);
        if (length == UNIX_PATH_MAX)
            return -EINVAL;
        out->bytes = PATH_OFFSET + (uint32_t)length + 1;
    }
    return 0;
}

int socket_address_put(const struct unix_address *address,
                       struct sockaddr_un __user *to, uint32_t __user *length)
{
    uint32_t room;

    if (!to)
        return 0;
    if (get_user(room, length))
        return -EFAULT;
    if ((int32_t)room < 0)
        return -EINVAL;
    if (copy_to_user(to, &address->name, MIN(room, address->bytes)))
        return -EFAULT;
    return put_user(address->bytes, length);
}

/* ---- making and connecting ------------------------------------------------ */

static int check_kind(int domain, int type, int protocol)
{
    int kind = type & SOCK_TYPE_MASK;

    if (type & ~(SOCK_TYPE_MASK | SOCK_NONBLOCK | SOCK_CLOEXEC))
        return -EINVAL;
    if (domain != AF_UNIX)
        return -EAFNOSUPPORT;
    if (protocol != 0 && protocol != AF_UNIX)
        return -EPROTONOSUPPORT;
    if (kind != SOCK_STREAM && kind != SOCK_DGRAM && kind != SOCK_SEQPACKET)
        return -ESOCKTNOSUPPORT;
    return 0;
}

static uint32_t file_flags(int type)
{
    return type & SOCK_NONBLOCK ? O_NONBLOCK : 0;
}

/* A descriptor for `file`, whose reference it takes over in any case. */
static int install(struct file *file, int type)
{
    int fd = fd_install(file, 0, type & SOCK_CLOEXEC);

    if (fd < 0)
        file_put(file);
    return fd;
}

int64_t sys_socket(int domain, int type, int protocol)
{
    struct file *file;
    int err = check_kind(domain, type, protocol);

    if (!err)
        err = unix_create(type & SOCK_TYPE_MASK, file_flags(type), &file);
    return err ? err : install(file, type);
}

int64_t sys_socketpair(int domain, int type, int protocol, int __user *fds)
{
    struct file *files[2];
    int numbers[2];
    int err = check_kind(domain, type, protocol);

    if (!err)
        err = unix_create_pair(type & SOCK_TYPE_MASK, file_flags(type), files);
    if (err)
        return err;
    numbers[0] = install(files[0], type);
    if (numbers[0] < 0) {
        file_put(files[1]);
        return numbers[0];
    }
    numbers[1] = install(files[1], type);
    err = numbers[1] < 0 ? numbers[1]
                         : copy_to_user(fds, numbers, sizeof(numbers));
    if (!err)
        return 0;
    for (unsigned i = 0; i < 2; i++)
        if (numbers[i] >= 0 && fd_close(numbers[i]) != 0)
            continue; /* another thread was faster */
    return err;
}

int64_t sys_bind(int fd, const struct sockaddr_un __user *address,
                 uint32_t length)
{
    struct unix_address a;
    struct unix_socket *s;
    struct file *file;
    int err = socket_get(fd, &file, &s);

    if (err)
        return err;
    err = socket_address_get(address, length, &a);
    if (!err && a.name.sun_family != AF_UNIX)
        err = -EINVAL;
    if (!err)
        err = unix_bind(s, &a);
    file_put(file);
    return err;
}

int64_t sys_connect(int fd, const struct sockaddr_un __user *address,
                    uint32_t length)
{
    struct unix_address a;
    struct unix_socket *s;
    struct file *file;
    int err = socket_get(fd, &file, &s);

    if (err)
        return err;
    err = socket_address_get(address, length, &a);
    if (!err)
        err = unix_connect(s, &a, socket_waits(file, 0));
    file_put(file);
    return err;
}

int64_t sys_listen(int fd, int backlog)
{
    struct unix_socket *s;
    struct file *file;
    int err = socket_get(fd, &file, &s);

    if (err)
        return err;
    err = unix_listen(s, backlog);
    file_put(file);
    return err;
}

int64_t sys_accept4(int fd, struct sockaddr_un __user *address,
                    uint32_t __user *length, int flags)
{
    struct unix_address peer;
    struct unix_socket *s;
    struct file *file, *accepted = NULL;
    int err = socket_get(fd, &file, &s);

    if (err)
        return err;
    if (flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC))
        err = -EINVAL;
    else
        err = unix_accept(s, socket_waits(file, 0), file_flags(flags),
                          &accepted, &peer);
    file_put(file);
    if (!err && socket_address_put(&peer, address, length)) {
        file_put(accepted);
        err = -EFAULT;
    }
    return err ? err : install(accepted, flags);
}

int64_t sys_accept(int fd, struct sockaddr_un __user *address,
                   uint32_t __user *length)
{
    return sys_accept4(fd, address, length, 0);
}

int64_t sys_shutdown(int fd, int how)
{
    struct unix_socket *s;
    struct file *file;
    int err = socket_get(fd, &file, &s);

    if (err)
        return err;
    err = unix_shutdown(s, how);
    file_put(file);
    return err;
}

static int64_t get_name(int fd, struct sockaddr_un __user *address,
                        uint32_t __user *length, bool of_peer)
{
    struct unix_address a;
    struct unix_socket *s;
    struct file *file;
    int err = socket_get(fd, &file, &s);

    if (err)
        return err;
    if (of_peer)
        err = unix_peer_name(s, &a);
    else
        unix_name(s, &a);
    file_put(file);
    return err ? err : socket_address_put(&a, address, length);
}

int64_t sys_getsockname(int fd, struct sockaddr_un __user *address,
                        uint32_t __user *length)
{
    return get_name(fd, address, length, false);
}

int64_t sys_getpeername(int fd, struct sockaddr_un __user *address,
                        uint32_t __user *length)
{
    return get_name(fd, address, length, true);
}

int64_t sys_setsockopt(int fd, int level, int name, const void __user *value,
                       uint32_t bytes)
{
    char copy[OPTION_MAX];
    struct unix_socket *s;
    struct file *file;
    int err = socket_get(fd, &file, &s);

    if (err)
        return err;
    bytes = MIN(bytes, (uint32_t)sizeof(copy));
    if (level != SOL_SOCKET)
        err = -EOPNOTSUPP;
    else if (copy_from_user(copy, value, bytes))
        err = -EFAULT;
    else
        err = unix_set_option(s, name, copy, bytes);
    file_put(file);
    return err;
}

int64_t sys_getsockopt(int fd, int level, int name, void __user *value,
                       uint32_t __user *length)
{
    char copy[OPTION_MAX];
    struct unix_socket *s;
    struct file *file;
    uint32_t bytes;
    int err = socket_get(fd, &file, &s);

    if (err)
        return err;
    if (get_user(bytes, length))
        err = -EFAULT;
    else if ((int32_t)bytes < 0)
        err = -EINVAL;
    else if (level != SOL_SOCKET)
        err = -EOPNOTSUPP;
    if (!err) {
        bytes = MIN(bytes, (uint32_t)sizeof(copy));
        err = unix_get_option(s, name, copy, &bytes);
    }
    file_put(file);
    if (!err && (copy_to_user(value, copy, bytes) || put_user(bytes, length)))
        err = -EFAULT;
    return err;
}
