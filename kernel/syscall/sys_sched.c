/*
 * syscall/sys_sched.c - how threads are scheduled: policies, nice, CPUs.
 *
 * Idea:  a thread is found under process_tree_lock, which keeps it, and changed
 *        there by sched/params.c.  Who may do what is decided here, in Linux's
 *        order: without privilege a thread may give up, but not gain, except as
 *        RLIMIT_NICE and RLIMIT_RTPRIO allow.
 * Locks: process_tree_lock, inside it the thread's run queue.
 */
#include "abi/errno.h"
#include "abi/resource.h"
#include "abi/sched.h"
#include "base/string.h"
#include "ipc/futex.h"
#include "proc/pid.h"
#include "proc/process.h"
#include "sched/sched.h"
#include "syscall/syscalls.h"
#include "vm/usercopy.h"
#include "x86/clock.h"

enum { NICE_MIN = -20, NICE_MAX = 19, RT_PRIORITY_MAX = 99 };

static bool is_realtime(int policy)
{
    return policy == SCHED_FIFO || policy == SCHED_RR;
}

/* With a nice value that counts. */
static bool is_fair(int policy)
{
    return policy == SCHED_OTHER || policy == SCHED_BATCH;
}

static bool is_policy(int policy)
{
    return is_realtime(policy) || is_fair(policy) || policy == SCHED_IDLE;
}

/* Thread `tid`, 0: the caller; NULL if there is none. */
static struct thread *find_locked(pid_t tid) MUST_HOLD(process_tree_lock);
static struct thread *find_locked(pid_t tid)
{
    return tid == 0 ? thread_current() : thread_find_locked(tid);
}

/* ---- rights ---------------------------------------------------------------- */

static bool is_privileged(void)
{
    return process_current()->credentials.euid == 0;
}

static bool is_own(const struct thread *t)
{
    uint32_t euid = process_current()->credentials.euid;

    return euid == t->process->credentials.euid ||
           euid == t->process->credentials.uid;
}

/* May it have this nice value, by its present one or the limit? */
static bool may_have_nice(const struct thread *t, int nice)
{
    return nice >= t->params.nice ||
           (uint64_t)(NICE_MAX + 1 - nice) <=
               t->process->limits[RLIMIT_NICE].rlim_cur;
}

/* May it have this real-time priority? */
static bool may_have_realtime(const struct thread *t,
                              const struct sched_params *p)
{
    uint64_t limit = t->process->limits[RLIMIT_RTPRIO].rlim_cur;

    if (p->policy != t->params.policy && limit == 0)
        return false;
    return p->rt_priority <= t->params.rt_priority || p->rt_priority <= limit;
}

static int check_change(const struct thread *t, const struct sched_params *p)
{
    if (is_privileged())
        return 0;
    if (!is_realtime(p->policy) && !may_have_nice(t, p->nice))
        return -EPERM;
    if (is_realtime(p->policy) && !may_have_realtime(t, p))
        return -EPERM;
    /* Out of SCHED_IDLE is a gain, too. */
    if (t->params.policy == SCHED_IDLE && p->policy != SCHED_IDLE &&
        (uint64_t)(NICE_MAX + 1 - t->params.nice) >
            t->process->limits[RLIMIT_NICE].rlim_cur)
        return -EPERM;
    if (!is_own(t) || (t->params.reset_on_fork && !p->reset_on_fork))
        return -EPERM;
    return 0;
}

/* ---- policies and parameters ------------------------------------------------ */

/* What is to change; fields as in struct sched_attr. */
struct change {
    int policy; /* -1: as it is */
    bool reset_on_fork, keep_params, bad_flags;
    int nice; /* outside of real time, with has_nice */
    bool has_nice;
    uint32_t priority;
};

/* What the thread would have. */
static int merge(const struct thread *t, const struct change *c,
                 struct sched_params *p)
{
    bool is_kept = c->keep_params && is_realtime(t->params.policy);
    uint32_t priority = is_kept ? t->params.rt_priority : c->priority;
    int policy = c->policy >= 0 ? c->policy : t->params.policy;

    if (!is_policy(policy) || c->bad_flags || priority > RT_PRIORITY_MAX ||
        is_realtime(policy) != (priority != 0))
        return -EINVAL;
    *p = t->params;
    p->policy = (uint8_t)policy;
    p->rt_priority = (uint8_t)priority;
    if (c->policy >= 0)
        p->reset_on_fork = c->reset_on_fork;
    if (c->has_nice && !c->keep_params && is_fair(policy))
        p->nice = (int8_t)MAX(MIN(c->nice, (int)NICE_MAX), (int)NICE_MIN);
    return 0;
}

/* As on Linux keep_params keeps the policy too, after all checks. */
static void keep(const struct thread *t, struct sched_params *p)
{
    bool reset_on_fork = p->reset_on_fork;

    *p = t->params;
    p->reset_on_fork = reset_on_fork;
}

static int64_t change(pid_t tid, const struct change *c)
{
    struct sched_params params;
    int64_t err = -ESRCH;

    spin_lock(&process_tree_lock);
    struct thread *t = find_locked(tid);
    if (t)
        err = merge(t, c, &params);
    if (err == 0)
        err = check_change(t, &params);
    if (err == 0 && c->keep_params)
        keep(t, &params);
    if (err == 0) {
        sched_set_params(t, &params);
        futex_pi_priority_changed(t);
    }
    spin_unlock(&process_tree_lock);
    sched_point();
    return err;
}

static int64_t get_params(pid_t tid, struct sched_params *out)
{
    if (tid < 0)
        return -EINVAL;
    spin_lock(&process_tree_lock);
    const struct thread *t = find_locked(tid);
    if (t)
        *out = t->params;
    spin_unlock(&process_tree_lock);
    return t ? 0 : -ESRCH;
}

static int64_t set_scheduler(pid_t tid, int policy,
                             const struct sched_param __user *param)
{
    struct change c = { .policy = policy };
    struct sched_param in;

    if (!param || tid < 0)
        return -EINVAL;
    if (copy_from_user(&in, param, sizeof(in)) != 0)
        return -EFAULT;
    if (policy >= 0) {
        c.reset_on_fork = policy & SCHED_RESET_ON_FORK;
        c.policy = policy & ~SCHED_RESET_ON_FORK;
    }
    c.priority = (uint32_t)in.sched_priority;
    return change(tid, &c);
}

int64_t sys_sched_setscheduler(pid_t tid, int policy,
                               const struct sched_param __user *param)
{
    return policy < 0 ? -EINVAL : set_scheduler(tid, policy, param);
}

int64_t sys_sched_setparam(pid_t tid, const struct sched_param __user *param)
{
    return set_scheduler(tid, -1, param);
}

int64_t sys_sched_getscheduler(pid_t tid)
{
    struct sched_params p;
    int64_t err = get_params(tid, &p);

    if (err)
        return err;
    return p.policy | (p.reset_on_fork ? SCHED_RESET_ON_FORK : 0);
}

int64_t sys_sched_getparam(pid_t tid, struct sched_param __user *param)
{
    struct sched_params p;
    int64_t err = param ? get_params(tid, &p) : -EINVAL;

    if (err)
        return err;
    struct sched_param out = { .sched_priority = p.rt_priority };
    return copy_to_user(param, &out, sizeof(out));
}

/* The structure grows with time: what is missing is zero, what is more must be,
 * else the caller is told our size. */
static int64_t copy_attr(struct sched_attr *out, struct sched_attr __user *attr)
{
    const char __user *extra = (const char __user *)attr + sizeof(*out);
    uint32_t size, ours = sizeof(*out);
    bool fits = true;
    char byte;

    if (get_user(size, &attr->size) != 0)
        return -EFAULT;
    if (size == 0)
        size = SCHED_ATTR_SIZE_VER0;
    if (size < SCHED_ATTR_SIZE_VER0 || size > PAGE_SIZE)
        fits = false;
    for (uint32_t i = ours; fits && i < size; i++, extra++) {
        if (get_user(byte, extra) != 0)
            return -EFAULT;
        fits = byte == 0;
    }
    if (!fits) {
        int told = put_user(ours, &attr->size);
        (void)told; /* a favour */
        return -E2BIG;
    }
    memset(out, 0, sizeof(*out));
    return copy_from_user(out, attr, MIN(size, ours));
}

int64_t sys_sched_setattr(pid_t tid, struct sched_attr __user *attr,
                          unsigned flags)
{
    const uint64_t known = SCHED_FLAG_RESET_ON_FORK | SCHED_FLAG_RECLAIM |
                           SCHED_FLAG_DL_OVERRUN | SCHED_FLAG_KEEP_POLICY |
                           SCHED_FLAG_KEEP_PARAMS;
    struct sched_attr in;

    if (!attr || tid < 0 || flags)
        return -EINVAL;
    int64_t err = copy_attr(&in, attr);
    if (err)
        return err;
    if ((int)in.sched_policy < 0)
        return -EINVAL;
    const struct change c = {
        .policy =
            in.sched_flags & SCHED_FLAG_KEEP_POLICY ? -1 : (int)in.sched_policy,
        .reset_on_fork = in.sched_flags & SCHED_FLAG_RESET_ON_FORK,
        .keep_params = in.sched_flags & SCHED_FLAG_KEEP_PARAMS,
        .bad_flags = in.sched_flags & ~known,
        .nice = in.sched_nice,
        .has_nice = true,
        .priority = in.sched_priority,
    };
    return change(tid, &c);
}

int64_t sys_sched_getattr(pid_t tid, struct sched_attr __user *attr,
                          unsigned size, unsigned flags)
{
    struct sched_params p;

    if (!attr || tid < 0 || size > PAGE_SIZE || size < SCHED_ATTR_SIZE_VER0 ||
        flags)
        return -EINVAL;
    int64_t err = get_params(tid, &p);
    if (err)
        return err;
    struct sched_attr out = {
        .size = MIN(size, (unsigned)sizeof(out)),
        .sched_policy = p.policy,
        .sched_flags = p.reset_on_fork ? SCHED_FLAG_RESET_ON_FORK : 0,
        .sched_nice = is_realtime(p.policy) ? 0 : p.nice,
        .sched_priority = p.rt_priority,
    };
    return copy_to_user(attr, &out, out.size);
}

int64_t sys_sched_get_priority_max(int policy)
{
    if (is_realtime(policy))
        return RT_PRIORITY_MAX;
    return is_policy(policy) || policy == SCHED_DEADLINE ? 0 : -EINVAL;
}

int64_t sys_sched_get_priority_min(int policy)
{
    if (is_realtime(policy))
        return 1;
    return is_policy(policy) || policy == SCHED_DEADLINE ? 0 : -EINVAL;
}

int64_t sys_sched_rr_get_interval(pid_t tid, struct timespec __user *out)
{
    uint64_t ns = 0;

    if (tid < 0)
        return -EINVAL;
    spin_lock(&process_tree_lock);
    const struct thread *t = find_locked(tid);
    if (t)
        ns = sched_interval_ns(t);
    spin_unlock(&process_tree_lock);
    if (!t)
        return -ESRCH;
    struct timespec time = { .tv_sec = (long)(ns / NSEC_PER_SEC),
                             .tv_nsec = (long)(ns % NSEC_PER_SEC) };
    return copy_to_user(out, &time, sizeof(time));
}

int64_t sys_sched_yield(void)
{
    sched_yield();
    return 0;
}

/* ---- nice ------------------------------------------------------------------- */

static int set_nice_locked(struct thread *t, int nice)
    MUST_HOLD(process_tree_lock);
static int set_nice_locked(struct thread *t, int nice)
{
    struct sched_params p = t->params;

    if (!is_privileged() && !is_own(t))
        return -EPERM;
    if (!is_privileged() && !may_have_nice(t, nice))
        return -EACCES;
    p.nice = (int8_t)nice;
    sched_set_params(t, &p);
    return 0;
}

/* Which threads a call of setpriority() or getpriority() is about. */
struct selection {
    int which;
    uint32_t who; /* number or uid, 0 replaced by the caller's */
};

static int select_threads(int which, int who, struct selection *s)
{
    const struct process *self = process_current();

    if (which != PRIO_PROCESS && which != PRIO_PGRP && which != PRIO_USER)
        return -EINVAL;
    *s = (struct selection){ .which = which, .who = (uint32_t)who };
    if (who != 0)
        return 0;
    spin_lock(&process_tree_lock);
    s->who = which == PRIO_PROCESS ? (uint32_t)thread_current()->tid
             : which == PRIO_PGRP  ? (uint32_t)process_group_of(self)
                                   : self->credentials.uid;
    spin_unlock(&process_tree_lock);
    return 0;
}

static bool is_selected(const struct process *p, const struct thread *t,
                        const struct selection *s) MUST_HOLD(process_tree_lock);
static bool is_selected(const struct process *p, const struct thread *t,
                        const struct selection *s)
{
    switch (s->which) {
    case PRIO_PROCESS:
        return (uint32_t)t->tid == s->who;
    case PRIO_PGRP:
        return (uint32_t)process_group_of(p) == s->who;
    default:
        return p->credentials.uid == s->who;
    }
}

int64_t sys_setpriority(int which, int who, int nice)
{
    struct selection s;
    struct process *p;
    struct thread *t;
    int result = -ESRCH, err = select_threads(which, who, &s);

    if (err)
        return err;
    nice = MAX(MIN(nice, (int)NICE_MAX), (int)NICE_MIN);
    spin_lock(&process_tree_lock);
    list_for_each (p, &process_list, all_link) {
        list_for_each (t, &p->threads, process_link) {
            if (!is_selected(p, t, &s))
                continue;
            err = set_nice_locked(t, nice);
            result = err ? err : result == -ESRCH ? 0 : result;
        }
    }
    spin_unlock(&process_tree_lock);
    sched_point();
    return result;
}

/* The best of all, as 40 (nice -20) to 1: negative results are errors. */
int64_t sys_getpriority(int which, int who)
{
    struct selection s;
    const struct process *p;
    const struct thread *t;
    int best = -ESRCH, err = select_threads(which, who, &s);

    if (err)
        return err;
    spin_lock(&process_tree_lock);
    list_for_each (p, &process_list, all_link)
        list_for_each (t, &p->threads, process_link)
            if (is_selected(p, t, &s))
                best = MAX(best, NICE_MAX + 1 - t->params.nice);
    spin_unlock(&process_tree_lock);
    return best;
}

/* ---- CPUs -------------------------------------------------------------------- */

static uint64_t online_mask(void)
{
    return (1ul << cpu_count) - 1;
}

int64_t sys_getcpu(unsigned __user *cpu, unsigned __user *node,
                   void __user *unused)
{
    unsigned now = this_cpu->id;

    if (cpu && put_user(now, cpu) != 0)
        return -EFAULT;
    if (node && put_user(0u, node) != 0)
        return -EFAULT;
    return 0;
}

int64_t sys_sched_getaffinity(pid_t tid, unsigned length,
                              unsigned long __user *mask)
{
    uint64_t allowed = 0;

    if (length < sizeof(allowed) || length % sizeof(allowed) != 0)
        return -EINVAL;
    spin_lock(&process_tree_lock);
    const struct thread *t = find_locked(tid);
    if (t)
        allowed = t->affinity & online_mask();
    spin_unlock(&process_tree_lock);
    if (!t)
        return -ESRCH;
    int err = put_user(allowed, mask);
    return err != 0 ? err : (int64_t)sizeof(allowed);
}

int64_t sys_sched_setaffinity(pid_t tid, unsigned length,
                              const unsigned long __user *mask)
{
    uint64_t wanted = 0;
    int64_t err = 0;

    if (copy_from_user(&wanted, mask, MIN(length, sizeof(wanted))) != 0)
        return -EFAULT;
    spin_lock(&process_tree_lock);
    struct thread *t = find_locked(tid);
    if (!t)
        err = -ESRCH;
    else if (!is_privileged() && !is_own(t))
        err = -EPERM;
    else if ((wanted & online_mask()) == 0)
        err = -EINVAL;
    else
        sched_set_affinity(t, (uint32_t)(wanted & online_mask()));
    spin_unlock(&process_tree_lock);
    sched_point(); /* away from a CPU that is forbidden now */
    return err;
}
