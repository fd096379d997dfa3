/*
 * Unblocked signals stay pending until something else happens.
 *
 * file: kernel/proc/signal.c
 * of: signal_set_mask@25e193017e20
 * loses: standard-signals-once blocked-sets
 */
void signal_set_mask(uint64_t mask)
{
    struct thread *t = thread_current();
    struct process *p = t->process;

    mask &= ~SIGNALS_UNBLOCKABLE;
    spin_lock(&p->signal_lock);
    uint64_t newly_blocked = mask & ~t->blocked;
    t->blocked = mask;
    if (p->thread_count > 1)
        pass_on_locked(p, newly_blocked);
    spin_unlock(&p->signal_lock);
}
