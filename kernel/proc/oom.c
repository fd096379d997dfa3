/*
 * proc/oom.c - the out-of-memory killer.
 *
 * 1 Idea      A page fault that finds no frame, after everything that can be
 *             reclaimed has been, cannot return an error.  Somebody must give
 *             memory back: one process is killed, and who asked waits and tries
 *             again.  System calls that find no memory return ENOMEM.
 * 2 The rule  The process with the most points is killed: its resident pages,
 *             pages in swap and page tables, and oom_score_adj thousandths of
 *             all memory.  Never: init; who has oom_score_adj -1000; a vfork
 *             child, whose memory is its parent's; who has none any more.  All
 *             processes that share the memory are killed with it.  With nobody
 *             to choose, who asks is killed, -1000 or not; init waits.
 * 3 Progress  One victim at a time: while it uses CPU time on its way out the
 *             others wait.  One that stands still for PATIENCE_NS (it sleeps and
 *             cannot be woken, or never gets a CPU), or takes LONGEST_NS in all,
 *             is not waited for any longer and the next one is chosen.  So each
 *             process is chosen once at most, and the waiting ends.
 * 4 Locking   oom_lock, a mutex, around the decision: who waits for it finds
 *             memory there when it gets it, or a victim chosen.  Nothing is
 *             held while waiting for memory.
 * 5 Elsewhere Linux: mm/oom_kill.c.  Its reaper takes the memory of a victim
 *             that stands still instead of choosing another.
 *
 * Next: trap.c and vm/fault.h (who asks), procfs_loadctl.c (/proc/PID/oom_*).
 */
#include "proc/oom.h"

#include "abi/errno.h"
#include "base/string.h"
#include "core/counter.h"
#include "core/panic.h"
#include "core/printk.h"
#include "mem/frame.h"
#include "mem/slab.h"
#include "proc/signal.h"
#include "proc/threads.h"
#include "sched/kstack.h"
#include "sched/mutex.h"
#include "vm/fault.h"
#include "vm/swap.h"
#include "x86/clock.h"

/* A fault needs a page and three tables at most. */
enum { PROBE_FRAMES = 4 };

#define POLL_NS     (2 * NSEC_PER_MSEC) /* between looks at free memory */
#define PATIENCE_NS (2 * NSEC_PER_SEC)  /* with a victim that stands still */
#define LONGEST_NS  (30 * NSEC_PER_SEC) /* with any */

/* Lock key: all under oom_lock */
struct victim {
    int32_t pid;       /* 0: there is none */
    uint64_t start_ns; /* a number may be used again */
    uint64_t chosen_at, moved_at;
    uint64_t run_ns; /* CPU time it had at moved_at */
};

/* What the log tells of one. */
struct obituary {
    int32_t pid;
    char name[16];
    uint64_t total, anon, file, tables;
    uint32_t uid;
    int adjust;
};

static struct mutex oom_lock;
static struct victim victim; /* [oom_lock] */
uint32_t oom_kill_allocating_task, oom_panics;

static uint64_t all_memory(void)
{
    return frame_total() - frame_count(FRAME_RESERVED) + swap_slots_total();
}

/* ---- the rule -------------------------------------------------------------- */

/* Figures that change meanwhile may be told old or new. */
static uint64_t pages_of(const struct address_space *as)
{
    return as->rss_anon + as->rss_file + as->swap_pages + as->table_pages;
}

int64_t oom_badness_locked(struct process *p)
{
    int64_t points = OOM_NEVER;

    if (p == init_process || p->vfork_waiting)
        return OOM_NEVER;
    spin_lock(&p->lock);
    if (p->space)
        points = oom_points(pages_of(p->space), p->oom_score_adj, all_memory());
    spin_unlock(&p->lock);
    return points;
}

unsigned oom_score_locked(struct process *p)
{
    int64_t points = oom_badness_locked(p);

    if (points == OOM_NEVER)
        return 0;
    points = (1000 + points * 1000 / (int64_t)all_memory()) * 2 / 3;
    return points > 0 ? (unsigned)points : 0;
}

/* The one with the most points; NULL: nobody may be chosen. */
static struct process *worst_locked(void) MUST_HOLD(process_tree_lock);
static struct process *worst_locked(void)
{
    struct process *p, *worst = NULL;
    int64_t most = OOM_NEVER;

    list_for_each (p, &process_list, all_link) {
        int64_t points = p->oom_given_up ? OOM_NEVER : oom_badness_locked(p);
        if (points > most) {
            most = points;
            worst = p;
        }
    }
    return worst;
}

static struct process *choose_locked(struct process *asks)
    MUST_HOLD(process_tree_lock);
static struct process *choose_locked(struct process *asks)
{
    if (__atomic_load_n(&oom_kill_allocating_task, __ATOMIC_RELAXED) &&
        oom_badness_locked(asks) != OOM_NEVER)
        return asks;
    struct process *worst = worst_locked();
    if (!worst && asks != init_process)
        return asks;
    return worst;
}

/* ---- killing --------------------------------------------------------------- */

static void describe_locked(struct process *p, struct obituary *o)
    MUST_HOLD(process_tree_lock);
static void describe_locked(struct process *p, struct obituary *o)
{
    memset(o, 0, sizeof(*o));
    spin_lock(&p->lock);
    memcpy(o->name, p->name, sizeof(o->name));
    if (p->space) {
        o->total = p->space->total_pages;
        o->anon = p->space->rss_anon;
        o->file = p->space->rss_file;
        o->tables = p->space->table_pages;
    }
    spin_unlock(&p->lock);
    o->pid = p->pid;
    o->uid = p->credentials.uid;
    o->adjust = p->oom_score_adj;
}

/* Its own pages count as Linux counts them, shared memory with the files. */
static void tell(const struct obituary *o)
{
    enum { KB = PAGE_SIZE / 1024 };

    printk("Out of memory: Killed process %d (%.15s) total-vm:%lukB, "
           "anon-rss:%lukB, file-rss:%lukB, shmem-rss:0kB, UID:%u "
           "pgtables:%lukB oom_score_adj:%d\n",
           o->pid, o->name, o->total * KB, o->anon * KB, o->file * KB, o->uid,
           o->tables * KB, o->adjust);
}

/* Do both run in one address space? */
static bool share_memory_locked(struct process *p, struct process *other)
    MUST_HOLD(process_tree_lock);
static bool share_memory_locked(struct process *p, struct process *other)
{
    spin_lock(&p->lock);
    const struct address_space *space = p->space;
    spin_unlock(&p->lock);
    spin_lock(&other->lock);
    bool same = space && other->space == space;
    spin_unlock(&other->lock);
    return same;
}

/* It and all that share its memory; init lives. */
static void kill_locked(struct process *p) MUST_HOLD(process_tree_lock);
static void kill_locked(struct process *p)
{
    struct process *other;

    signal_send_process(p, SIGKILL, NULL);
    list_for_each (other, &process_list, all_link)
        if (other != p && other != init_process &&
            share_memory_locked(p, other))
            signal_send_process(other, SIGKILL, NULL);
}

static uint64_t run_ns_of_locked(struct process *p)
    MUST_HOLD(process_tree_lock);
static uint64_t run_ns_of_locked(struct process *p)
{
    spin_lock(&p->lock);
    uint64_t ns = threads_usage_locked(p).run_ns;
    spin_unlock(&p->lock);
    return ns;
}

/* A new victim, which may be on its way out already.  Returns whether the log
 * is to tell of it. */
static bool take_victim_locked(struct process *asks, struct obituary *o)
    MUST_HOLD(oom_lock, process_tree_lock);
static bool take_victim_locked(struct process *asks, struct obituary *o)
{
    struct process *p = choose_locked(asks);

    if (!p)
        return false;
    victim.pid = p->pid;
    victim.start_ns = p->start_ns;
    victim.chosen_at = victim.moved_at = clock_now_ns();
    victim.run_ns = run_ns_of_locked(p);
    if (p->group_exiting)
        return false;
    describe_locked(p, o);
    kill_locked(p);
    return true;
}

/* Is there a victim that may still bring memory? */
static bool victim_is_under_way_locked(void)
    MUST_HOLD(oom_lock, process_tree_lock);
static bool victim_is_under_way_locked(void)
{
    uint64_t now = clock_now_ns();
    struct process *p = victim.pid ? process_find_locked(victim.pid) : NULL;

    if (!p || p->start_ns != victim.start_ns || p->life == PROCESS_ZOMBIE)
        return false;
    uint64_t run_ns = run_ns_of_locked(p);
    if (run_ns != victim.run_ns) {
        victim.run_ns = run_ns;
        victim.moved_at = now;
    }
    if (now - victim.moved_at < PATIENCE_NS &&
        now - victim.chosen_at < LONGEST_NS)
        return true;
    p->oom_given_up = true;
    return false;
}

/* ---- who asks -------------------------------------------------------------- */

/* Could a fault be resolved now?  User pages leave a reserve to the kernel. */
static bool memory_is_there(void)
{
    struct frame *f[PROBE_FRAMES];
    unsigned got = 0;

    while (got < PROBE_FRAMES && (f[got] = frame_alloc(0, FRAME_ANON)))
        got++;
    for (unsigned i = 0; i < got; i++)
        frame_free(f[i], 0);
    return got == PROBE_FRAMES;
}

/* The same after the kernel has given up what it keeps for later use. */
static bool memory_can_be_found(void)
{
    if (memory_is_there())
        return true;
    kstack_drain();
    slab_drain();
    frame_drain();
    return memory_is_there();
}

static void find_victim(struct process *asks) MUST_HOLD(oom_lock);
static void find_victim(struct process *asks)
{
    struct obituary o;
    bool killed = false;

    spin_lock(&process_tree_lock);
    bool waits = victim_is_under_way_locked();
    if (!waits && oom_panics)
        panic("Out of memory: system-wide panic_on_oom is enabled");
    if (!waits) {
        victim.pid = 0;
        killed = take_victim_locked(asks, &o);
    }
    spin_unlock(&process_tree_lock);
    if (!killed)
        return;
    counter_add(COUNTER_OOM_KILLS, 1);
    tell(&o);
}

static bool is_dying(const struct process *p)
{
    const struct thread *t = thread_current();

    return thread_has_flag(t, THREAD_KILLED) || threads_must_leave(p, t);
}

/* vm's hook: see vm/fault.h. */
static bool wait_for_memory(void)
{
    struct process *p = process_current();

    if (!p || is_dying(p))
        return false;
    mutex_lock(&oom_lock);
    bool found = memory_can_be_found();
    if (!found)
        find_victim(p);
    mutex_unlock(&oom_lock);
    if (!found)
        (void)wait_deadline(WAIT_KILLABLE, clock_now_ns() + POLL_NS);
    return !is_dying(p);
}

/* ---- adjustments ----------------------------------------------------------- */

static void adjust(struct process *p, int value, bool privileged)
{
    p->oom_score_adj = (int16_t)value;
    if (privileged)
        p->oom_score_adj_min = (int16_t)value;
}

int oom_set_adjust_locked(struct process *p, int value)
{
    bool privileged = process_current()->credentials.euid == 0;
    struct process *other;

    if (value < OOM_ADJUST_MIN || value > OOM_ADJUST_MAX)
        return -EINVAL;
    if (value < p->oom_score_adj_min && !privileged)
        return -EACCES;
    adjust(p, value, privileged);
    list_for_each (other, &process_list, all_link)
        if (!p->vfork_waiting && !other->vfork_waiting &&
            share_memory_locked(p, other))
            adjust(other, value, privileged);
    return 0;
}

void oom_inherit(struct process *child, const struct process *parent)
{
    child->oom_score_adj = parent->oom_score_adj;
    child->oom_score_adj_min = parent->oom_score_adj_min;
}

void oom_init(void)
{
    mutex_init(&oom_lock, "oom", RANK_OOM);
    vm_out_of_memory = wait_for_memory;
}
