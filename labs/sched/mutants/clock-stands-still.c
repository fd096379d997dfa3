/*
 * A thread that runs alone does not take the clock along: whoever comes then
 * gets all that time as back pay.
 *
 * file: kernel/sched/policy_stride.c
 * of: stride_charge@13f9cca34561
 * loses: late-comer-gets-no-back-pay
 */
static void stride_charge(struct run_queue *rq, struct thread *t, uint64_t ns)
{
    t->entity.key += ns * SCHED_WEIGHT_NORMAL / sched_weight(t);
}
