/*
 * A stopped process looks as if it slept.
 *
 * file: kernel/proc/procfs_status.c
 * of: state_letter@8e102bcf59b8
 * loses: states
 */
static char state_letter(const struct process *p, const struct thread *t)
{
    if (p->life == PROCESS_ZOMBIE || t->left)
        return 'Z';
    if (ptrace_is_stopped(t))
        return 't';
    if (t->parked)
        return 'S';
    if (t->suspended)
        return 'r';
    switch (__atomic_load_n(&t->state, __ATOMIC_RELAXED)) {
    case THREAD_BLOCKED:
        if (suspend_is_wanted(p))
            return 's';
        return t->wait_how == WAIT_INTERRUPTIBLE ? 'S' : 'D';
    case THREAD_DEAD:
        return 'X';
    default:
        return 'R';
    }
}
