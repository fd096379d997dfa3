/*
 * There is no boost.
 *
 * file: kernel/sched/policy_mlfq.c
 * of: mlfq_tick@befb2671eeee
 * loses: all-are-lifted
 */
static bool mlfq_tick(struct run_queue *rq, struct thread *t)
{
    uint64_t now = clock_now_ns();
    bool turn_over = t->entity.key;

    t->entity.key = 0;
    if (now - rq->boosted_at >= 100 * BOOST_NS) {
        rq->boosted_at = now;
        boost(rq, t);
    }
    const struct thread *next = levels_lowest(&rq->levels);
    return next && (turn_over ? next->entity.level <= t->entity.level
                              : next->entity.level < t->entity.level);
}
