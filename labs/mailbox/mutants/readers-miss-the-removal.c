/*
 * Receivers do not look whether the box is still there.
 *
 * file: kernel/ipc/sysv_msg.c
 * of: take@3e64748a9a2c
 * loses: removal-wakes-all
 */
static int take(struct queue *q, size_t bytes, long wanted, int flags,
                struct message **out)
{
    struct message *m = choose(q, wanted, flags);

    if (!m && (flags & IPC_NOWAIT))
        return -ENOMSG;
    if (!m && wait_event(&q->can_read, (m = choose(q, wanted, flags)) != NULL,
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
