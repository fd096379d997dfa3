/*
 * The deadline is not looked at.
 *
 * file: kernel/ipc/mqueue.c
 * of: take_message@04725672d121
 * loses: time-runs-out
 */
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
        err =
            wait_event(&q->can_read, q->count > 0, &mq_lock, WAIT_INTERRUPTIBLE,
                       deadline == WAIT_FOREVER ? deadline : WAIT_FOREVER);
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
