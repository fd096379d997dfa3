/*
 * ipc/mqueue.c - POSIX message queues: mailboxes with names and priorities.
 *
 * 1 Idea      A queue is an inode that only the list of names and open files
 *             refer to, so descriptors, rights, fork and close need nothing
 *             new.  Messages are kept sorted: highest priority first, and in
 *             order of arrival within one.
 * 2 States    A queue lives while it has a name or an open file.  It never holds
 *             more than maxmsg messages of msgsize bytes, and room for all is
 *             charged when it is made.  One process may be registered to be
 *             told, once, when a message comes to the empty queue while nobody
 *             waits in mq_receive.
 * 3 Locking   mq_lock for names and queues; not held while user memory is
 *             copied.
 * 4 Failure   No memory for a message: ENOMEM, the queue is as it was.
 * 5 Elsewhere Linux has a file system of them, which can be mounted, and a tree
 *             by priority.
 */
#include "ipc/mqueue.h"

#include "abi/errno.h"
#include "abi/limits.h"
#include "abi/poll.h"
#include "base/format.h"
#include "base/string.h"
#include "core/restart.h"
#include "core/trace.h"
#include "fs/poll.h"
#include "ipc/sysv.h"
#include "mem/slab.h"
#include "vm/usercopy.h"

enum {
    QUEUES_MAX = 256,
    DEFAULT_MESSAGES = 10,     /* also the most for ordinary users */
    DEFAULT_BYTES = 8192,      /* ditto */
    ROOT_MESSAGES_MAX = 65536, /* as on Linux */
    ROOT_BYTES_MAX = 1 << 20,
};

struct message {
    struct list_node link; /* [L] in queue->messages */
    unsigned priority;     /* [I] */
    size_t bytes;          /* [I] */
    char text[];           /* [I] */
};

/* Lock key: [I] set at creation  [L] mq_lock */
struct queue {
    struct list_node messages;    /* [L] next to be received first */
    uint64_t limit, message_max;  /* [I] messages, bytes of each */
    uint64_t count;               /* [L] messages; poll reads it without */
    unsigned receivers;           /* [L] asleep in mq_receive */
    struct mq_notice notice;      /* [L] */
    const struct file *registrar; /* [L] file it was registered through */
    struct wait_queue can_read;   /* receivers wait for a message */
    struct wait_queue can_write;  /* senders wait for room */
};

/* One name.  Lock key: [I] set at creation  [L] mq_lock */
struct name {
    struct list_node link; /* [L] in names */
    struct inode *inode;   /* [I] with reference */
    char text[];           /* [I] */
};

static struct mutex mq_lock;
static struct list_node names = LIST_INIT(names); /* [L] */
static unsigned queue_count;                      /* [L] */
static uint64_t all_bytes;                        /* [L] charged for queues */

static const struct file_ops mq_file_ops;

static struct queue *queue_of(const struct file *file)
{
    return file->inode->private;
}

/* ---- queues ------------------------------------------------------------ */

static uint64_t charge_of(uint64_t messages, uint64_t bytes)
{
    return messages * (bytes + sizeof(struct message));
}

/* The last reference is gone. */
static void release_queue(struct inode *inode)
{
    struct queue *q = inode->private;
    struct message *m, *next;

    if (!q)
        return;
    list_for_each_safe (m, next, &q->messages, link)
        kfree(m);
    mutex_lock(&mq_lock);
    queue_count--;
    all_bytes -= charge_of(q->limit, q->message_max);
    mutex_unlock(&mq_lock);
    kfree(q);
}

static const struct inode_ops mq_inode_ops = { .release = release_queue };

/* 0, or -EINVAL for attributes that the caller may not ask for. */
static int check_attributes(const struct mq_attr *attr)
{
    struct sysv_caller caller;

    sysv_current_caller(&caller);
    long messages = caller.uid == 0 ? ROOT_MESSAGES_MAX : DEFAULT_MESSAGES;
    long bytes = caller.uid == 0 ? ROOT_BYTES_MAX : DEFAULT_BYTES;
    return attr->mq_maxmsg > 0 && attr->mq_maxmsg <= messages &&
                   attr->mq_msgsize > 0 && attr->mq_msgsize <= bytes
               ? 0
               : -EINVAL;
}

/* An empty queue, its inode in *out: 0, -EMFILE, -ENOSPC, -ENOMEM. */
static int create_queue(const struct mq_attr *attr, uint32_t mode,
                        uint64_t byte_limit, struct inode **out)
    MUST_HOLD(mq_lock);
static int create_queue(const struct mq_attr *attr, uint32_t mode,
                        uint64_t byte_limit, struct inode **out)
{
    uint64_t messages = (uint64_t)attr->mq_maxmsg;
    uint64_t charge = charge_of(messages, (uint64_t)attr->mq_msgsize);

    if (queue_count >= QUEUES_MAX)
        return -ENOSPC;
    if (charge > byte_limit || all_bytes > byte_limit - charge)
        return -EMFILE;
    struct queue *q = kmalloc_zeroed(sizeof(*q));
    *out = inode_create(&mq_inode_ops, &mq_file_ops, 0, S_IFREG | mode);
    if (!q || !*out) {
        kfree(q);
        inode_put(*out);
        return -ENOMEM;
    }
    list_init(&q->messages);
    wait_queue_init(&q->can_read);
    wait_queue_init(&q->can_write);
    q->limit = messages;
    q->message_max = (uint64_t)attr->mq_msgsize;
    (*out)->private = q;
    queue_count++;
    all_bytes += charge;
    return 0;
}

/* ---- names ------------------------------------------------------------- */

static struct name *find_name(const char *text) MUST_HOLD(mq_lock);
static struct name *find_name(const char *text)
{
    struct name *name;

    list_for_each (name, &names, link)
        if (strcmp(name->text, text) == 0)
            return name;
    return NULL;
}

/* A new queue called `text`: its inode, with a reference. */
static int create_named(const char *text, uint32_t mode,
                        const struct mq_attr *attr, uint64_t byte_limit,
                        struct inode **out) MUST_HOLD(mq_lock);
static int create_named(const char *text, uint32_t mode,
                        const struct mq_attr *attr, uint64_t byte_limit,
                        struct inode **out)
{
    struct name *name = kmalloc(sizeof(*name) + strlen(text) + 1);

    if (!name)
        return -ENOMEM;
    int err = create_queue(attr, mode, byte_limit, &name->inode);
    if (err != 0) {
        kfree(name);
        return err;
    }
    strlcpy(name->text, text, strlen(text) + 1);
    list_add_tail(&names, &name->link);
    *out = inode_get(name->inode);
    return 0;
}

static int permission_for(struct inode *inode, int flags)
{
    static const int rights[] = { MAY_READ, MAY_WRITE, MAY_READ | MAY_WRITE };
    int mode = flags & O_ACCMODE;

    return mode == O_ACCMODE ? -EINVAL : inode_permission(inode, rights[mode]);
}

/* The inode of `text`, with a reference, made if flags say so. */
static int find_or_create(const char *text, int flags, uint32_t mode,
                          const struct mq_attr *attr, uint64_t byte_limit,
                          struct inode **out) MUST_HOLD(mq_lock);
static int find_or_create(const char *text, int flags, uint32_t mode,
                          const struct mq_attr *attr, uint64_t byte_limit,
                          struct inode **out)
{
    static const struct mq_attr defaults = {
        .mq_maxmsg = DEFAULT_MESSAGES,
        .mq_msgsize = DEFAULT_BYTES,
    };
    struct name *name = find_name(text);

    if (!name && !(flags & O_CREAT))
        return -ENOENT;
    if (!name) {
        int err = attr ? check_attributes(attr) : 0;
        return err != 0 ? err
                        : create_named(text, mode, attr ? attr : &defaults,
                                       byte_limit, out);
    }
    if ((flags & O_CREAT) && (flags & O_EXCL))
        return -EEXIST;
    *out = inode_get(name->inode);
    return permission_for(*out, flags);
}

int mq_open(const char *name, int flags, uint32_t mode,
            const struct mq_attr *attr, uint64_t byte_limit, struct file **out)
{
    struct inode *inode = NULL;

    if ((flags & O_ACCMODE) == O_ACCMODE)
        return -EINVAL;
    mutex_lock(&mq_lock);
    int err = find_or_create(name, flags, mode, attr, byte_limit, &inode);
    mutex_unlock(&mq_lock);
    if (err == 0) {
        *out = file_create(&mq_file_ops, inode,
                           (uint32_t)flags & (O_ACCMODE | O_NONBLOCK));
        err = *out ? 0 : -ENOMEM;
    }
    if (err == 0 && file_may_write(*out))
        __atomic_fetch_add(&inode->write_count, 1, __ATOMIC_RELAXED);
    inode_put(inode);
    return err;
}

int mq_unlink(const char *text)
{
    mutex_lock(&mq_lock);
    struct name *name = find_name(text);
    int err = name ? inode_check_owner(name->inode) : -ENOENT;
    if (err == 0)
        list_remove(&name->link);
    mutex_unlock(&mq_lock);
    if (err == 0) {
        inode_put(name->inode);
        kfree(name);
    }
    return err;
}

/* ---- sending ----------------------------------------------------------- */

static void insert(struct queue *q, struct message *m) MUST_HOLD(mq_lock);
static void insert(struct queue *q, struct message *m)
{
    struct list_node *place = &q->messages;

    /* From the end: most messages have the priority of those before. */
    while (place->prev != &q->messages &&
           list_entry(place->prev, struct message, link)->priority <
               m->priority)
        place = place->prev;
    list_add_before(place, &m->link);
    __atomic_fetch_add(&q->count, 1, __ATOMIC_RELAXED);
}

/* A message came to the empty queue: tell who is registered, once. */
static void tell(struct queue *q) MUST_HOLD(mq_lock);
static void tell(struct queue *q)
{
    struct sysv_caller caller;
    siginfo_t info = {
        .si_signo = q->notice.event.sigev_signo,
        .si_code = SI_MESGQ,
    };

    sysv_current_caller(&caller);
    info.si_pid = caller.pid;
    info.si_uid = caller.uid;
    info.si_value = q->notice.event.sigev_value;
    if (q->notice.event.sigev_notify == SIGEV_SIGNAL)
        q->notice.send(&q->notice, &info);
    q->notice.pid = 0;
}

static int put_message(struct file *file, struct message *m, uint64_t deadline)
{
    struct queue *q = queue_of(file);
    int err = 0;

    mutex_lock(&mq_lock);
    if (q->count >= q->limit && (file->flags & O_NONBLOCK))
        err = -EAGAIN;
    else
        err = wait_event(&q->can_write, q->count < q->limit, &mq_lock,
                         WAIT_INTERRUPTIBLE, deadline);
    if (err == 0) {
        bool was_empty = q->count == 0;
        trace(MESSAGE_SEND, q, m, m->bytes, m->priority);
        insert(q, m);
        wake_up_all(&q->can_read);
        if (was_empty && q->receivers == 0 && q->notice.pid != 0)
            tell(q);
    }
    mutex_unlock(&mq_lock);
    return err == -EINTR ? -ERESTARTSYS : err;
}

int mq_send(struct file *file, const char __user *text, size_t bytes,
            unsigned priority, uint64_t deadline)
{
    if (priority >= MQ_PRIO_MAX)
        return -EINVAL;
    if (file->ops != &mq_file_ops || !file_may_write(file))
        return -EBADF;
    if (bytes > queue_of(file)->message_max)
        return -EMSGSIZE;
    struct message *m = kmalloc(sizeof(*m) + bytes);
    if (!m)
        return -ENOMEM;
    m->priority = priority;
    m->bytes = bytes;
    int err = copy_from_user(m->text, text, bytes);
    if (err == 0)
        err = put_message(file, m, deadline);
    if (err != 0)
        kfree(m);
    return err;
}

/* ---- receiving --------------------------------------------------------- */

static int take_message(struct file *file, uint64_t deadline,
                        struct message **out)
{
    struct queue *q = queue_of(file);
    int err = 0;

    mutex_lock(&mq_lock);
    if (q->count == 0 && (file->flags & O_NONBLOCK)) {
        err = -EAGAIN;
    } else {
        q->receivers++;
        err = wait_event(&q->can_read, q->count > 0, &mq_lock,
                         WAIT_INTERRUPTIBLE, deadline);
        q->receivers--;
    }
    if (err == 0) {
        *out = list_first_entry(&q->messages, struct message, link);
        list_remove(&(*out)->link);
        trace(MESSAGE_RECEIVE, q, *out, (*out)->bytes, (*out)->priority);
        __atomic_fetch_sub(&q->count, 1, __ATOMIC_RELAXED);
        wake_up_all(&q->can_write);
    }
    mutex_unlock(&mq_lock);
    return err == -EINTR ? -ERESTARTSYS : err;
}

int64_t mq_receive(struct file *file, char __user *text, size_t bytes,
                   unsigned *priority, uint64_t deadline)
{
    struct message *m;

    if (file->ops != &mq_file_ops || !file_may_read(file))
        return -EBADF;
    if (bytes < queue_of(file)->message_max)
        return -EMSGSIZE;
    int err = take_message(file, deadline, &m);
    if (err != 0)
        return err;
    *priority = m->priority;
    bytes = m->bytes;
    err = copy_to_user(text, m->text, bytes);
    kfree(m);
    return err != 0 ? err : (int64_t)bytes;
}

/* ---- the rest ---------------------------------------------------------- */

/* Is a process registered that still lives? */
static bool is_registered(const struct queue *q) MUST_HOLD(mq_lock);
static bool is_registered(const struct queue *q)
{
    return q->notice.pid != 0 && q->notice.send(&q->notice, NULL);
}

int mq_notify(struct file *file, const struct mq_notice *notice)
{
    int err = 0;

    if (file->ops != &mq_file_ops)
        return -EBADF;
    struct queue *q = queue_of(file);
    mutex_lock(&mq_lock);
    if (!notice->send && q->notice.pid == notice->pid) {
        q->notice.pid = 0;
    } else if (notice->send && is_registered(q)) {
        err = -EBUSY;
    } else if (notice->send) {
        q->notice = *notice;
        q->registrar = file;
    }
    mutex_unlock(&mq_lock);
    return err;
}

int mq_attributes(struct file *file, const struct mq_attr *new,
                  struct mq_attr *old)
{
    uint32_t flags = file->flags;

    if (file->ops != &mq_file_ops)
        return -EBADF;
    if (new && (new->mq_flags & ~(long)O_NONBLOCK))
        return -EINVAL;
    struct queue *q = queue_of(file);
    mutex_lock(&mq_lock);
    *old = (struct mq_attr){
        .mq_flags = flags & O_NONBLOCK,
        .mq_maxmsg = (long)q->limit,
        .mq_msgsize = (long)q->message_max,
        .mq_curmsgs = (long)q->count,
    };
    mutex_unlock(&mq_lock);
    if (new && (new->mq_flags &O_NONBLOCK))
        __atomic_fetch_or(&file->flags, O_NONBLOCK, __ATOMIC_RELAXED);
    else if (new)
        __atomic_fetch_and(&file->flags, ~(uint32_t)O_NONBLOCK,
                           __ATOMIC_RELAXED);
    return 0;
}

/* The state of the queue as a line of text, in Linux's format. */
static int64_t mq_read(struct file *file, struct uio *uio, uint64_t *offset)
{
    struct queue *q = queue_of(file);
    struct message *m;
    uint64_t bytes = 0;
    char text[80];

    mutex_lock(&mq_lock);
    list_for_each (m, &q->messages, link)
        bytes += m->bytes;
    bool told = is_registered(q);
    bool by_signal = told && q->notice.event.sigev_notify == SIGEV_SIGNAL;
    uint64_t length = (uint64_t)base_snprintf(
        text, sizeof(text),
        "QSIZE:%-10lu NOTIFY:%-5d SIGNO:%-5d NOTIFY_PID:%-6d\n", bytes,
        told ? q->notice.event.sigev_notify : 0,
        by_signal ? q->notice.event.sigev_signo : 0, told ? q->notice.pid : 0);
    mutex_unlock(&mq_lock);
    if (*offset >= length)
        return 0;
    uint64_t wanted = MIN(uio->left, length - *offset);
    uint64_t done = uio_copy_to(uio, text + *offset, wanted);
    *offset += done;
    return done == 0 && wanted > 0 ? -EFAULT : (int64_t)done;
}

static unsigned mq_poll(struct file *file, struct poll_table *table)
{
    struct queue *q = queue_of(file);
    unsigned events = 0;

    poll_wait(table, &q->can_read);
    poll_wait(table, &q->can_write);
    uint64_t count = __atomic_load_n(&q->count, __ATOMIC_RELAXED);
    if (count > 0)
        events |= POLLIN | POLLRDNORM;
    if (count < q->limit)
        events |= POLLOUT | POLLWRNORM;
    return events;
}

static void mq_release(struct file *file)
{
    struct queue *q = queue_of(file);

    mutex_lock(&mq_lock);
    if (q->registrar == file)
        q->notice.pid = 0;
    mutex_unlock(&mq_lock);
}

static const struct file_ops mq_file_ops = {
    .read = mq_read,
    .poll = mq_poll,
    .release = mq_release,
    .seekable = true,
};

void mq_init(void)
{
    mutex_init(&mq_lock, "message queues", RANK_SYSV);
}
