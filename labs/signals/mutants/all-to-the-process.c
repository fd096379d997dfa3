/*
 * A signal to a thread becomes one to the process.
 *
 * file: kernel/proc/signal.c
 * of: make_pending@bd233dba2928
 * loses: thread-and-process
 */
static int make_pending(struct process *p, struct thread *t, int signal,
                        const siginfo_t *info)
{
    uint64_t *set = &p->shared_pending;

    if (!(*set & SIGNAL_BIT(signal)) || signal >= SIGNAL_RT_MIN) {
        bool queued = signal_enqueue_locked(p, &p->shared_queue, signal, info);
        if (!queued && must_queue(signal, info))
            return -EAGAIN;
    }
    *set |= SIGNAL_BIT(signal);
    return 0;
}
