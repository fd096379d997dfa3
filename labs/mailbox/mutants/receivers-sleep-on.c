/*
 * Nobody tells those who wait for a letter.
 *
 * file: kernel/ipc/mqueue.c
 * of: put_message@a9d76c53afbc
 * loses: receivers-wait
 */
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
        if (was_empty && q->receivers == 0 && q->notice.pid != 0)
            tell(q);
    }
    mutex_unlock(&mq_lock);
    return err == -EINTR ? -ERESTARTSYS : err;
}
