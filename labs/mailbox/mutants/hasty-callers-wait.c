/*
 * O_NONBLOCK is forgotten.
 *
 * file: kernel/ipc/mqueue.c
 * of: put_message@a9d76c53afbc
 * loses: time-runs-out
 */
static int put_message(struct file *file, struct message *m, uint64_t deadline)
{
    struct queue *q = queue_of(file);
    int err = 0;

    mutex_lock(&mq_lock);
    if (q->limit == 0)
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
