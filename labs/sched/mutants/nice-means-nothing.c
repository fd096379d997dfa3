/*
 * All passes grow alike.
 *
 * file: kernel/sched/policy_stride.c
 * of: stride_charge@13f9cca34561
 * loses: shares-by-nice nice-counts-from-now-on
 */
static void stride_charge(struct run_queue *rq, struct thread *t, uint64_t ns)
{
    t->entity.key += ns;
    /* Alone, it may not be picked for long; its pass is the least. */
    if (!tree_first(&rq->tree))
        rq->clock = MAX(rq->clock, t->entity.key);
}
