/*
 * Signals without handler do nothing.
 *
 * file: kernel/proc/deliver.c
 * of: act_on@a305fd8a285c
 * loses: default-actions blocked-sets
 */
static __debug_stop void act_on(struct trap_frame *frame, int signal,
                                const siginfo_t *info)
{
    struct process *p = process_current();
    struct kernel_sigaction action;

    signal_get_action(p, signal, &action);
    trace(SIGNAL_DELIVER, signal, action.handler);
    if (action.handler == SIG_IGN)
        return;
    if (action.handler != SIG_DFL)
        run_handler(frame, signal, &action, info);
    else if (p != init_process && (SIGNALS_STOPPING & SIGNAL_BIT(signal)))
        stop_current(signal);
    else if (!is_harmless(p, signal, info))
        return;
}
