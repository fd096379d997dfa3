/*
 * labs/sched/holes.c - what the student starts from: round robin, twice.
 *
 * In mlfq nobody ever leaves level 0; in stride all passes grow alike, and who
 * comes late has a small one.
 */

static void mlfq_charge(struct run_queue *rq, struct thread *t, uint64_t ns)
{
}

static bool mlfq_tick(struct run_queue *rq, struct thread *t)
{
    return levels_filled(&rq->levels);
}

static bool mlfq_wake(struct run_queue *rq, struct thread *current,
                      struct thread *woken)
{
    return false;
}

static void stride_join(struct run_queue *rq, struct thread *t)
{
}

static void stride_charge(struct run_queue *rq, struct thread *t, uint64_t ns)
{
    t->entity.key += ns;
}
