/*
 * Only two levels: those that compute end at the second one.
 *
 * file: kernel/sched/policy_mlfq.c
 * of: mlfq_charge@9a5fd3f3d4e3
 * loses: who-computes-sinks
 */
static void mlfq_charge(struct run_queue *rq, struct thread *t, uint64_t ns)
{
    struct sched_entity *e = &t->entity;

    e->used += ns;
    if (e->used < allotment_ns(e->level))
        return;
    e->used = 0;
    if (e->level < 1)
        e->level++;
    t->entity.key = 1; /* its turn is over */
}
