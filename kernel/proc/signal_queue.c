/*
 * proc/signal_queue.c - the siginfo of pending signals.
 *
 * Idea:  beside each set of pending signals, of a thread or of the process,
 *        stands a list of entries in the order of sending.
 * Locks: process->signal_lock.
 * Next:  signal.c.
 */
#include "abi/errno.h"
#include "base/string.h"
#include "mem/slab.h"
#include "proc/signal_state.h"

/* Bytes of siginfo that any sender fills; the rest is padding. */
enum { SIGINFO_USED_BYTES = 48 };

/* One queued siginfo.  Lock key: [G] signal_lock */
struct signal_entry {
    struct signal_entry *next; /* [G] in order of sending */
    union {
        int signal;
        uint8_t info[SIGINFO_USED_BYTES]; /* begins with si_signo */
    };
};

static struct slab_cache entry_cache;

void signal_queue_init(void)
{
    slab_cache_init(&entry_cache, "signal", sizeof(struct signal_entry));
}

bool signal_enqueue_locked(struct process *p, struct signal_entry **queue,
                           int signal, const siginfo_t *info)
{
    struct signal_entry *e = NULL;

    if (signal < SIGNAL_RT_MIN ||
        p->queued_signals < p->limits[RLIMIT_SIGPENDING].rlim_cur)
        e = slab_alloc(&entry_cache);
    if (!e)
        return false;
    if (info) {
        memcpy(e->info, info, sizeof(e->info));
    } else {
        memset(e->info, 0, sizeof(e->info));
        ((siginfo_t *)e->info)->si_code = SI_KERNEL;
    }
    e->signal = signal;
    e->next = NULL;
    while (*queue)
        queue = &(*queue)->next;
    *queue = e;
    p->queued_signals++;
    return true;
}

struct signal_entry **signal_thread_queue(struct thread *t)
{
    return (struct signal_entry **)&t->signal_info;
}

bool signal_dequeue_locked(struct process *p, struct signal_entry **queue,
                           int signal, siginfo_t *info, bool *more)
{
    bool found = false;

    *more = false;
    for (struct signal_entry **at = queue, *e; (e = *at) != NULL;) {
        if (e->signal != signal) {
            at = &e->next;
            continue;
        }
        if (found) {
            *more = true;
            break;
        }
        found = true;
        memcpy(info, e->info, sizeof(e->info));
        *at = e->next;
        slab_free(&entry_cache, e);
        p->queued_signals--;
    }
    return found;
}

static void discard_from(struct process *p, struct signal_entry **queue,
                         int signal) MUST_HOLD(p->signal_lock);
static void discard_from(struct process *p, struct signal_entry **queue,
                         int signal)
{
    siginfo_t unused;
    bool more;

    do
        signal_dequeue_locked(p, queue, signal, &unused, &more);
    while (more);
}

void signal_discard_locked(struct process *p, int signal)
{
    struct thread *t;

    discard_from(p, &p->shared_queue, signal);
    p->shared_pending &= ~SIGNAL_BIT(signal);
    list_for_each (t, &p->threads, process_link) {
        discard_from(p, signal_thread_queue(t), signal);
        t->pending &= ~SIGNAL_BIT(signal);
    }
}

uint64_t signal_pending_anywhere_locked(struct process *p, uint64_t set)
{
    uint64_t pending = p->shared_pending;
    struct thread *t;

    list_for_each (t, &p->threads, process_link)
        pending |= t->pending;
    return pending & set;
}

void signal_free_queue_locked(struct process *p, struct signal_entry **queue)
{
    struct signal_entry *e;

    while ((e = *queue) != NULL) {
        *queue = e->next;
        slab_free(&entry_cache, e);
        p->queued_signals--;
    }
}

/* Nobody else knows the process any more. */
void signal_flush(struct process *p) NO_LOCK_ANALYSIS
{
    signal_free_queue_locked(p, &p->shared_queue);
}
