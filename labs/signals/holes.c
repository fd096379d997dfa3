/*
 * labs/signals/holes.c - what the student starts from: signals are thrown away.
 *
 * Only those that end a process at once have an effect, because threads.c does
 * that. The machine boots; a program that makes a mistake makes it for ever.
 */

static int make_pending(struct process *p, struct thread *t, int signal,
                        const siginfo_t *info)
{
    return must_queue(signal, info) ? -EAGAIN : 0;
}

int signal_take(uint64_t set, siginfo_t *info)
{
    struct thread *t = thread_current();
    struct process *p = t->process;

    spin_lock(&p->signal_lock);
    memset(info, 0, sizeof(*info));
    t->pending = 0;
    signal_update_flags_locked(p, t);
    spin_unlock(&p->signal_lock);
    return 0;
}

void signal_set_mask(uint64_t mask)
{
    struct thread *t = thread_current();
    struct process *p = t->process;

    spin_lock(&p->signal_lock);
    t->blocked = mask;
    if (p->thread_count > 1)
        pass_on_locked(p, mask);
    spin_unlock(&p->signal_lock);
}

static void run_handler(struct trap_frame *frame, int signal,
                        const struct kernel_sigaction *action,
                        const siginfo_t *info)
{
    if (sigframe_push(frame, signal, action, info, 0) != 0)
        handler_failed(signal, frame);
}

static __debug_stop void act_on(struct trap_frame *frame, int signal,
                                const siginfo_t *info)
{
    struct process *p = process_current();
    struct kernel_sigaction action;

    signal_get_action(p, signal, &action);
    trace(SIGNAL_DELIVER, signal, action.handler);
    if (!is_harmless(p, signal, info))
        run_handler(frame, signal, &action, info);
}
