/*
 * A negative type takes the oldest letter, not that of the lowest type.
 *
 * file: kernel/ipc/sysv_msg.c
 * of: choose@a0307307be02
 * loses: types-choose
 */
static struct message *choose(struct queue *q, long wanted, int flags)
{
    struct message *m, *best = NULL;
    long most = wanted == INT64_MIN ? INT64_MAX : -wanted;

    list_for_each (m, &q->messages, link) {
        if (wanted == 0)
            return m;
        if (wanted > 0 && (m->type == wanted) == !(flags & MSG_EXCEPT))
            return m;
        if (wanted < 0 && m->type <= most && !best)
            best = m;
    }
    return best;
}
