/*
 * Sleeps without telling the owner, who then wakes nobody.
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
        if (owner == 0) {
            if (cas_owner(m, 0, (uintptr_t)self))
                return true;
        } else {
            return false;
        }
    }
}
