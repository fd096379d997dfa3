/*
 * The signal itself is not blocked in its handler.
 *
 * file: kernel/proc/deliver.c
 * of: run_handler@61e8e9784d3a
 * loses: handlers-and-flags
 */
static void run_handler(struct trap_frame *frame, int signal,
                        const struct kernel_sigaction *action,
                        const siginfo_t *info)
{
    struct thread *t = thread_current();
    bool has_saved = thread_has_flag(t, THREAD_RESTORE_MASK);
    uint64_t mask = has_saved ? t->saved_mask : t->blocked;

    settle_call(frame, action);
    ptrace_strip_step(frame);
    if (sigframe_push(frame, signal, action, info, mask) != 0) {
        handler_failed(signal, frame);
        return;
    }
    if (action->flags & SA_RESETHAND) {
        struct kernel_sigaction by_default = *action;
        by_default.handler = SIG_DFL;
        int unused = signal_set_action(signal, &by_default, NULL);
        (void)unused;
    }
    if (has_saved) /* the frame restores it */
        thread_clear_flag(t, THREAD_RESTORE_MASK);
    mask = t->blocked | action->mask;
    signal_set_mask(mask);
    ptrace_handler_entered();
}
