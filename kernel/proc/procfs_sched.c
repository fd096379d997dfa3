/*
 * proc/procfs_sched.c - the scheduler in /proc: /proc/sched (hanu's own),
 * /proc/PID/sched and /proc/PID/schedstat (Linux's words).
 *
 * Idea:   what is to be shown is copied under the lock that guards it, and put
 *         into words afterwards.
 * Locks:  process_tree_lock keeps a thread that is looked at; a run queue's
 *         lock its list.
 */
#include "abi/errno.h"
#include "base/string.h"
#include "mem/slab.h"
#include "proc/procfs.h"
#include "sched/policy.h"
#include "sched/sched.h"
#include "x86/clock.h"

enum { SHOWN_MAX = 32, LINUX_PRIORITY_BASE = 120, LINUX_WEIGHT_SHIFT = 10 };

/* ---- /proc/sched --------------------------------------------------------- */

/* One ready thread. */
struct ready_facts {
    int32_t tid, nice;
    uint32_t realtime;
    uint64_t waits_ns;
    int64_t figure;
    char name[16];
};

struct queue_facts {
    uint32_t ready, shown;
    uint64_t switches;
    struct ready_facts list[SHOWN_MAX];
};

static void collect_queue(unsigned cpu, struct queue_facts *f)
{
    struct run_queue *rq = &run_queues[cpu];
    uint64_t now = clock_now_ns();
    const struct thread *t;

    memset(f, 0, sizeof(*f));
    spin_lock(&rq->lock);
    f->ready = rq->ready_count;
    f->switches = rq->switches;
    list_for_each (t, &rq->all, ready_link) {
        if (f->shown == SHOWN_MAX)
            break;
        struct ready_facts *r = &f->list[f->shown++];
        r->tid = t->tid;
        r->nice = t->params.nice;
        r->realtime = t->queued_rt;
        r->waits_ns = now > t->ready_since ? now - t->ready_since : 0;
        if (sched_policy->figure && !t->queued_rt)
            r->figure = sched_policy->figure(rq, t);
        memcpy(r->name, t->name, sizeof(r->name));
    }
    spin_unlock(&rq->lock);
}

static void show_queue(struct text *out, unsigned cpu,
                       const struct queue_facts *f)
{
    text_printf(out, "\ncpu%u: %u ready, %lu switches\n", cpu, f->ready,
                f->switches);
    for (unsigned i = 0; i < f->shown; i++) {
        const struct ready_facts *r = &f->list[i];
        text_printf(out,
                    "  %7d %-16.15s nice %3d rt %2u waits %lu us figure "
                    "%ld\n",
                    r->tid, r->name, r->nice, r->realtime,
                    r->waits_ns / NSEC_PER_USEC, r->figure);
    }
}

int proc_show_sched(const struct proc_ref *ref, struct text *out)
{
    struct queue_facts *facts = kmalloc(sizeof(*facts));

    if (!facts)
        return -ENOMEM;
    text_printf(out, "policy: %s, %s\navailable:", sched_policy->name,
                sched_policy->title);
    for (unsigned i = 0; sched_policies[i]; i++)
        text_printf(out, " %s", sched_policies[i]->name);
    text_printf(out, "\n");
    for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
        collect_queue(cpu, facts);
        show_queue(out, cpu, facts);
    }
    kfree(facts);
    return 0;
}

/* ---- of one thread ------------------------------------------------------- */

struct thread_facts {
    char name[16];
    int32_t tid;
    uint32_t threads, weight;
    uint64_t run_ns, wait_ns, migrations, voluntary, involuntary;
    struct sched_params params;
};

static int collect_thread(const struct proc_ref *ref, struct thread_facts *f)
{
    spin_lock(&process_tree_lock);
    const struct process *p = proc_ref_find_locked(ref);
    const struct thread *t = p ? proc_ref_thread_locked(ref, p) : NULL;
    if (t) {
        f->tid = t->tid;
        f->threads = p->thread_count;
        f->weight = sched_weight(t);
        f->run_ns = thread_run_ns(t);
        f->wait_ns = t->wait_ns;
        f->migrations = t->migrations;
        f->voluntary = t->switches_voluntary;
        f->involuntary = t->switches_involuntary;
        f->params = t->params;
        memcpy(f->name, t->name, sizeof(f->name));
    }
    spin_unlock(&process_tree_lock);
    return t ? 0 : -ESRCH;
}

static void show_ms(struct text *out, const char *name, uint64_t ns)
{
    text_printf(out, "%-45s:%14lu.%06lu\n", name, ns / NSEC_PER_MSEC,
                ns % NSEC_PER_MSEC);
}

static void show_count(struct text *out, const char *name, uint64_t value)
{
    text_printf(out, "%-45s:%21lu\n", name, value);
}

int proc_show_thread_sched(const struct proc_ref *ref, struct text *out)
{
    struct thread_facts f;
    int err = collect_thread(ref, &f);

    if (err)
        return err;
    unsigned realtime = MAX(f.params.rt_priority, f.params.inherited);
    text_printf(out, "%.15s (%d, #threads: %u)\n", f.name, f.tid, f.threads);
    text_printf(out, "----------------------------------------------------"
                     "---------------\n");
    show_ms(out, "se.sum_exec_runtime", f.run_ns);
    show_ms(out, "wait_sum", f.wait_ns);
    show_count(out, "se.nr_migrations", f.migrations);
    show_count(out, "nr_switches", f.voluntary + f.involuntary);
    show_count(out, "nr_voluntary_switches", f.voluntary);
    show_count(out, "nr_involuntary_switches", f.involuntary);
    show_count(out, "se.load.weight", (uint64_t)f.weight << LINUX_WEIGHT_SHIFT);
    show_count(out, "policy", f.params.policy);
    show_count(out, "prio",
               realtime ? 99 - realtime
                        : (unsigned)(LINUX_PRIORITY_BASE + f.params.nice));
    return 0;
}

/* Run time, time spent ready, and how often it came to run: ns. */
int proc_show_schedstat(const struct proc_ref *ref, struct text *out)
{
    struct thread_facts f;
    int err = collect_thread(ref, &f);

    if (err)
        return err;
    text_printf(out, "%lu %lu %lu\n", f.run_ns, f.wait_ns,
                f.voluntary + f.involuntary);
    return 0;
}
