/*
 * proc/signal_action.c - what processes do on signals.
 *
 * Idea:  the actions are an object of their own, which clone's CLONE_SIGHAND
 *        shares; exec gives the process its own again.
 * Locks: handlers->lock inside process->signal_lock.
 * Next:  signal.c.
 */
#include "abi/errno.h"
#include "base/string.h"
#include "mem/slab.h"
#include "proc/signal_state.h"
#include "proc/sigset.h"

/* Flags of actions; others are dropped, so that a program can find out which
 * ones there are by reading its action back. */
#define ACTION_FLAGS                                                           \
    (SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_ONSTACK | SA_RESTART |      \
     SA_NODEFER | SA_RESETHAND | SA_RESTORER)

static struct slab_cache handlers_cache;

void signal_action_init(void)
{
    slab_cache_init(&handlers_cache, "handlers",
                    sizeof(struct signal_handlers));
}

struct signal_handlers *signal_handlers_create(struct signal_handlers *from)
{
    struct signal_handlers *h = slab_alloc(&handlers_cache);

    if (!h)
        return NULL;
    h->refs = 1;
    spinlock_init(&h->lock, "handlers", RANK_SIGNAL);
    if (from) {
        spin_lock(&from->lock);
        memcpy(h->action, from->action, sizeof(h->action));
        spin_unlock(&from->lock);
    } else {
        memset(h->action, 0, sizeof(h->action));
    }
    return h;
}

struct signal_handlers *signal_handlers_get(struct signal_handlers *h)
{
    __atomic_fetch_add(&h->refs, 1, __ATOMIC_RELAXED);
    return h;
}

void signal_handlers_put(struct signal_handlers *h)
{
    if (__atomic_sub_fetch(&h->refs, 1, __ATOMIC_ACQ_REL) == 0)
        slab_free(&handlers_cache, h);
}

kernel_sighandler signal_handler_locked(struct process *p, int signal)
{
    spin_lock_nested(&p->handlers->lock);
    kernel_sighandler handler = p->handlers->action[signal - 1].handler;
    spin_unlock(&p->handlers->lock);
    return handler;
}

bool signal_is_ignored_locked(struct process *p, int signal)
{
    kernel_sighandler handler = signal_handler_locked(p, signal);

    if (handler == SIG_DFL)
        return p == init_process ||
               (SIGNALS_IGNORED_BY_DEFAULT & SIGNAL_BIT(signal));
    return handler == SIG_IGN;
}

bool signal_is_fatal_locked(struct process *p, uint64_t set)
{
    set &= ~(SIGNALS_IGNORED_BY_DEFAULT | SIGNALS_STOPPING);
    for (; set && p != init_process; set &= set - 1)
        if (signal_handler_locked(p, __builtin_ctzl(set) + 1) == SIG_DFL)
            return true;
    return false;
}

void signal_get_action(struct process *p, int signal,
                       struct kernel_sigaction *out)
{
    spin_lock(&p->signal_lock);
    spin_lock_nested(&p->handlers->lock);
    *out = p->handlers->action[signal - 1];
    spin_unlock(&p->handlers->lock);
    spin_unlock(&p->signal_lock);
}

/* Set an action (NULL: leave it) and tell what it was, in one step: threads may
 * do so at once. */
static struct kernel_sigaction
exchange_action(struct process *p, int signal,
                const struct kernel_sigaction *action)
    MUST_HOLD(p->signal_lock);
static struct kernel_sigaction
exchange_action(struct process *p, int signal,
                const struct kernel_sigaction *action)
{
    spin_lock_nested(&p->handlers->lock);
    struct kernel_sigaction *a = &p->handlers->action[signal - 1];
    struct kernel_sigaction before = *a;
    if (action) {
        *a = *action;
        a->flags &= ACTION_FLAGS;
        a->mask &= ~SIGNALS_UNBLOCKABLE;
    }
    spin_unlock(&p->handlers->lock);
    return before;
}

/* A signal that is ignored from now on is not pending any more, either
 * [POSIX "Signal Actions"]. */
static void action_changed_locked(struct process *p, int signal)
    MUST_HOLD(p->signal_lock);
static void action_changed_locked(struct process *p, int signal)
{
    struct thread *t;

    if (signal_pending_anywhere_locked(p, SIGNAL_BIT(signal)) &&
        signal_is_ignored_locked(p, signal))
        signal_discard_locked(p, signal);
    list_for_each (t, &p->threads, process_link)
        signal_update_flags_locked(p, t);
}

int signal_set_action(int signal, const struct kernel_sigaction *action,
                      struct kernel_sigaction *old)
{
    struct process *p = process_current();

    if (signal < 1 || signal > SIGNAL_MAX ||
        (action && (SIGNALS_UNBLOCKABLE & SIGNAL_BIT(signal))))
        return -EINVAL;
    spin_lock(&p->signal_lock);
    struct kernel_sigaction before = exchange_action(p, signal, action);
    if (action)
        action_changed_locked(p, signal);
    spin_unlock(&p->signal_lock);
    if (old)
        *old = before;
    return 0;
}

void signal_reset_handlers(struct process *p)
{
    struct thread *t;

    spin_lock(&p->signal_lock);
    spin_lock_nested(&p->handlers->lock);
    for (int i = 0; i < SIGNAL_MAX; i++) {
        struct kernel_sigaction *a = &p->handlers->action[i];
        a->handler = a->handler == SIG_IGN ? SIG_IGN : SIG_DFL;
        a->flags = 0;
        a->restorer = NULL;
        a->mask = 0;
    }
    spin_unlock(&p->handlers->lock);
    list_for_each (t, &p->threads, process_link)
        signal_update_flags_locked(p, t);
    spin_unlock(&p->signal_lock);
}
