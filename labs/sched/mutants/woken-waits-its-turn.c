/*
 * A woken thread waits until the turn of the running one is over.
 *
 * file: kernel/sched/policy_mlfq.c
 * of: mlfq_wake@493b342d5b4a
 * loses: who-sleeps-is-served-first
 */
static bool mlfq_wake(struct run_queue *rq, struct thread *current,
                      struct thread *woken)
{
    return false;
}
