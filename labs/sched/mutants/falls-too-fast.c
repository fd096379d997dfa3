/*
 * Every level has a tick's time only.
 *
 * file: kernel/sched/policy_mlfq.c
 * of: mlfq_charge@9a5fd3f3d4e3
 * loses: all-are-lifted
 */
static void mlfq_charge(struct run_queue *rq, struct thread *t, uint64_t ns)
{
    struct sched_entity *e = &t->entity;

    e->used += ns;
    if (e->used < SCHED_TICK_NS)
        return;
    e->used = 0;
    if (e->level < LEVELS - 1)
        e->level++;
    t->entity.key = 1; /* its turn is over */
}
