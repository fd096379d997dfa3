/*
 * That a stop signal was taken is not noted: SIGCONT cannot take it back.
 *
 * file: kernel/proc/signal.c
 * of: signal_take@efc9ce57bf4f
 * loses: default-actions
 */
int signal_take(uint64_t set, siginfo_t *info)
{
    struct thread *t = thread_current();
    struct process *p = t->process;
    int signal = 0;
    bool more;

    spin_lock(&p->signal_lock);
    bool own = t->pending & set;
    uint64_t *pending = own ? &t->pending : &p->shared_pending;
    if (*pending & set) {
        signal = first_of(*pending & set);
        memset(info, 0, sizeof(*info));
        if (!signal_dequeue_locked(
                p, own ? signal_thread_queue(t) : &p->shared_queue, signal,
                info, &more))
            info->si_signo = signal; /* si_code 0: SI_USER, as on Linux */
        if (!more)
            *pending &= ~SIGNAL_BIT(signal);
        if (SIGNALS_STOPPING & SIGNAL_BIT(signal))
            p->stop_taken = false;
    }
    signal_update_flags_locked(p, t);
    spin_unlock(&p->signal_lock);
    return signal;
}
