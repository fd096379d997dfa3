/*
 * A sleep that no signal ends is shown as any other.
 *
 * file: kernel/proc/procfs_status.c
 * of: state_letter@8e102bcf59b8
 * loses: uncommon-states
 */
static char state_letter(const struct process *p, const struct thread *t)
{
    if (p->life == PROCESS_ZOMBIE || t->left)
        return 'Z';
    if (ptrace_is_stopped(t))
        return 't';
    if (t->parked)
        return 'T';
    if (t->suspended)
        return 'r';
    switch (__atomic_load_n(&t->state, __ATOMIC_RELAXED)) {
    case THREAD_BLOCKED:
        if (suspend_is_wanted(p))
            return 's';
        return 'S';
    case THREAD_DEAD:
        return 'X';
    default:
        return 'R';
    }
}
