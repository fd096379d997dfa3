/*
 * labs/mailbox/holes.c - what the student starts from: boxes that never wait.
 *
 * A full POSIX box says EAGAIN, an empty one EAGAIN or ENOMSG, and letters leave
 * in the order in which they came.
 */

static void insert(struct queue *q, struct message *m)
{
    list_add_tail(&q->messages, &m->link);
    __atomic_fetch_add(&q->count, 1, __ATOMIC_RELAXED);
}

static int put_message(struct file *file, struct message *m, uint64_t deadline)
{
    struct queue *q = queue_of(file);
    int err = q->count < q->limit ? 0 : -EAGAIN;

    (void)deadline;
    mutex_lock(&mq_lock);
    if (err == 0) {
        bool was_empty = q->count == 0;
        insert(q, m);
        if (was_empty && q->receivers == 0 && q->notice.pid != 0)
            tell(q);
    }
    mutex_unlock(&mq_lock);
    return err;
}

static int take_message(struct file *file, uint64_t deadline,
                        struct message **out)
{
    struct queue *q = queue_of(file);
    int err = -EAGAIN;

    (void)deadline;
    mutex_lock(&mq_lock);
    if (q->count > 0) {
        *out = list_first_entry(&q->messages, struct message, link);
        list_remove(&(*out)->link);
        __atomic_fetch_sub(&q->count, 1, __ATOMIC_RELAXED);
        err = 0;
    }
    mutex_unlock(&mq_lock);
    return err;
}

static struct message *choose(struct queue *q, long wanted, int flags)
{
    (void)wanted;
    (void)flags;
    return list_is_empty(&q->messages)
               ? NULL
               : list_first_entry(&q->messages, struct message, link);
}

static int take(struct queue *q, size_t bytes, long wanted, int flags,
                struct message **out)
{
    struct message *m = choose(q, wanted, flags);

    (void)bytes;
    if (!m)
        return -ENOMSG;
    list_remove(&m->link);
    q->count--;
    q->bytes -= m->bytes;
    *out = m;
    return 0;
}
