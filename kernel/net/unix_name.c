/*
 * net/unix_name.c - what sockets are called: paths and abstract names.
 *
 * Idea:  a list of all bound sockets.  A path name is an inode in the file
 *        system, by which the socket is found; an abstract one is compared byte
 *        by byte.
 * Locks: unix_lock for the list and the names.
 */
#include "abi/errno.h"
#include "base/string.h"
#include "fs/names.h"
#include "net/unix_socket.h"

/* [unix_lock] */
static struct list_node bound_sockets = { &bound_sockets, &bound_sockets };

static bool is_abstract(const struct unix_address *a)
{
    return a->bytes > sizeof(sa_family_t) && a->name.sun_path[0] == '\0';
}

static struct unix_socket *find_abstract_locked(const struct unix_address *a)
    MUST_HOLD(unix_lock);
static struct unix_socket *find_abstract_locked(const struct unix_address *a)
{
    struct unix_socket *s;

    list_for_each (s, &bound_sockets, name_link)
        if (s->name.bytes == a->bytes && !s->inode &&
            memcmp(&s->name.name, &a->name, a->bytes) == 0)
            return s;
    return NULL;
}

static struct unix_socket *find_inode_locked(const struct inode *inode)
    MUST_HOLD(unix_lock);
static struct unix_socket *find_inode_locked(const struct inode *inode)
{
    struct unix_socket *s;

    list_for_each (s, &bound_sockets, name_link)
        if (s->inode == inode)
            return s;
    return NULL;
}

static int find_path(const struct unix_address *a, struct unix_socket **out)
{
    struct inode *inode;
    int err = vfs_lookup(NULL, a->name.sun_path, 0, &inode);

    if (err)
        return err;
    err = inode_permission(inode, MAY_WRITE);
    if (!err && !S_ISSOCK(inode->mode))
        err = -ECONNREFUSED;
    if (!err) {
        spin_lock(&unix_lock);
        *out = find_inode_locked(inode);
        if (*out)
            unix_socket_get(*out);
        else
            err = -ECONNREFUSED;
        spin_unlock(&unix_lock);
    }
    inode_put(inode);
    return err;
}

int unix_find(const struct unix_address *a, int type, struct unix_socket **out)
{
    int err = 0;

    if (a->bytes <= sizeof(sa_family_t))
        return -EINVAL;
    if (is_abstract(a)) {
        spin_lock(&unix_lock);
        *out = find_abstract_locked(a);
        if (*out)
            unix_socket_get(*out);
        else
            err = -ECONNREFUSED;
        spin_unlock(&unix_lock);
    } else {
        err = find_path(a, out);
    }
    if (!err && (*out)->type != type) {
        unix_socket_put(*out);
        err = -EPROTOTYPE;
    }
    return err;
}

static void take_name_locked(struct unix_socket *s,
                             const struct unix_address *a) MUST_HOLD(unix_lock);
static void take_name_locked(struct unix_socket *s,
                             const struct unix_address *a)
{
    s->name = *a;
    list_add_tail(&bound_sockets, &s->name_link);
}

/* An unnamed bind gets an abstract name of five hexadecimal digits. */
static int bind_any(struct unix_socket *s)
{
    static uint32_t next;
    static const char digits[] = "0123456789abcdef";
    struct unix_address a = { .bytes = sizeof(sa_family_t) + 6 };

    a.name.sun_family = AF_UNIX;
    spin_lock(&unix_lock);
    do {
        uint32_t number = next++;
        for (unsigned i = 0; i < 5; i++)
            a.name.sun_path[5 - i] = digits[number >> 4 * i & 15];
    } while (find_abstract_locked(&a));
    take_name_locked(s, &a);
    spin_unlock(&unix_lock);
    return 0;
}

static int bind_abstract(struct unix_socket *s, const struct unix_address *a)
{
    spin_lock(&unix_lock);
    bool used = find_abstract_locked(a) != NULL;
    if (!used)
        take_name_locked(s, a);
    spin_unlock(&unix_lock);
    return used ? -EADDRINUSE : 0;
}

static int bind_path(struct unix_socket *s, const struct unix_address *a)
{
    struct inode *inode;
    int err = vfs_mknod(NULL, a->name.sun_path, S_IFSOCK | 0777, 0);

    if (err)
        return err == -EEXIST ? -EADDRINUSE : err;
    err = vfs_lookup(NULL, a->name.sun_path, 0, &inode);
    if (err)
        return err;
    spin_lock(&unix_lock);
    s->inode = inode;
    take_name_locked(s, a);
    spin_unlock(&unix_lock);
    return 0;
}

int unix_bind(struct unix_socket *s, const struct unix_address *a)
{
    if (s->name.bytes > sizeof(sa_family_t))
        return -EINVAL;
    if (a->bytes <= sizeof(sa_family_t))
        return bind_any(s);
    return is_abstract(a) ? bind_abstract(s, a) : bind_path(s, a);
}

void unix_name(struct unix_socket *s, struct unix_address *out)
{
    spin_lock(&unix_lock);
    *out = s->name;
    spin_unlock(&unix_lock);
}

int unix_peer_name(struct unix_socket *s, struct unix_address *out)
{
    int err = 0;

    spin_lock(&unix_lock);
    if (s->peer)
        *out = s->peer->name;
    else
        err = -ENOTCONN;
    spin_unlock(&unix_lock);
    return err;
}
