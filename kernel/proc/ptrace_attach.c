/*
 * proc/ptrace_attach.c - who traces whom: attaching, letting go, and what the
 * tracer gets to hear by wait.
 *
 * Idea:   a tracee is in the list of its tracer's process; the tracer is one
 *         thread of that, and only it makes requests.  Whoever waits looks at
 *         this list as at its children.  The zombie of a traced process is its
 *         tracer's first: the parent hears of it when the tracer has waited.
 * Locks:  process_tree_lock, and inside it the signal_lock of the tracee's
 *         process to change a tracer.
 * Next:   ptrace.c; wait.c, exit.c.
 */
#include "abi/errno.h"
#include "abi/sched.h"
#include "abi/wait.h"
#include "base/string.h"
#include "mem/slab.h"
#include "proc/fork.h"
#include "proc/notify.h"
#include "proc/pid.h"
#include "proc/ptrace.h"
#include "proc/signal_state.h"
#include "proc/threads.h"
#include "proc/usage.h"
#include "proc/wait.h"
#include "x86/fpu.h"

static struct tracee *tracee_alloc(struct thread *t)
{
    struct tracee *tr = kmalloc_zeroed(sizeof(*tr) + fpu_state_bytes);

    if (tr)
        tr->thread = t;
    return tr;
}

int32_t ptrace_tracer_of(const struct thread *t)
{
    return ptrace_is_traced(t) ? t->tracee->tracer->tid : 0;
}

/* ---- beginning --------------------------------------------------------------- */

/* `t` is `tracer`'s from here on.  Takes *spare if it has no struct tracee. */
static void link_locked(struct process *p, struct thread *t,
                        struct thread *tracer, struct tracee **spare)
    MUST_HOLD(process_tree_lock, p->signal_lock);
static void link_locked(struct process *p, struct thread *t,
                        struct thread *tracer, struct tracee **spare)
{
    if (!t->tracee) {
        t->tracee = *spare;
        *spare = NULL;
    }
    struct tracee *tr = t->tracee;
    tr->thread = t;
    tr->options = 0;
    tr->seized = false;
    tr->tracer_is_root = tracer->process->credentials.euid == 0;
    tr->mode = TRACEE_RUNS;
    tr->tracer = tracer;
    list_add_tail(&tracer->process->tracees, &tr->link);
}

/* May the current process trace `target`, by its real numbers? */
static bool may_trace(const struct process *target)
{
    const struct credentials *mine = &process_current()->credentials;
    const struct credentials *theirs = &target->credentials;

    if (mine->euid == 0)
        return true;
    return !target->undumpable && mine->uid == theirs->uid &&
           mine->uid == theirs->euid && mine->uid == theirs->suid &&
           mine->gid == theirs->gid && mine->gid == theirs->egid &&
           mine->gid == theirs->sgid;
}

static int check_attach_locked(const struct thread *t)
    MUST_HOLD(process_tree_lock);
static int check_attach_locked(const struct thread *t)
{
    if (!t)
        return -ESRCH;
    const struct process *p = t->process;
    if (p == process_current() || p == init_process || !may_trace(p))
        return -EPERM;
    return t->left || ptrace_is_traced(t) ? -EPERM : 0;
}

int ptrace_attach(int32_t tid, bool seize, uint32_t options)
{
    static const siginfo_t stop = { .si_signo = SIGSTOP, .si_code = SI_KERNEL };
    struct tracee *spare = tracee_alloc(NULL);

    if (!spare)
        return -ENOMEM;
    spin_lock(&process_tree_lock);
    struct thread *t = thread_find_locked(tid);
    int err = check_attach_locked(t);
    if (err == 0) {
        struct process *p = t->process;
        spin_lock(&p->signal_lock);
        link_locked(p, t, thread_current(), &spare);
        t->tracee->seized = seize;
        t->tracee->options = options;
        signal_update_flags_locked(p, t);
        wake_up_all(&p->continued); /* parked: stops for its tracer now */
        spin_unlock(&p->signal_lock);
        if (!seize)
            err = signal_queue_thread(p, t, SIGSTOP, &stop);
    }
    spin_unlock(&process_tree_lock);
    kfree(spare);
    return err;
}

/* The thread that made the current process, or the first one of its parent. */
static struct thread *parent_thread_locked(void) MUST_HOLD(process_tree_lock);
static struct thread *parent_thread_locked(void)
{
    struct process *p = process_current();
    struct thread *t = thread_find_locked(p->parent_tid);

    return t && t->process == p->parent && !t->left ? t : NULL;
}

int ptrace_trace_me(void)
{
    struct thread *t = thread_current();
    struct process *p = t->process;
    struct tracee *spare = tracee_alloc(t);
    int err = 0;

    if (!spare)
        return -ENOMEM;
    spin_lock(&process_tree_lock);
    spin_lock(&p->signal_lock);
    struct thread *tracer = parent_thread_locked();
    if (ptrace_is_traced(t) || p == init_process ||
        p->parent == init_process) /* which would never let it go */
        err = -EPERM;
    else if (tracer)
        link_locked(p, t, tracer, &spare);
    spin_unlock(&p->signal_lock);
    spin_unlock(&process_tree_lock);
    kfree(spare);
    return err;
}

bool ptrace_forbids_rights(const struct thread *t)
{
    return ptrace_is_traced(t) && !t->tracee->tracer_is_root;
}

/* ---- children ---------------------------------------------------------------- */

int ptrace_prepare_child(struct thread *child, const struct clone_request *r)
{
    struct thread *self = thread_current();
    int event = r->flags & CLONE_VFORK      ? PTRACE_EVENT_VFORK
                : r->exit_signal == SIGCHLD ? PTRACE_EVENT_FORK
                                            : PTRACE_EVENT_CLONE;

    if (likely(!ptrace_is_traced(self)) ||
        !(self->tracee->options & 1u << event))
        return 0;
    child->tracee = tracee_alloc(child);
    return child->tracee ? event : -ENOMEM;
}

void ptrace_child_locked(struct process *p, struct thread *child)
{
    const struct tracee *mine = thread_current()->tracee;

    if (likely(!child->tracee) || !mine->tracer)
        return;
    link_locked(p, child, mine->tracer, NULL);
    child->tracee->options = mine->options;
    child->tracee->seized = mine->seized;
    child->tracee->tracer_is_root = mine->tracer_is_root;
    if (mine->seized)
        child->tracee->asked = true;
    else
        child->pending |= SIGNAL_BIT(SIGSTOP);
    signal_update_flags_locked(p, child);
}

/* ---- requests ---------------------------------------------------------------- */

struct tracee *ptrace_find_locked(int32_t tid, bool stopped)
{
    const struct thread *t = thread_find_locked(tid);
    struct tracee *tr = t ? t->tracee : NULL;

    if (!tr || tr->tracer != thread_current())
        return NULL;
    return stopped && (!tr->stopped || tr->listens) ? NULL : tr;
}

void ptrace_resume_locked(struct tracee *tr, enum tracee_mode mode, int signal)
{
    struct thread *t = tr->thread;
    struct process *p = t->process;

    spin_lock(&p->signal_lock);
    tr->mode = mode;
    tr->signal = signal;
    if (t->parked && p->stop_signal)
        tr->let_go = true; /* until the process is stopped anew */
    __atomic_store_n(&tr->stopped, false, __ATOMIC_RELAXED);
    wake_up_all(&p->continued);
    spin_unlock(&p->signal_lock);
}

/* Nobody traces it any more.  Stopped, it goes on; but if its process is, it
 * stays parked. */
static void unlink_locked(struct tracee *tr) MUST_HOLD(process_tree_lock);
static void unlink_locked(struct tracee *tr)
{
    struct thread *t = tr->thread;
    struct process *p = t->process;

    spin_lock(&p->signal_lock);
    list_remove(&tr->link);
    tr->tracer = NULL;
    tr->options = 0;
    tr->mode = TRACEE_RUNS;
    tr->let_go = tr->listens = tr->breaks = false;
    tr->asked = tr->notified = false;
    memset(tr->debug, 0, sizeof(tr->debug));
    if (tr->told)
        tr->signal = 0;
    __atomic_store_n(&tr->stopped, false, __ATOMIC_RELAXED);
    if (!t->left)
        signal_nudge_locked(p, t);
    wake_up_all(&p->continued);
    spin_unlock(&p->signal_lock);
}

void ptrace_detach_locked(struct tracee *tr, int signal)
{
    tr->told = false;
    tr->signal = signal;
    unlink_locked(tr);
}

int ptrace_interrupt_locked(struct tracee *tr)
{
    struct process *p = tr->thread->process;

    if (!tr->seized)
        return -EIO;
    spin_lock(&p->signal_lock);
    tr->asked = true;
    if (tr->listens) /* it leaves its stop for the new one */
        __atomic_store_n(&tr->stopped, false, __ATOMIC_RELAXED);
    if (!tr->thread->left)
        signal_nudge_locked(p, tr->thread);
    wake_up_all(&p->continued);
    spin_unlock(&p->signal_lock);
    return 0;
}

int ptrace_listen_locked(struct tracee *tr)
{
    struct process *p = tr->thread->process;
    int err = 0;

    spin_lock(&p->signal_lock);
    if (!tr->seized || tr->code >> 8 != PTRACE_EVENT_STOP)
        err = -EIO;
    else if (tr->notified) /* SIGCONT came first */
        __atomic_store_n(&tr->stopped, false, __ATOMIC_RELAXED);
    else
        tr->listens = true;
    wake_up_all(&p->continued);
    spin_unlock(&p->signal_lock);
    return err;
}

void ptrace_continued_locked(struct process *p)
{
    struct thread *t;

    list_for_each (t, &p->threads, process_link) {
        struct tracee *tr = t->tracee;
        if (likely(!tr) || !tr->tracer || !tr->seized || t->left)
            continue;
        tr->notified = true;
        if (tr->listens)
            __atomic_store_n(&tr->stopped, false, __ATOMIC_RELAXED);
    }
}

/* ---- ending ------------------------------------------------------------------ */

struct process *ptrace_other_tracer_locked(const struct process *p)
{
    if (likely(!ptrace_is_traced(p->leader)))
        return NULL;
    struct process *tracer = p->leader->tracee->tracer->process;
    return tracer == p->parent ? NULL : tracer;
}

void ptrace_forget_locked(struct thread *t)
{
    if (ptrace_is_traced(t))
        unlink_locked(t->tracee);
}

static void free_ended_locked(struct tracee *tr) MUST_HOLD(process_tree_lock);
static void free_ended_locked(struct tracee *tr)
{
    list_remove(&tr->link);
    pid_put_locked(tr->pid);
    kfree(tr);
}

/* The traced thread `t` ends, and its process does not end with it: what there
 * is to wait for outlives it. */
static void end_tracee_locked(struct thread *t, int32_t status)
    MUST_HOLD(process_tree_lock);
static void end_tracee_locked(struct thread *t, int32_t status)
{
    struct process *p = t->process;
    struct tracee *tr = t->tracee;

    spin_lock(&p->signal_lock);
    t->tracee = NULL; /* the switch to the next thread sets the CPU free */
    tr->thread = NULL;
    tr->pid = pid_get_locked(t->pid_entry);
    tr->status = p->group_exiting ? p->exit_status : status;
    tr->uid = p->credentials.uid;
    spin_unlock(&p->signal_lock);
    if (notify_tracer_of_end_locked(tr))
        free_ended_locked(tr);
}

/* What `tracer`, which ends, has traced goes free. */
static void free_tracee_locked(struct tracee *tr, struct process *tracer)
    MUST_HOLD(process_tree_lock);
static void free_tracee_locked(struct tracee *tr, struct process *tracer)
{
    if (!tr->thread) {
        free_ended_locked(tr);
        return;
    }
    struct process *p = tr->thread->process;
    bool kill = tr->options & PTRACE_O_EXITKILL;
    unlink_locked(tr);
    if (kill)
        signal_send_process(p, SIGKILL, NULL);
    if (p->life == PROCESS_ZOMBIE && p->parent != tracer)
        process_tell_exit_locked(p);
}

void ptrace_thread_leaves_locked(int32_t status)
{
    struct thread *t = thread_current();
    struct tracee *tr, *next;

    list_for_each_safe (tr, next, &t->process->tracees, link)
        if (tr->tracer == t)
            free_tracee_locked(tr, t->process);
    if (unlikely(ptrace_is_traced(t)) && t != t->process->leader)
        end_tracee_locked(t, status);
}

/* ---- waiting ----------------------------------------------------------------- */

static bool fits(const struct tracee *tr, const struct child_request *r)
    MUST_HOLD(process_tree_lock);
static bool fits(const struct tracee *tr, const struct child_request *r)
{
    if ((r->options & __WNOTHREAD) && tr->tracer != thread_current())
        return false;
    if (r->which == P_PID)
        return r->id == (tr->thread ? tr->thread->tid : tr->pid->number);
    if (r->which == P_PGID)
        return tr->thread && tr->thread->process->group->number == r->id;
    return true;
}

/* Has it stopped, and not told yet? */
static bool take_stop_locked(struct tracee *tr, bool keep,
                             struct child_result *out)
    MUST_HOLD(process_tree_lock);
static bool take_stop_locked(struct tracee *tr, bool keep,
                             struct child_result *out)
{
    struct process *p = tr->thread->process;

    spin_lock(&p->signal_lock);
    bool news = tr->stopped && !tr->told && !tr->listens;
    if (news) {
        out->status = WAIT_STATUS_STOPPED(tr->code);
        out->trapped = true;
        tr->told = !keep;
    }
    spin_unlock(&p->signal_lock);
    return news;
}

static bool take_news_locked(struct tracee *tr, const struct child_request *r,
                             struct child_result *out, struct process **reap)
    MUST_HOLD(process_tree_lock);
static bool take_news_locked(struct tracee *tr, const struct child_request *r,
                             struct child_result *out, struct process **reap)
{
    bool keep = r->options & WNOWAIT;

    memset(out, 0, sizeof(*out));
    if (!tr->thread) {
        if (!(r->options & WEXITED))
            return false;
        out->pid = tr->pid->number;
        out->uid = tr->uid;
        out->status = tr->status;
        if (!keep)
            free_ended_locked(tr);
        return true;
    }
    struct process *p = tr->thread->process;
    bool ended = p->life == PROCESS_ZOMBIE;
    if (ended ? !(r->options & WEXITED) : !take_stop_locked(tr, keep, out))
        return false;
    out->pid = tr->thread->tid;
    out->uid = p->credentials.uid;
    process_usage(p, &out->usage);
    if (ended) {
        out->status = p->exit_status;
        *reap = keep ? NULL : p;
    }
    return true;
}

bool ptrace_take_news_locked(const struct child_request *r, bool *any,
                             struct child_result *out, struct process **reap)
{
    struct tracee *tr;

    list_for_each (tr, &process_current()->tracees, link) {
        if (!fits(tr, r))
            continue;
        *any = true;
        if (take_news_locked(tr, r, out, reap))
            return true;
    }
    return false;
}
