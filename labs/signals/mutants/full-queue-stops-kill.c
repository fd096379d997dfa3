/*
 * kill fails, too, when the queue is full.
 *
 * file: kernel/proc/signal.c
 * of: make_pending@bd233dba2928
 * loses: queue-is-limited
 */
static int make_pending(struct process *p, struct thread *t, int signal,
                        const siginfo_t *info)
{
    uint64_t *set = t ? &t->pending : &p->shared_pending;

    if (!(*set & SIGNAL_BIT(signal)) || signal >= SIGNAL_RT_MIN) {
        bool queued = signal_enqueue_locked(
            p, t ? signal_thread_queue(t) : &p->shared_queue, signal, info);
        if (!queued)
            return -EAGAIN;
    }
    *set |= SIGNAL_BIT(signal);
    return 0;
}
