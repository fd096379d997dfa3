/*
 * ipc/sysv_msg.c - System V message queues: mailboxes with typed letters.
 *
 * 1 Idea      A queue is a list of messages in order of arrival, each one block
 *             of kernel memory with its bytes behind it.  A sender copies its
 *             message in, then waits for room; a receiver takes the message its
 *             type selects, then copies it out.
 * 2 States    A queue holds at most msg_qbytes bytes, and as many messages, so
 *             that empty ones are bounded too.  Removed: all sleepers return
 *             EIDRM, the last one frees the queue.
 * 3 Locking   queues.lock; never held while user memory is copied.
 * 4 Failure   A message whose bytes cannot be copied out is lost, as on Linux.
 * 5 Elsewhere Linux hands a message straight to the receiver that waits for it.
 */
#include "ipc/sysv_msg.h"

#include "abi/errno.h"
#include "core/restart.h"
#include "core/trace.h"
#include "mem/slab.h"
#include "sched/wait.h"
#include "vm/usercopy.h"

struct message {
    struct list_node link; /* [L] in queue->messages */
    long type;             /* [I] > 0 */
    size_t bytes;          /* [I] */
    char text[];           /* [I] */
};

/* Lock key: [I] set at creation  [L] queues.lock */
struct queue {
    struct sysv_object object;
    struct list_node messages;    /* [L] oldest first */
    uint64_t count, bytes, limit; /* [L] messages, their bytes, most bytes */
    pid_t last_sender, last_receiver;
    time_t stime, rtime, ctime;  /* [L] */
    struct wait_queue can_read;  /* receivers wait for a message */
    struct wait_queue can_write; /* senders wait for room */
};

static struct sysv_ids queues;

static struct queue *queue_of(struct sysv_object *object)
{
    return container_of(object, struct queue, object);
}

/* The last sleeper has left a queue that was removed. */
static void destroy(struct sysv_object *object)
{
    struct queue *q = queue_of(object);
    struct message *m, *next;

    list_for_each_safe (m, next, &q->messages, link)
        kfree(m);
    kfree(q);
}

static int64_t create(key_t key, int flags) MUST_HOLD(queues.lock);
static int64_t create(key_t key, int flags)
{
    struct queue *q = kmalloc_zeroed(sizeof(*q));

    if (!q)
        return -ENOMEM;
    list_init(&q->messages);
    wait_queue_init(&q->can_read);
    wait_queue_init(&q->can_write);
    q->limit = MSGMNB;
    q->ctime = sysv_now();
    int id = sysv_add(&queues, &q->object, key, flags);
    if (id < 0)
        kfree(q);
    return id;
}

int64_t sysv_msg_get(key_t key, int flags)
{
    struct sysv_object *object;

    mutex_lock(&queues.lock);
    int64_t result = sysv_get(&queues, key, flags, &object);
    if (result == 0)
        result = object ? object->id : create(key, flags);
    mutex_unlock(&queues.lock);
    return result;
}

/* ---- msgsnd ------------------------------------------------------------ */

static bool has_room(const struct queue *q, size_t bytes)
{
    return q->bytes + bytes <= q->limit && q->count < q->limit;
}

/* Wait for room.  0, -EAGAIN, -EIDRM, -ERESTARTNOHAND. */
static int wait_for_room(struct queue *q, size_t bytes, int flags)
    MUST_HOLD(queues.lock);
static int wait_for_room(struct queue *q, size_t bytes, int flags)
{
    if (has_room(q, bytes))
        return 0;
    if (flags & IPC_NOWAIT)
        return -EAGAIN;
    if (wait_event(&q->can_write, has_room(q, bytes) || q->object.removed,
                   &queues.lock, WAIT_INTERRUPTIBLE, WAIT_FOREVER) != 0)
        return -ERESTARTNOHAND;
    return q->object.removed ? -EIDRM : 0;
}

static void append(struct queue *q, struct message *m) MUST_HOLD(queues.lock);
static void append(struct queue *q, struct message *m)
{
    trace(MESSAGE_SEND, q, m, m->bytes, m->type);
    list_add_tail(&q->messages, &m->link);
    q->count++;
    q->bytes += m->bytes;
    q->last_sender = sysv_pid();
    q->stime = sysv_now();
    wake_up_all(&q->can_read);
}

static int send(int id, struct message *m, int flags)
{
    struct sysv_object *object;

    mutex_lock(&queues.lock);
    int err = sysv_find(&queues, id, SYSV_WRITE, &object);
    if (err == 0) {
        object->refs++;
        err = wait_for_room(queue_of(object), m->bytes, flags);
        if (err == 0)
            append(queue_of(object), m);
        sysv_put(&queues, object);
    }
    mutex_unlock(&queues.lock);
    return err;
}

int64_t sysv_msg_send(int id, long type, const void __user *text, size_t bytes,
                      int flags)
{
    if (bytes > MSGMAX || id < 0 || type < 1)
        return -EINVAL;
    struct message *m = kmalloc(sizeof(*m) + bytes);
    if (!m)
        return -ENOMEM;
    m->type = type;
    m->bytes = bytes;
    int err = copy_from_user(m->text, text, bytes);
    if (err == 0)
        err = send(id, m, flags);
    if (err != 0)
        kfree(m);
    return err;
}

/* ---- msgrcv ------------------------------------------------------------ */

/* The message that `wanted` means: 0 the first; > 0 the first of that type (or
 * of any other, MSG_EXCEPT); < 0 the first of the lowest type up to -wanted. */
static struct message *choose(struct queue *q, long wanted, int flags)
    MUST_HOLD(queues.lock);
static struct message *choose(struct queue *q, long wanted, int flags)
{
    struct message *m, *best = NULL;
    long most = wanted == INT64_MIN ? INT64_MAX : -wanted;

    list_for_each (m, &q->messages, link) {
        if (wanted == 0)
            return m;
        if (wanted > 0 && (m->type == wanted) == !(flags & MSG_EXCEPT))
            return m;
        if (wanted < 0 && m->type <= most && (!best || m->type < best->type))
            best = m;
    }
    return best;
}

/* Wait for a message and take it out.  0, -ENOMSG, -E2BIG, -EIDRM,
 * -ERESTARTNOHAND. */
static int take(struct queue *q, size_t bytes, long wanted, int flags,
                struct message **out) MUST_HOLD(queues.lock);
static int take(struct queue *q, size_t bytes, long wanted, int flags,
                struct message **out)
{
    struct message *m = choose(q, wanted, flags);

    if (!m && (flags & IPC_NOWAIT))
        return -ENOMSG;
    if (!m && wait_event(&q->can_read,
                         (m = choose(q, wanted, flags)) || q->object.removed,
                         &queues.lock, WAIT_INTERRUPTIBLE, WAIT_FOREVER) != 0)
        return -ERESTARTNOHAND;
    if (q->object.removed)
        return -EIDRM;
    if (m->bytes > bytes && !(flags & MSG_NOERROR))
        return -E2BIG;
    trace(MESSAGE_RECEIVE, q, m, m->bytes, m->type);
    list_remove(&m->link);
    q->count--;
    q->bytes -= m->bytes;
    q->last_receiver = sysv_pid();
    q->rtime = sysv_now();
    wake_up_all(&q->can_write);
    *out = m;
    return 0;
}

int64_t sysv_msg_receive(int id, void __user *text, size_t bytes, long wanted,
                         int flags, long *type)
{
    struct sysv_object *object;
    struct message *m = NULL;

    if (id < 0 || bytes > (size_t)INT64_MAX)
        return -EINVAL;
    if (flags & MSG_COPY)
        return -ENOSYS;
    mutex_lock(&queues.lock);
    int err = sysv_find(&queues, id, SYSV_READ, &object);
    if (err == 0) {
        object->refs++;
        err = take(queue_of(object), bytes, wanted, flags, &m);
        sysv_put(&queues, object);
    }
    mutex_unlock(&queues.lock);
    if (err != 0)
        return err;
    *type = m->type;
    bytes = MIN(bytes, m->bytes);
    err = copy_to_user(text, m->text, bytes);
    kfree(m);
    return err != 0 ? err : (int64_t)bytes;
}

/* ---- msgctl ------------------------------------------------------------ */

static void fill_facts(const struct queue *q, struct msqid_ds *out)
{
    *out = (struct msqid_ds){
        .msg_perm = q->object.perm,
        .msg_stime = q->stime,
        .msg_rtime = q->rtime,
        .msg_ctime = q->ctime,
        .__msg_cbytes = q->bytes,
        .msg_qnum = q->count,
        .msg_qbytes = q->limit,
        .msg_lspid = q->last_sender,
        .msg_lrpid = q->last_receiver,
    };
}

int64_t sysv_msg_stat(int id, int command, struct msqid_ds *out)
{
    struct sysv_object *object;
    int64_t result;

    mutex_lock(&queues.lock);
    if (command == IPC_STAT)
        result = sysv_find(&queues, id, SYSV_READ, &object);
    else
        result = sysv_find_slot(&queues, id,
                                command == MSG_STAT ? SYSV_READ : 0, &object);
    if (result == 0) {
        fill_facts(queue_of(object), out);
        result = command == IPC_STAT ? 0 : object->id;
    }
    mutex_unlock(&queues.lock);
    return result;
}

/* IPC_SET: 0, or -EPERM for more bytes than an ordinary user may ask for. */
static int set(struct queue *q, const struct msqid_ds *from)
    MUST_HOLD(queues.lock);
static int set(struct queue *q, const struct msqid_ds *from)
{
    struct sysv_caller caller;

    sysv_current_caller(&caller);
    if (from->msg_qbytes > MSGMNB && caller.uid != 0)
        return -EPERM;
    if (from->msg_qbytes > INT32_MAX)
        return -EINVAL;
    q->limit = from->msg_qbytes;
    sysv_set(&q->object, &from->msg_perm);
    q->ctime = sysv_now();
    wake_up_all(&q->can_write);
    return 0;
}

int64_t sysv_msg_change(int id, const struct msqid_ds *from)
{
    struct sysv_object *object;

    mutex_lock(&queues.lock);
    int err = sysv_find_owned(&queues, id, &object);
    if (err == 0 && from) {
        err = set(queue_of(object), from);
    } else if (err == 0) {
        struct queue *q = queue_of(object);
        object->refs++; /* the queue outlives the wake-ups */
        sysv_remove(&queues, object);
        wake_up_all(&q->can_read);
        wake_up_all(&q->can_write);
        sysv_put(&queues, object);
    }
    mutex_unlock(&queues.lock);
    return err;
}

static void add_usage(struct sysv_object *object, void *arg)
{
    struct msginfo *out = arg;

    out->msgpool++;
    out->msgmap += (int)queue_of(object)->count;
    out->msgtql += (int)queue_of(object)->bytes;
}

int64_t sysv_msg_info(int command, struct msginfo *out)
{
    *out = (struct msginfo){
        .msgmax = MSGMAX,
        .msgmnb = MSGMNB,
        .msgmni = MSGMNI,
        .msgssz = 16,
        .msgseg = 0xffff,
    };
    if (command == MSG_INFO) {
        sysv_for_each(&queues, add_usage, out);
    } else {
        out->msgpool = MSGMNI * MSGMNB / 1024;
        out->msgmap = out->msgtql = MSGMNB;
    }
    mutex_lock(&queues.lock);
    int highest = sysv_highest(&queues);
    mutex_unlock(&queues.lock);
    return highest;
}

struct visit {
    void (*show)(int id, const struct msqid_ds *facts, void *arg);
    void *arg;
};

static void visit_queue(struct sysv_object *object, void *arg)
{
    const struct visit *v = arg;
    struct msqid_ds facts;

    fill_facts(queue_of(object), &facts);
    v->show(object->id, &facts, v->arg);
}

void sysv_msg_for_each(void (*show)(int id, const struct msqid_ds *facts,
                                    void *arg),
                       void *arg)
{
    struct visit v = { show, arg };

    sysv_for_each(&queues, visit_queue, &v);
}

void sysv_msg_init(void)
{
    sysv_ids_init(&queues, "message queues", MSGMNI, destroy);
}
