/*
 * proc/signal.c - pending signals: sent, queued, taken.
 *
 * 1 Idea      A signal is a bit in a pending set, of a thread or of the whole
 *             process, and an entry with its siginfo in a queue beside it.  A
 *             standard signal has one entry at most: sent again, it is the same
 *             signal.  Real-time signals (from 32) keep an entry for each.
 * 2 States    sent -> pending -> taken by signal_deliver() or sigtimedwait.  An
 *             ignored signal is dropped when sent, unless it is blocked: the
 *             program may still change its mind.  The thread's flags SIGPENDING
 *             (some pending signal is not blocked) and KILLED (one of those ends
 *             the process) are recomputed whenever sets, mask or actions change.
 * 3 Locking   process->signal_lock for sets, queues and masks; inside it
 *             handlers->lock for the actions, which several processes may share.
 *             Both are leaves but for the wake-up, so signals can be sent from
 *             interrupts.  What is sent to a process wakes one thread that
 *             does not block it; if that one blocks it or leaves before taking
 *             it, another is woken (pass_on_locked).
 * 4 Failure   Without memory for an entry the signal comes without siginfo.
 * 5 Elsewhere Linux keeps all this in sighand_struct and signal_struct; its
 *             complete_signal() chooses the thread, and ends the whole group
 *             there already when the signal is fatal.  Here the chosen thread
 *             does that when it takes the signal.
 *
 * Next: deliver.c (acting on signals), sigframe.c (handlers), kill.c.
 */
#include "proc/signal.h"

#include "abi/errno.h"
#include "base/string.h"
#include "core/printk.h"
#include "mem/slab.h"
#include "proc/process.h"
#include "proc/sigset.h"
#include "proc/stop.h"
#include "proc/threads.h"
#include "vm/fault.h"
#include "x86/irq.h"
#include "x86/lapic.h"

/* Bytes of siginfo that any sender fills; the rest is padding. */
enum { SIGINFO_USED_BYTES = 48 };

/* Flags of actions; others are dropped, so that a program can find out which
 * ones there are by reading its action back. */
#define ACTION_FLAGS                                                           \
    (SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_ONSTACK | SA_RESTART |      \
     SA_NODEFER | SA_RESETHAND | SA_RESTORER)

/* One queued siginfo.  Lock key: [G] signal_lock */
struct signal_entry {
    struct signal_entry *next; /* [G] in order of sending */
    union {
        int signal;
        uint8_t info[SIGINFO_USED_BYTES]; /* begins with si_signo */
    };
};

static struct slab_cache entry_cache, handlers_cache;

static void discard_locked(struct process *p, int signal)
    MUST_HOLD(p->signal_lock);

void signal_init(void)
{
    slab_cache_init(&entry_cache, "signal", sizeof(struct signal_entry));
    slab_cache_init(&handlers_cache, "handlers",
                    sizeof(struct signal_handlers));
    fault_out_of_memory = signal_out_of_memory;
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

static kernel_sighandler handler_locked(struct process *p, int signal)
{
    spin_lock_nested(&p->handlers->lock);
    kernel_sighandler handler = p->handlers->action[signal - 1].handler;
    spin_unlock(&p->handlers->lock);
    return handler;
}

/* Would `signal`, delivered now, do nothing?  Pid 1 has no fatal defaults. */
static bool is_ignored(struct process *p, int signal)
{
    kernel_sighandler handler = handler_locked(p, signal);

    if (handler == SIG_DFL)
        return p == init_process ||
               (SIGNALS_IGNORED_BY_DEFAULT & SIGNAL_BIT(signal));
    return handler == SIG_IGN;
}

/* Would one of the signals in `set` end the process? */
static bool is_fatal_set(struct process *p, uint64_t set)
{
    set &= ~(SIGNALS_IGNORED_BY_DEFAULT | SIGNALS_STOPPING);
    for (; set && p != init_process; set &= set - 1)
        if (handler_locked(p, __builtin_ctzl(set) + 1) == SIG_DFL)
            return true;
    return false;
}

void signal_update_flags_locked(struct process *p, struct thread *t)
{
    uint64_t pending = t->pending | p->shared_pending;

    if (threads_must_leave(p, t)) {
        thread_set_flag(t, THREAD_SIGPENDING | THREAD_KILLED);
        return;
    }
    if (t->parked)
        pending &= SIGNAL_BIT(SIGKILL); /* the others come when it goes on */
    uint64_t set = pending & ~t->blocked;
    bool must_park = p->stop_signal && !t->parked;

    if (set == 0 && (pending & t->awaited) == 0 && !must_park) {
        if (thread_has_flag(t, THREAD_SIGPENDING | THREAD_KILLED))
            thread_clear_flag(t, THREAD_SIGPENDING | THREAD_KILLED);
        return;
    }
    thread_set_flag(t, THREAD_SIGPENDING);
    if (is_fatal_set(p, set))
        thread_set_flag(t, THREAD_KILLED);
    else
        thread_clear_flag(t, THREAD_KILLED);
}

/* Make the thread look at its flags: out of its sleep, or out of user mode. */
static void nudge(struct thread *t)
{
    if (sched_wake(t) || t == thread_current())
        return;
    if (__atomic_load_n(&t->on_cpu, __ATOMIC_ACQUIRE) && t->cpu != this_cpu->id)
        lapic_send_ipi(cpus[t->cpu].apic_id, VECTOR_RESCHEDULE);
}

void signal_nudge_locked(struct process *p, struct thread *t)
{
    if (t->left)
        return;
    signal_update_flags_locked(p, t);
    nudge(t);
}

/* Would `t` take `signal` if it came now? */
static bool can_take(const struct thread *t, uint64_t set)
{
    return !t->left && (set & (~t->blocked | t->awaited));
}

/* Who is to take a signal of `set` sent to the process: the first thread if it
 * can, else whoever can; NULL: nobody.  One that is about to look at signals
 * already comes last: it may take another one and no more. */
static struct thread *choose_locked(struct process *p, uint64_t set)
    MUST_HOLD(p->signal_lock);
static struct thread *choose_locked(struct process *p, uint64_t set)
{
    struct thread *t, *busy = NULL;

    if (p->exec_thread)
        return p->exec_thread;
    if (can_take(p->leader, set))
        busy = p->leader;
    if (busy && !thread_has_flag(busy, THREAD_SIGPENDING))
        return busy;
    list_for_each (t, &p->threads, process_link) {
        if (!can_take(t, set))
            continue;
        if (!thread_has_flag(t, THREAD_SIGPENDING))
            return t;
        if (!busy)
            busy = t;
    }
    return busy;
}

/* Wake another thread for each signal of `set` that is pending for the process,
 * since the one chosen before does not take it. */
static void pass_on_locked(struct process *p, uint64_t set)
    MUST_HOLD(p->signal_lock);
static void pass_on_locked(struct process *p, uint64_t set)
{
    for (set &= p->shared_pending; set; set &= set - 1) {
        struct thread *t = choose_locked(p, set & -set);
        if (t)
            signal_nudge_locked(p, t);
    }
}

/* Append a siginfo for `signal`; without memory none.  The limit is for
 * real-time signals: there is one entry of each other signal at most.  False:
 * nothing was appended. */
static bool enqueue(struct process *p, struct signal_entry **queue, int signal,
                    const siginfo_t *info)
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

static struct signal_entry **thread_queue(struct thread *t)
{
    return (struct signal_entry **)&t->signal_info;
}

/* Must the caller hear of it when `signal` cannot be queued?  kill() comes
 * through without siginfo instead. */
static bool must_queue(int signal, const siginfo_t *info)
{
    return signal >= SIGNAL_RT_MIN && info && info->si_code != SI_USER;
}

/* Make `signal` pending for the thread, or (NULL) the process; 0 or -EAGAIN. */
static int make_pending(struct process *p, struct thread *t, int signal,
                        const siginfo_t *info) MUST_HOLD(p->signal_lock);
static int make_pending(struct process *p, struct thread *t, int signal,
                        const siginfo_t *info)
{
    uint64_t *set = t ? &t->pending : &p->shared_pending;

    if (!(*set & SIGNAL_BIT(signal)) || signal >= SIGNAL_RT_MIN) {
        bool queued =
            enqueue(p, t ? thread_queue(t) : &p->shared_queue, signal, info);
        if (!queued && must_queue(signal, info))
            return -EAGAIN;
    }
    *set |= SIGNAL_BIT(signal);
    return 0;
}

/* Make `signal` pending for the running thread. */
static void make_pending_here(struct process *p, int signal,
                              const siginfo_t *info) MUST_HOLD(p->signal_lock);
static void make_pending_here(struct process *p, int signal,
                              const siginfo_t *info)
{
    int unused = make_pending(p, thread_current(), signal, info);

    (void)unused; /* no real-time signal */
    signal_update_flags_locked(p, thread_current());
}

/* Signals of `set` that are pending somewhere in the process. */
static uint64_t pending_anywhere(struct process *p, uint64_t set)
    MUST_HOLD(p->signal_lock);
static uint64_t pending_anywhere(struct process *p, uint64_t set)
{
    uint64_t pending = p->shared_pending;
    struct thread *t;

    list_for_each (t, &p->threads, process_link)
        pending |= t->pending;
    return pending & set;
}

/* A stop signal takes back a SIGCONT that is pending, and the reverse; SIGCONT
 * continues the process now, whatever is to become of the signal itself. */
static void cancel_opposites(struct process *p, int signal)
    MUST_HOLD(p->signal_lock);
static void cancel_opposites(struct process *p, int signal)
{
    struct thread *t;
    bool stops = SIGNALS_STOPPING & SIGNAL_BIT(signal);
    uint64_t opposite = stops               ? SIGNAL_BIT(SIGCONT)
                        : signal == SIGCONT ? SIGNALS_STOPPING
                                            : 0;

    if (opposite == 0)
        return;
    for (uint64_t set = pending_anywhere(p, opposite); set; set &= set - 1)
        discard_locked(p, __builtin_ctzl(set) + 1);
    if (!stops)
        stop_end_locked(p);
    list_for_each (t, &p->threads, process_link)
        signal_update_flags_locked(p, t);
}

/* To thread `t`, or (NULL) to the process; 0 or -EAGAIN. */
static int send_locked(struct process *p, struct thread *t, int signal,
                       const siginfo_t *info) MUST_HOLD(p->signal_lock);
static int send_locked(struct process *p, struct thread *t, int signal,
                       const siginfo_t *info)
{
    uint64_t bit = SIGNAL_BIT(signal);

    if (p->group_exiting || (t && t->left))
        return 0; /* as if it came a moment later */
    cancel_opposites(p, signal);
    bool blocked = (t ? t : p->leader)->blocked & bit;
    if (!blocked && is_ignored(p, signal))
        return 0;
    int err = make_pending(p, t, signal, info);
    struct thread *taker = t ? t : choose_locked(p, bit);
    if (taker && can_take(taker, bit))
        signal_nudge_locked(p, taker);
    return err;
}

static int send(struct process *p, struct thread *t, int signal,
                const siginfo_t *info)
{
    spin_lock(&p->signal_lock);
    int err = send_locked(p, t, signal, info);
    spin_unlock(&p->signal_lock);
    return err;
}

void signal_send_process(struct process *p, int signal, const siginfo_t *info)
{
    int unused = send(p, NULL, signal, info);
    (void)unused;
}

int signal_queue_process(struct process *p, int signal, const siginfo_t *info)
{
    return send(p, NULL, signal, info);
}

int signal_queue_thread(struct process *p, struct thread *t, int signal,
                        const siginfo_t *info)
{
    return send(p, t, signal, info);
}

/* What the frame of a page fault tells about the access. */
static const char *access_of(const struct trap_frame *frame)
{
    enum { PAGE_FAULT = 14, ERROR_WRITE = 2, ERROR_FETCH = 16 };

    if (frame->vector != PAGE_FAULT)
        return "trap";
    if (frame->error & ERROR_FETCH)
        return "execute";
    return frame->error & ERROR_WRITE ? "write" : "read";
}

void signal_force_fault(int signal, int code, uint64_t address,
                        struct trap_frame *frame)
{
    struct thread *t = thread_current();
    struct process *p = t->process;
    siginfo_t info = { .si_signo = signal, .si_code = code };

    info.si_addr = (void *)address;
    spin_lock(&p->signal_lock);
    kernel_sighandler handler = handler_locked(p, signal);
    bool kills = handler == SIG_DFL || handler == SIG_IGN ||
                 (t->blocked & SIGNAL_BIT(signal));
    if (kills) {
        spin_lock_nested(&p->handlers->lock);
        p->handlers->action[signal - 1].handler = SIG_DFL;
        spin_unlock(&p->handlers->lock);
        t->blocked &= ~SIGNAL_BIT(signal);
    }
    make_pending_here(p, signal, &info);
    spin_unlock(&p->signal_lock);
    if (kills)
        printk("%s[%d]: killed by signal %d: %s at 0x%lx, ip 0x%lx, sp 0x%lx\n",
               t->name, p->pid, signal, access_of(frame), address, frame->rip,
               frame->rsp);
}

void signal_out_of_memory(vaddr_t address)
{
    struct thread *t = thread_current();
    struct process *p = t->process;

    if (p == init_process)
        return;
    printk("%s[%d]: out of memory at %lx, killed\n", t->name, t->tid, address);
    spin_lock(&p->signal_lock);
    make_pending_here(p, SIGKILL, NULL);
    spin_unlock(&p->signal_lock);
}

/* Take the first entry of `signal` off the queue; *more tells whether another
 * follows.  False: it was sent without one. */
static bool dequeue(struct process *p, struct signal_entry **queue, int signal,
                    siginfo_t *info, bool *more)
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

/* The signal of `set` to take first: faults, then by number. */
static int first_of(uint64_t set)
{
    uint64_t faults = set & SIGNALS_OF_FAULTS;

    return __builtin_ctzl(faults ? faults : set) + 1;
}

int signal_take(uint64_t set, siginfo_t *info)
{
    struct thread *t = thread_current();
    struct process *p = t->process;
    int signal = 0;
    bool more;

    spin_lock(&p->signal_lock);
    bool own = t->pending & set;
    uint64_t *pending = own ? &t->pending : &p->shared_pending;
    if (*pending & set) {
        signal = first_of(*pending & set);
        memset(info, 0, sizeof(*info));
        if (!dequeue(p, own ? thread_queue(t) : &p->shared_queue, signal, info,
                     &more))
            info->si_signo = signal; /* si_code 0: SI_USER, as on Linux */
        if (!more)
            *pending &= ~SIGNAL_BIT(signal);
        if (SIGNALS_STOPPING & SIGNAL_BIT(signal))
            p->stop_taken = true;
    }
    signal_update_flags_locked(p, t);
    spin_unlock(&p->signal_lock);
    return signal;
}

uint64_t signal_pending_set(void)
{
    struct thread *t = thread_current();
    struct process *p = t->process;

    spin_lock(&p->signal_lock);
    uint64_t set = t->pending | p->shared_pending;
    spin_unlock(&p->signal_lock);
    return set;
}

bool signal_is_held_off(int signal)
{
    struct thread *t = thread_current();
    struct process *p = t->process;

    spin_lock(&p->signal_lock);
    bool held_off = (t->blocked & SIGNAL_BIT(signal)) || is_ignored(p, signal);
    spin_unlock(&p->signal_lock);
    return held_off;
}

void signal_set_mask(uint64_t mask)
{
    struct thread *t = thread_current();
    struct process *p = t->process;

    mask &= ~SIGNALS_UNBLOCKABLE;
    spin_lock(&p->signal_lock);
    uint64_t newly_blocked = mask & ~t->blocked;
    t->blocked = mask;
    signal_update_flags_locked(p, t);
    if (p->thread_count > 1)
        pass_on_locked(p, newly_blocked);
    spin_unlock(&p->signal_lock);
}

void signal_set_temporary_mask(uint64_t mask)
{
    struct thread *t = thread_current();

    t->saved_mask = t->blocked;
    thread_set_flag(t, THREAD_RESTORE_MASK);
    signal_set_mask(mask);
}

static void set_awaited(uint64_t set)
{
    struct thread *t = thread_current();
    struct process *p = t->process;

    spin_lock(&p->signal_lock);
    t->awaited = set;
    signal_update_flags_locked(p, t);
    spin_unlock(&p->signal_lock);
}

int signal_wait(uint64_t set, uint64_t deadline, siginfo_t *info)
{
    int result = 0;

    set &= ~SIGNALS_UNBLOCKABLE;
    set_awaited(set);
    int signal = signal_take(set, info);
    if (signal == 0) {
        result = wait_deadline(WAIT_INTERRUPTIBLE, deadline);
        signal = signal_take(set, info);
    }
    set_awaited(0);
    if (signal)
        return signal;
    return result == -ETIMEDOUT ? -EAGAIN : -EINTR;
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

static void discard_from(struct process *p, struct signal_entry **queue,
                         int signal)
{
    siginfo_t unused;
    bool more;

    do
        dequeue(p, queue, signal, &unused, &more);
    while (more);
}

/* Forget every pending instance of `signal`. */
static void discard_locked(struct process *p, int signal)
{
    struct thread *t;

    discard_from(p, &p->shared_queue, signal);
    p->shared_pending &= ~SIGNAL_BIT(signal);
    list_for_each (t, &p->threads, process_link) {
        discard_from(p, thread_queue(t), signal);
        t->pending &= ~SIGNAL_BIT(signal);
    }
}

int signal_set_action(int signal, const struct kernel_sigaction *action,
                      struct kernel_sigaction *old)
{
    struct process *p = process_current();
    struct thread *t;

    if (signal < 1 || signal > SIGNAL_MAX ||
        (action && (SIGNALS_UNBLOCKABLE & SIGNAL_BIT(signal))))
        return -EINVAL;
    if (old)
        signal_get_action(p, signal, old);
    if (!action)
        return 0;
    spin_lock(&p->signal_lock);
    spin_lock_nested(&p->handlers->lock);
    p->handlers->action[signal - 1] = *action;
    p->handlers->action[signal - 1].flags &= ACTION_FLAGS;
    p->handlers->action[signal - 1].mask &= ~SIGNALS_UNBLOCKABLE;
    spin_unlock(&p->handlers->lock);
    /* A signal that is ignored from now on is not pending any more, either
     * [POSIX "Signal Actions"]. */
    if (pending_anywhere(p, SIGNAL_BIT(signal)) && is_ignored(p, signal))
        discard_locked(p, signal);
    list_for_each (t, &p->threads, process_link)
        signal_update_flags_locked(p, t);
    spin_unlock(&p->signal_lock);
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

static void free_queue(struct process *p, struct signal_entry **queue)
{
    struct signal_entry *e;

    while ((e = *queue) != NULL) {
        *queue = e->next;
        slab_free(&entry_cache, e);
        p->queued_signals--;
    }
}

void signal_thread_left_locked(struct process *p, struct thread *t)
{
    free_queue(p, thread_queue(t));
    t->pending = 0;
    if (p->thread_count > 0)
        pass_on_locked(p, ~t->blocked);
}

void signal_flush(struct process *p)
{
    free_queue(p, &p->shared_queue);
}
