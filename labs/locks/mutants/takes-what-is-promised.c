/*
 * Takes a mutex for itself because others wait for it already.
 *
 * file: kernel/sched/mutex.c
 * of: take_or_mark@9eb72d1f3311
 * loses: waiters-sleep
 */
static bool take_or_mark(struct mutex *m, struct thread *self)
{
    for (;;) {
        uintptr_t owner =
            (uintptr_t)__atomic_load_n(&m->owner, __ATOMIC_RELAXED);
        if (owner == 0 || (owner & WAITERS_BIT)) {
            if (cas_owner(m, owner, (uintptr_t)self | (owner & WAITERS_BIT)))
                return true;
        } else if ((owner & WAITERS_BIT) ||
                   cas_owner(m, owner, owner | WAITERS_BIT)) {
            return false;
        }
    }
}
