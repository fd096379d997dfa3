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
 *             it, another is woken (pass_on_locked).  A fatal one does not wait
 *             to be taken, for its taker may not get at a CPU: all threads are
 *             told to leave when it is sent.
 * 4 Failure   Without memory for an entry the signal comes without siginfo.
 * 5 Elsewhere Linux keeps all this in sighand_struct and signal_struct; its
 *             complete_signal() chooses the thread.
 *
 * Next: signal_queue.c, signal_action.c; deliver.c (acting on signals),
 *       sigframe.c (handlers), kill.c.
 */
#include "core/trace.h"
#include "proc/signal_state.h"

#include "abi/errno.h"
#include "base/string.h"
#include "proc/mistake.h"
#include "proc/ptrace.h"
#include "proc/sigset.h"
#include "proc/stop.h"
#include "proc/threads.h"
#include "x86/irq.h"
#include "x86/lapic.h"

void signal_init(void)
{
    signal_queue_init();
    signal_action_init();
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
    bool must_park = p->stop_signal && !t->parked && !ptrace_is_let_go(t);

    must_park |= ptrace_is_asked(t);

    if (set == 0 && (pending & t->awaited) == 0 && !must_park) {
        if (thread_has_flag(t, THREAD_SIGPENDING | THREAD_KILLED))
            thread_clear_flag(t, THREAD_SIGPENDING | THREAD_KILLED);
        return;
    }
    thread_set_flag(t, THREAD_SIGPENDING);
    if (ptrace_is_traced(t))
        set &= SIGNAL_BIT(SIGKILL); /* its tracer decides about the others */
    if (signal_is_fatal_locked(p, set))
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
        bool queued = signal_enqueue_locked(
            p, t ? signal_thread_queue(t) : &p->shared_queue, signal, info);
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
    for (uint64_t set = signal_pending_anywhere_locked(p, opposite); set;
         set &= set - 1)
        signal_discard_locked(p, __builtin_ctzl(set) + 1);
    if (!stops)
        stop_end_locked(p);
    list_for_each (t, &p->threads, process_link)
        signal_update_flags_locked(p, t);
}

/* Does the signal that `taker` is to take end the process?  Not yet while it is
 * stopped, nor if it waits for the signal. */
static bool ends_process(struct process *p, const struct thread *taker,
                         int signal) MUST_HOLD(p->signal_lock);
static bool ends_process(struct process *p, const struct thread *taker,
                         int signal)
{
    uint64_t bit = SIGNAL_BIT(signal);

    if ((taker->blocked | taker->awaited) & bit)
        return false;
    return (signal == SIGKILL ||
            (!taker->parked && !ptrace_is_traced(taker))) &&
           signal_is_fatal_locked(p, bit);
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
    const struct thread *target = t ? t : p->leader;
    bool kept = (target->blocked & bit) || ptrace_is_traced(target);
    if (!kept && signal_is_ignored_locked(p, signal))
        return 0;
    int err = make_pending(p, t, signal, info);
    struct thread *taker = t ? t : choose_locked(p, bit);
    if (!taker || !can_take(taker, bit))
        return err;
    if (err == 0 && ends_process(p, taker, signal))
        threads_end_all_locked(p, signal);
    else
        signal_nudge_locked(p, taker);
    return err;
}

static __debug_stop int send(struct process *p, struct thread *t, int signal,
                             const siginfo_t *info)
{
    trace(SIGNAL_SEND, signal, p->pid, t ? t->tid : 0,
          info ? info->si_code : SI_USER);
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

void signal_force_fault(int signal, int code, uint64_t address,
                        struct trap_frame *frame)
{
    struct thread *t = thread_current();
    struct process *p = t->process;
    siginfo_t info = { .si_signo = signal, .si_code = code };

    info.si_addr = (void *)address;
    trace(SIGNAL_SEND, signal, p->pid, t->tid, code);
    spin_lock(&p->signal_lock);
    kernel_sighandler handler = signal_handler_locked(p, signal);
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
    if (kills && !ptrace_is_traced(t))
        mistake_log(signal, code, address, frame);
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
        if (!signal_dequeue_locked(
                p, own ? signal_thread_queue(t) : &p->shared_queue, signal,
                info, &more))
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
    bool held_off = (t->blocked & SIGNAL_BIT(signal)) ||
                    signal_is_ignored_locked(p, signal);
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

void signal_thread_left_locked(struct process *p, struct thread *t)
{
    signal_free_queue_locked(p, signal_thread_queue(t));
    t->pending = 0;
    if (p->thread_count > 0)
        pass_on_locked(p, ~t->blocked);
}
