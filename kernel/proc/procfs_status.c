/*
 * proc/procfs_status.c - /proc/PID/stat and status: who a process or thread is
 * and how it fares.
 *
 * Idea:   facts_get() copies what there is to say under process_tree_lock, with
 *         references on what must stay; the show functions put it into Linux's
 *         words afterwards, without a lock.
 * Locks:  process_tree_lock, inside it process->lock or process->signal_lock.
 */
#include "abi/errno.h"
#include "abi/fcntl.h"
#include "base/format.h"
#include "base/string.h"
#include "dev/tty.h"
#include "mem/slab.h"
#include "proc/procfs.h"
#include "proc/ptrace.h"
#include "proc/stop.h"
#include "proc/suspend.h"
#include "proc/usage.h"
#include "x86/clock.h"

enum {
    TICKS_PER_SECOND = 100,         /* of all times in /proc: USER_HZ */
    PRIORITY_BASE = 20,             /* shown for nice 0 */
    FD_GRANULE = 64,                /* FDSize counts in these */
    TERMINAL_DEVICE = (5 << 8) | 1, /* major and minor of /dev/console */
};

/* Everything that stat and status tell, apart from the address space. */
struct facts {
    int32_t pid, tid, tracer, parent, group, session, terminal, terminal_group;
    char name[16];
    char state;
    bool zombie;
    uint32_t threads, cpu, affinity, umask;
    struct sched_params sched;
    int32_t exit_signal, exit_status;
    struct credentials credentials;
    uint64_t start_ns, rss_limit, signal_limit;
    uint64_t pending, shared_pending, blocked, ignored, caught;
    struct rusage usage, children;
    struct address_space *space; /* with a reference, or NULL */
};

/* ---- collecting ---------------------------------------------------------- */

static char state_letter(const struct process *p, const struct thread *t)
{
    if (p->life == PROCESS_ZOMBIE || t->left)
        return 'Z';
    if (ptrace_is_stopped(t))
        return 't';
    if (t->parked)
        return 'T';
    if (t->suspended)
        return 'r';
    switch (__atomic_load_n(&t->state, __ATOMIC_RELAXED)) {
    case THREAD_BLOCKED:
        if (suspend_is_wanted(p))
            return 's';
        return t->wait_how == WAIT_INTERRUPTIBLE ? 'S' : 'D';
    case THREAD_DEAD:
        return 'X';
    default:
        return 'R';
    }
}

/* Handlers can be read without their lock: signal_lock keeps the structure, and
 * a handler that changes right now may be told either way. */
static void signal_facts(struct process *p, struct facts *f)
{
    spin_lock(&p->signal_lock);
    f->shared_pending = p->shared_pending;
    f->exit_status = p->group_exiting ? p->exit_status : 0;
    for (unsigned i = 0; p->handlers && i < 64; i++) {
        uint64_t handler = (uint64_t)p->handlers->action[i].handler;
        if (handler == (uint64_t)SIG_IGN)
            f->ignored |= 1ul << i;
        else if (handler != (uint64_t)SIG_DFL)
            f->caught |= 1ul << i;
    }
    spin_unlock(&p->signal_lock);
}

static void thread_facts(struct process *p, const struct thread *t,
                         struct facts *f) MUST_HOLD(process_tree_lock)
{
    f->tid = t->tid;
    f->state = state_letter(p, t);
    f->tracer = ptrace_tracer_of(t);
    f->cpu = t->cpu;
    f->affinity = t->affinity;
    f->sched = t->params;
    f->pending = t->pending;
    f->blocked = t->blocked;
    f->start_ns = t == p->leader ? p->start_ns : t->start_ns;
    f->exit_signal = t == p->leader ? p->exit_signal : -1;
    memcpy(f->name, t->name, sizeof(f->name));
}

struct thread *proc_ref_thread_locked(const struct proc_ref *ref,
                                      const struct process *p)
{
    struct thread *t;

    if (ref->tid == 0)
        return p->leader;
    list_for_each (t, &p->threads, process_link)
        if (t->tid == ref->tid)
            return t;
    return NULL;
}

/* Its foreground group, -1: none; others may change it meanwhile. */
static int32_t terminal_group(const struct tty *tty)
{
    int32_t group =
        tty ? __atomic_load_n(&tty->foreground, __ATOMIC_RELAXED) : 0;

    return group != 0 ? group : -1;
}

static void process_facts_locked(struct process *p, struct facts *f)
    MUST_HOLD(process_tree_lock)
{
    f->pid = p->pid;
    f->parent = p->parent ? p->parent->pid : 0;
    f->group = process_group_of(p);
    f->session = process_session_of(p);
    f->terminal = p->terminal ? TERMINAL_DEVICE : 0;
    f->terminal_group = terminal_group(p->terminal);
    f->zombie = p->life == PROCESS_ZOMBIE;
    spin_lock(&p->lock);
    f->credentials = p->credentials;
    f->rss_limit = p->limits[RLIMIT_RSS].rlim_cur;
    f->signal_limit = p->limits[RLIMIT_SIGPENDING].rlim_cur;
    spin_unlock(&p->lock);
    f->children = p->children_usage;
    f->space = process_get_space(p);
    signal_facts(p, f);
}

/* 0 or -ESRCH; end with facts_put(). */
static int facts_get(const struct proc_ref *ref, struct facts *f)
{
    int err = -ESRCH;

    memset(f, 0, sizeof(*f));
    spin_lock(&process_tree_lock);
    struct process *p = proc_ref_find_locked(ref);
    if (!p)
        goto out;
    spin_lock(&p->lock);
    struct thread *t = proc_ref_thread_locked(ref, p);
    if (t) {
        thread_facts(p, t, f);
        f->threads = p->thread_count + p->leader->left;
        f->umask = p->fs ? p->fs->umask : 0;
        err = 0;
    }
    spin_unlock(&p->lock);
    if (err != 0)
        goto out;
    if (ref->tid)
        thread_usage(t, &f->usage);
    else
        process_usage(p, &f->usage);
    process_facts_locked(p, f);
out:
    spin_unlock(&process_tree_lock);
    return err;
}

static void facts_put(struct facts *f)
{
    if (f->space)
        as_put(f->space);
}

/* ---- stat and status ----------------------------------------------------- */

static uint64_t ticks_of(const struct timeval *t)
{
    return (uint64_t)t->tv_sec * TICKS_PER_SECOND +
           (uint64_t)t->tv_usec / (1000000 / TICKS_PER_SECOND);
}

/* As Linux shows it: real-time threads below 0, the others as 0 to 39. */
static int priority_shown(const struct sched_params *p)
{
    unsigned realtime = MAX(p->rt_priority, p->inherited);

    return realtime ? -1 - (int)realtime : PRIORITY_BASE + p->nice;
}

/* Fields 1 to 22 of proc(5): who, accounting. */
static void stat_process(struct text *out, const struct facts *f)
{
    text_printf(out, "%d (%.15s) %c %d %d %d %d %d 0 ", f->tid, f->name,
                f->state, f->parent, f->group, f->session, f->terminal,
                f->terminal_group);
    text_printf(out, "%ld %ld %ld %ld %lu %lu %lu %lu ", f->usage.ru_minflt,
                f->children.ru_minflt, f->usage.ru_majflt,
                f->children.ru_majflt, ticks_of(&f->usage.ru_utime),
                ticks_of(&f->usage.ru_stime), ticks_of(&f->children.ru_utime),
                ticks_of(&f->children.ru_stime));
    text_printf(out, "%d %d %u 0 %lu ", priority_shown(&f->sched),
                f->sched.nice, f->threads,
                f->start_ns / (NSEC_PER_SEC / TICKS_PER_SECOND));
}

/* Fields 23 to 52: memory, signals, and what this kernel does not have. */
static void stat_rest(struct text *out, const struct facts *f,
                      const struct proc_space_facts *s)
{
    uint64_t low31 = 0x7fffffff;

    text_printf(out, "%lu %lu %lu %lu %lu %lu 0 0 ", s->total << PAGE_SHIFT,
                s->rss_anon + s->rss_file, f->rss_limit, s->code_start,
                s->code_end, s->stack_top);
    text_printf(out, "%lu %lu %lu %lu 0 0 0 %d %u %u %u 0 0 0 ",
                f->pending & low31, f->blocked & low31, f->ignored & low31,
                f->caught & low31, f->exit_signal, f->cpu, f->sched.rt_priority,
                f->sched.policy);
    text_printf(out, "%lu %lu %lu %lu %lu %lu %lu %d\n", s->data_start,
                s->data_end, s->brk_start, s->arg_start, s->arg_end,
                s->env_start, s->env_end, f->zombie ? f->exit_status : 0);
}

int proc_show_stat(const struct proc_ref *ref, struct text *out)
{
    struct facts f;
    struct proc_space_facts s;
    int err = facts_get(ref, &f);

    if (err != 0)
        return err;
    proc_space_facts(f.space, &s);
    stat_process(out, &f);
    stat_rest(out, &f, &s);
    facts_put(&f);
    return 0;
}

static const char *state_name(char letter)
{
    switch (letter) {
    case 'D':
        return "disk sleep";
    case 'R':
        return "running";
    case 'T':
        return "stopped";
    case 'Z':
        return "zombie";
    case 'X':
        return "dead";
    case 'r':
        return "ready-suspended";
    case 's':
        return "blocked-suspended";
    default:
        return "sleeping";
    }
}

/* Slots in the descriptor table, as far as they are used. */
static uint32_t count_fd_slots(const struct proc_ref *ref)
{
    uint32_t slots = FD_GRANULE;

    spin_lock(&process_tree_lock);
    struct process *p = proc_ref_find_locked(ref);
    struct fd_table *files = p ? process_get_files(p) : NULL;
    spin_unlock(&process_tree_lock);
    if (!files)
        return 0;
    for (int fd = fd_table_next(files, 0); fd >= 0;
         fd = fd_table_next(files, fd + 1))
        slots = ALIGN_UP((uint32_t)fd + 1, FD_GRANULE);
    fd_table_return(files);
    return slots;
}

static void status_identity(struct text *out, const struct proc_ref *ref,
                            const struct facts *f)
{
    const struct credentials *c = &f->credentials;

    text_printf(out, "Name:\t%.15s\n", f->name);
    if (!f->zombie)
        text_printf(out, "Umask:\t%04o\n", f->umask);
    text_printf(out, "State:\t%c (%s)\nTgid:\t%d\nNgid:\t0\nPid:\t%d\n",
                f->state, state_name(f->state), f->pid, f->tid);
    text_printf(out, "PPid:\t%d\nTracerPid:\t%d\n", f->parent, f->tracer);
    text_printf(out, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\n", c->uid,
                c->euid, c->suid, c->fsuid, c->gid, c->egid, c->sgid, c->fsgid);
    text_printf(out, "FDSize:\t%u\nGroups:\t \n", count_fd_slots(ref));
    text_printf(out, "NStgid:\t%d\nNSpid:\t%d\nNSpgid:\t%d\nNSsid:\t%d\n",
                f->pid, f->tid, f->group, f->session);
}

static void status_pages(struct text *out, const char *name, uint64_t pages)
{
    text_printf(out, "%s:\t%8lu kB\n", name, pages << (PAGE_SHIFT - 10));
}

static void status_memory(struct text *out, const struct proc_space_facts *s,
                          uint64_t shmem)
{
    status_pages(out, "VmPeak", s->peak_total);
    status_pages(out, "VmSize", s->total);
    status_pages(out, "VmLck", s->locked);
    status_pages(out, "VmPin", 0);
    status_pages(out, "VmHWM", s->peak_rss);
    status_pages(out, "VmRSS", s->rss_anon + s->rss_file);
    status_pages(out, "RssAnon", s->rss_anon);
    status_pages(out, "RssFile", s->rss_file - MIN(s->rss_file, shmem));
    status_pages(out, "RssShmem", shmem);
    status_pages(out, "VmData", s->data);
    status_pages(out, "VmStk", s->stack);
    status_pages(out, "VmExe", s->code);
    status_pages(out, "VmLib", s->exec > s->code ? s->exec - s->code : 0);
    status_pages(out, "VmPTE", s->tables);
    status_pages(out, "VmSwap", s->swapped);
}

static unsigned count_bits(uint64_t set)
{
    unsigned n = 0;

    for (; set; set &= set - 1)
        n++;
    return n;
}

static void status_signals(struct text *out, const struct facts *f)
{
    text_printf(out, "Threads:\t%u\nSigQ:\t%u/%lu\n", f->threads,
                count_bits(f->pending) + count_bits(f->shared_pending),
                f->signal_limit);
    text_printf(out, "SigPnd:\t%016lx\nShdPnd:\t%016lx\nSigBlk:\t%016lx\n",
                f->pending, f->shared_pending, f->blocked);
    text_printf(out, "SigIgn:\t%016lx\nSigCgt:\t%016lx\n", f->ignored,
                f->caught);
}

/* As a mask, and as a list of ranges. */
static void status_affinity(struct text *out, uint32_t mask)
{
    const char *separator = "";

    text_printf(out, "Cpus_allowed:\t%x\nCpus_allowed_list:\t", mask);
    for (unsigned cpu = 0; cpu < CONFIG_MAX_CPUS; cpu++) {
        unsigned first = cpu;
        while (mask & (1u << cpu))
            cpu++;
        if (cpu == first)
            continue;
        text_printf(out, "%s%u", separator, first);
        if (cpu > first + 1)
            text_printf(out, "-%u", cpu - 1);
        separator = ",";
    }
    text_printf(out, "\n");
}

int proc_show_status(const struct proc_ref *ref, struct text *out)
{
    struct facts f;
    struct proc_space_facts s;
    int err = facts_get(ref, &f);

    if (err != 0)
        return err;
    status_identity(out, ref, &f);
    if (f.space) {
        proc_space_facts(f.space, &s);
        status_memory(out, &s, proc_count_shmem(f.space));
    }
    status_signals(out, &f);
    status_affinity(out, f.affinity & ((1u << cpu_count) - 1));
    text_printf(out, "voluntary_ctxt_switches:\t%ld\n", f.usage.ru_nvcsw);
    text_printf(out, "nonvoluntary_ctxt_switches:\t%ld\n", f.usage.ru_nivcsw);
    facts_put(&f);
    return 0;
}
