/*
 * Real-time signals are treated as standard ones.
 *
 * file: kernel/proc/signal.c
 * of: make_pending@bd233dba2928
 * loses: real-time-in-order none-is-lost
 */
static int make_pending(struct process *p, struct thread *t, int signal,
                        const siginfo_t *info)
{
    uint64_t *set = t ? &t->pending : &p->shared_pending;

    if (!(*set & SIGNAL_BIT(signal))) {
        bool queued = signal_enqueue_locked(
            p, t ? signal_thread_queue(t) : &p->shared_queue, signal, info);
        if (!queued && must_queue(signal, info))
            return -EAGAIN;
    }
    *set |= SIGNAL_BIT(signal);
    return 0;
}
