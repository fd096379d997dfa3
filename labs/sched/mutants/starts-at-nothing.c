/*
 * Who comes starts at 0.
 *
 * file: kernel/sched/policy_stride.c
 * of: stride_join@8769ea3a6433
 * loses: late-comer-gets-no-back-pay
 */
static void stride_join(struct run_queue *rq, struct thread *t)
{
    struct sched_entity *e = &t->entity;
    uint64_t there = run_queues[e->cpu].clock;
    uint64_t ahead = e->key > there ? e->key - there : 0;

    (void)ahead;
    e->key = 0;
    e->cpu = (uint8_t)rq->cpu;
}
