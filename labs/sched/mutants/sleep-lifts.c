/*
 * Who wakes comes to the top.
 *
 * file: kernel/sched/policy_mlfq.c
 * of: mlfq_wake@493b342d5b4a
 * loses: sleeping-in-time-does-not-pay
 */
static bool mlfq_wake(struct run_queue *rq, struct thread *current,
                      struct thread *woken)
{
    woken->entity.used = 0;
    woken->entity.level = 0;
    return woken->entity.level < current->entity.level;
}
