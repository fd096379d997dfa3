/*
 * All that wait are woken.
 *
 * file: kernel/proc/exit.c
 * of: exit_tell_user@6c443517ca84
 * loses: the-end-is-told
 */
void exit_tell_user(struct thread *t)
{
    struct process *p = t->process;
    uint64_t address = t->clear_child_tid;
    uint32_t zero = 0;

    t->clear_child_tid = 0;
    if (address == 0 ||
        (__atomic_load_n(&p->thread_count, __ATOMIC_RELAXED) < 2 &&
         __atomic_load_n(&p->space->refs, __ATOMIC_RELAXED) < 2))
        return; /* nobody is there to see it */
    if (put_user(zero, (uint32_t __user *)address) == 0)
        futex_wake(address, true, INT32_MAX, UINT32_MAX);
}
