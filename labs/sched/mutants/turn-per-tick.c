/*
 * Among equals the CPU changes hands at each tick.
 *
 * file: kernel/sched/policy_mlfq.c
 * of: mlfq_tick@befb2671eeee
 * loses: turns-grow-with-the-level
 */
static bool mlfq_tick(struct run_queue *rq, struct thread *t)
{
    uint64_t now = clock_now_ns();
    bool turn_over = t->entity.key;

    t->entity.key = 0;
    if (now - rq->boosted_at >= BOOST_NS) {
        rq->boosted_at = now;
        boost(rq, t);
    }
    const struct thread *next = levels_lowest(&rq->levels);
    return next && (next->entity.level <= t->entity.level);
}
