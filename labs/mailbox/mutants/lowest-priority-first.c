/*
 * The list is sorted the wrong way round.
 *
 * file: kernel/ipc/mqueue.c
 * of: insert@12327a5cc48d
 * loses: urgent-letters-first
 */
static void insert(struct queue *q, struct message *m)
{
    struct list_node *place = &q->messages;

    /* From the end: most messages have the priority of those before. */
    while (place->prev != &q->messages &&
           list_entry(place->prev, struct message, link)->priority >
               m->priority)
        place = place->prev;
    list_add_before(place, &m->link);
    __atomic_fetch_add(&q->count, 1, __ATOMIC_RELAXED);
}
