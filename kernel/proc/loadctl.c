/*
 * proc/loadctl.c - load control: looks at the processes, and carries out what
 * the rule says.
 *
 * 1 Idea      Ten times a second a thread collects what each large process did
 *             since the last look, asks loadctl_decide(), sets limits of frames
 *             and suspends or resumes one process.  The pages of one that has
 *             come to rest are written to swap.
 * 2 Who       Processes that have, or have had, more than a part of memory:
 *             neither init nor those that are small, of which suspending would
 *             gain nothing.
 * 3 Locking   process_tree_lock guards the table; limits are set and pages
 *             evicted without it, with a reference on the address space, which
 *             may be the last: so eviction_lock keeps the auditor away.
 * 4 Failure   What fails (a limit without memory for it) is left as it was.
 * 5 Elsewhere Linux has no load control: it kills.  Unix of the 1980s swapped
 *             whole processes, as VMS did.
 *
 * Next: loadctl_rule.c (who and how many), suspend.c, vm/reclaim.c.
 */
#include "proc/loadctl.h"

#include "abi/errno.h"
#include "base/string.h"
#include "core/boot_info.h"
#include "core/printk.h"
#include "mem/frame.h"
#include "proc/process.h"
#include "proc/suspend.h"
#include "proc/threads.h"
#include "vm/working_set.h"
#include "x86/clock.h"

enum {
    MOST_PROCESSES = 64,
    LARGE_PART = 50, /* of memory: less is not worth the trouble */
    EVICTIONS = 4,   /* tries: pages in use by others are passed over */
    FEW_PAGES = 32,
};

#define LOOK_NS   (100 * NSEC_PER_MSEC)
#define SETTLE_NS (300 * NSEC_PER_MSEC)
#define NO_LIMIT  (1ul << 40) /* a pool that is never full */

/* Lock key: [T] process_tree_lock  [O] the thread only */
struct load_entry {
    struct load_process figures; /* [T] */
    int32_t pid;                 /* [T] */
    uint64_t start_ns;           /* [T] a number may be used again */
    uint64_t faults, run_ns;     /* [T] at the last look */
    uint64_t changed_ns;         /* [T] came in or went out */
    uint64_t turn_run_ns;        /* [T] CPU time it had when it came in */
    uint64_t swapped;            /* [T] pages in swap */
    uint64_t window_run_ns;      /* [T] CPU time when the window began */
    uint64_t window_faults;      /* [T] faults by then */
    bool counted;                /* [T] a whole window since it came in */
    bool seen;                   /* [T] in this round */
    uint8_t evictions;           /* [T] times that its pages are to go yet */
};

/* What is to be done to one space, without a lock. */
struct load_order {
    struct address_space *space; /* with a reference */
    uint64_t limit;              /* 0: leave it */
    bool evict, count;
    unsigned entry;
    uint64_t set; /* out: pages used */
};

struct loadctl_bounds loadctl_bounds = {
    .upper = 100, .lower = 10, .turn_ms = 1000, .tau_ms = 500
};

static const char *const mode_names[] = { "off", "pff", "ws" };

static uint8_t mode;                              /* [a] enum load_mode */
static struct wait_queue mode_changed;            /* the thread sleeps here */
static bool started;                              /* [a] the thread is there */
static struct load_entry entries[MOST_PROCESSES]; /* [T] */
static unsigned entry_count;                      /* [T] */
static uint64_t frames_for_all;                   /* [T] */
static uint64_t acted_ns;                         /* [T] last action */
static struct load_order orders[MOST_PROCESSES];  /* [O] */
static struct load_process figures[MOST_PROCESSES]; /* [O] */

/* ---- looking ----------------------------------------------------------------- */

static uint64_t usable_frames(void)
{
    uint64_t kernel = frame_count(FRAME_RESERVED) + frame_count(FRAME_KERNEL) +
                      frame_count(FRAME_TABLE) + frame_count(FRAME_SLAB) +
                      frame_count(FRAME_MAPPING) + frame_marks.high;
    uint64_t total = frame_total();

    return total > kernel ? total - kernel : 0;
}

/* The entry of a process, a new one if it is large; NULL: it does not count. */
static struct load_entry *entry_of_locked(struct process *p, uint64_t pages,
                                          uint64_t now)
    MUST_HOLD(process_tree_lock);
static struct load_entry *entry_of_locked(struct process *p, uint64_t pages,
                                          uint64_t now)
{
    for (unsigned i = 0; i < entry_count; i++)
        if (entries[i].pid == p->pid && entries[i].start_ns == p->start_ns)
            return &entries[i];
    if (entry_count == MOST_PROCESSES || pages < frame_total() / LARGE_PART ||
        p->suspend_reasons)
        return NULL;
    struct load_entry *e = &entries[entry_count++];
    *e = (struct load_entry){ .pid = p->pid,
                              .start_ns = p->start_ns,
                              .changed_ns = now };
    return e;
}

static void fill_locked(struct load_entry *e, struct process *p,
                        uint64_t resident, uint64_t now)
    MUST_HOLD(process_tree_lock, p->lock);
static void fill_locked(struct load_entry *e, struct process *p,
                        uint64_t resident, uint64_t now)
{
    struct thread_usage u = threads_usage_locked(p);
    struct load_process *f = &e->figures;
    uint64_t faults = u.min_faults + u.maj_faults;

    if (e->run_ns == 0) { /* new */
        e->faults = faults;
        e->run_ns = e->turn_run_ns = e->window_run_ns = u.run_ns;
        e->window_faults = faults;
    }
    /* Until it has been counted: all that it has. */
    if (!e->counted && !f->out)
        f->set = MAX(f->set, resident + e->swapped);
    e->seen = true;
    f->pages = resident;
    f->faults = faults - e->faults;
    f->cpu_ns = u.run_ns - e->run_ns;
    f->since_ns = now - e->changed_ns;
    f->turn_ns = u.run_ns - e->turn_run_ns;
    e->faults = faults;
    e->run_ns = u.run_ns;
}

/* Pages of processes that do not count. */
static uint64_t look_at_all_locked(uint64_t now) MUST_HOLD(process_tree_lock);
static uint64_t look_at_all_locked(uint64_t now)
{
    struct process *p;
    uint64_t others = 0;

    list_for_each (p, &process_list, all_link) {
        if (p == init_process || p->life != PROCESS_ALIVE || p->group_exiting)
            continue;
        spin_lock(&p->lock);
        if (p->space && !p->vfork_waiting) {
            uint64_t resident = p->space->rss_anon;
            struct load_entry *e =
                entry_of_locked(p, resident + p->space->swap_pages, now);
            if (e) {
                e->swapped = p->space->swap_pages;
                fill_locked(e, p, resident, now);
            } else {
                others += resident;
            }
        }
        spin_unlock(&p->lock);
    }
    return others;
}

/* Drop the entries of processes that have gone. */
static void forget_gone_locked(void) MUST_HOLD(process_tree_lock);
static void forget_gone_locked(void)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < entry_count; i++) {
        if (!entries[i].seen)
            continue;
        entries[i].seen = false;
        entries[kept++] = entries[i];
    }
    entry_count = kept;
}

/* ---- acting ------------------------------------------------------------------ */

static void act_locked(struct load_entry *e, struct process *p, uint64_t now)
    MUST_HOLD(process_tree_lock);
static void act_locked(struct load_entry *e, struct process *p, uint64_t now)
{
    bool out = e->figures.action == LOAD_SUSPEND;

    if (out)
        suspend_process(p, SUSPEND_BY_LOAD);
    else
        suspend_resume(p, SUSPEND_BY_LOAD);
    e->figures.out = out;
    e->evictions = out ? EVICTIONS : 0;
    e->changed_ns = acted_ns = now;
    e->turn_run_ns = e->window_run_ns = e->run_ns;
    e->window_faults = e->faults;
    e->counted = false;
}

/* Has its working set's window passed?  It is one of CPU time: a process that
 * waits uses nothing. */
static bool must_count(const struct load_entry *e)
{
    return mode == LOAD_WS && !e->figures.out &&
           e->run_ns - e->window_run_ns >=
               loadctl_bounds.tau_ms * NSEC_PER_MSEC;
}

/* Add what is to be done to its space. */
static unsigned order_locked(unsigned n, unsigned i, struct process *p,
                             uint64_t limit_before)
    MUST_HOLD(process_tree_lock);
static unsigned order_locked(unsigned n, unsigned i, struct process *p,
                             uint64_t limit_before)
{
    struct load_entry *e = &entries[i];
    struct load_order o = { .entry = i };

    if (e->figures.limit != limit_before)
        o.limit = e->figures.limit;
    if (e->evictions && suspend_is_complete_locked(p)) {
        bool done = e->figures.pages < FEW_PAGES;
        e->evictions = done ? 0 : e->evictions - 1;
        o.evict = !done;
    }
    if (must_count(e))
        o.count = true;
    if (o.limit == 0 && !o.evict && !o.count)
        return n;
    o.space = process_get_space(p);
    if (!o.space)
        return n;
    orders[n] = o;
    return n + 1;
}

/* One round; returns how many orders there are. */
static unsigned decide_locked(uint64_t now) MUST_HOLD(process_tree_lock);
static unsigned decide_locked(uint64_t now)
{
    struct load_machine m = {
        .mode = mode,
        .upper = loadctl_bounds.upper,
        .lower = loadctl_bounds.lower,
        .run_ns = loadctl_bounds.turn_ms * NSEC_PER_MSEC,
        .settled = now - acted_ns >= SETTLE_NS,
    };
    uint64_t limits[MOST_PROCESSES] = { 0 };
    unsigned n = 0;
    uint64_t others = look_at_all_locked(now), usable = usable_frames();

    forget_gone_locked();
    m.memory = frames_for_all = usable > others ? usable - others : 0;
    for (unsigned i = 0; i < entry_count; i++) {
        figures[i] = entries[i].figures;
        limits[i] = figures[i].limit;
        m.settled &= entries[i].evictions == 0;
    }
    loadctl_decide(&m, figures, entry_count);
    for (unsigned i = 0; i < entry_count; i++) {
        struct process *p = process_find_locked(entries[i].pid);
        entries[i].figures = figures[i];
        if (!p)
            continue;
        if (figures[i].action != LOAD_KEEP)
            act_locked(&entries[i], p, now);
        n = order_locked(n, i, p, limits[i]);
    }
    return n;
}

/* Without a lock on processes; the space stays for the reference. */
static void carry_out(struct load_order *o) MUST_HOLD_SHARED(eviction_lock);
static void carry_out(struct load_order *o)
{
    if (o->limit != 0) {
        o->space->soft_limit = true; /* nobody is to die of it */
        int unused = vm_limit_frames(o->space, o->limit);
        (void)unused; /* without memory for a pool it has no limit */
    }
    if (o->evict)
        vm_evict_space(o->space);
    if (o->count)
        o->set = vm_count_used(o->space);
    as_put(o->space);
}

static void resume_all_locked(void) MUST_HOLD(process_tree_lock);
static void resume_all_locked(void)
{
    for (unsigned i = 0; i < entry_count; i++) {
        struct process *p = process_find_locked(entries[i].pid);
        if (p && p->start_ns == entries[i].start_ns)
            suspend_resume(p, SUSPEND_BY_LOAD);
    }
}

/* Off, or in another way from now on: all come back and have no limit. */
static unsigned let_go_locked(void) MUST_HOLD(process_tree_lock);
static unsigned let_go_locked(void)
{
    unsigned n = 0;

    resume_all_locked();
    for (unsigned i = 0; i < entry_count; i++) {
        struct process *p = process_find_locked(entries[i].pid);
        if (!p || p->start_ns != entries[i].start_ns)
            continue;
        struct load_order o = { .limit = NO_LIMIT };
        if (entries[i].figures.limit != 0 &&
            (o.space = process_get_space(p)) != NULL)
            orders[n++] = o;
    }
    entry_count = 0;
    return n;
}

/* What it used is what the page tables tell, and what it had to wait for. */
static void note_set_locked(const struct load_order *o)
    MUST_HOLD(process_tree_lock);
static void note_set_locked(const struct load_order *o)
{
    struct load_entry *e = &entries[o->entry];
    uint64_t used = o->set + e->faults - e->window_faults;

    e->figures.set = MIN(used, e->figures.pages + e->swapped);
    e->window_run_ns = e->run_ns;
    e->window_faults = e->faults;
    e->counted = true;
}

static void run_round(void) MUST_HOLD_SHARED(eviction_lock);
static void run_round(void)
{
    static uint8_t last_mode;

    spin_lock(&process_tree_lock);
    bool begins = mode != last_mode || mode == LOAD_OFF;
    unsigned n = begins ? let_go_locked() : decide_locked(clock_now_ns());
    last_mode = mode;
    spin_unlock(&process_tree_lock);
    for (unsigned i = 0; i < n; i++)
        carry_out(&orders[i]);
    spin_lock(&process_tree_lock);
    for (unsigned i = 0; i < n; i++)
        if (orders[i].count && orders[i].entry < entry_count)
            note_set_locked(&orders[i]);
    spin_unlock(&process_tree_lock);
}

static void loadctl_main(void *unused)
{
    (void)unused;
    for (;;) {
        spin_lock(&process_tree_lock);
        /* Uninterruptible: it is the kernel's own. */
        (void)wait_event(&mode_changed, mode != LOAD_OFF || entry_count != 0,
                         &process_tree_lock, WAIT_UNINTERRUPTIBLE,
                         WAIT_FOREVER);
        spin_unlock(&process_tree_lock);
        rwlock_read_lock(&eviction_lock);
        run_round();
        rwlock_read_unlock(&eviction_lock);
        (void)wait_deadline(WAIT_UNINTERRUPTIBLE, clock_now_ns() + LOOK_NS);
    }
}

/* ---- settings ---------------------------------------------------------------- */

static int start_thread(void)
{
    if (__atomic_exchange_n(&started, true, __ATOMIC_SEQ_CST))
        return 0;
    if (thread_create_kernel("loadctl", loadctl_main, NULL))
        return 0;
    __atomic_store_n(&started, false, __ATOMIC_SEQ_CST);
    return -ENOMEM;
}

int loadctl_set_mode(const char *name)
{
    unsigned chosen = 0;

    while (chosen < ARRAY_LENGTH(mode_names) &&
           strcmp(mode_names[chosen], name) != 0)
        chosen++;
    if (chosen == ARRAY_LENGTH(mode_names))
        return -EINVAL;
    int err = chosen == LOAD_OFF ? 0 : start_thread();
    if (err != 0)
        return err;
    spin_lock(&process_tree_lock);
    if (chosen != mode)
        resume_all_locked();
    mode = (uint8_t)chosen;
    wake_up_all(&mode_changed);
    spin_unlock(&process_tree_lock);
    return 0;
}

const char *loadctl_mode_name(void)
{
    return mode_names[mode];
}

bool loadctl_get_facts(unsigned n, struct loadctl_facts *out)
{
    spin_lock(&process_tree_lock);
    bool found = n < entry_count;
    if (found)
        *out = (struct loadctl_facts){ entries[n].pid, entries[n].figures };
    spin_unlock(&process_tree_lock);
    return found;
}

uint64_t loadctl_frames(void)
{
    return frames_for_all;
}

void loadctl_start(void)
{
    char name[16];

    wait_queue_init(&mode_changed);
    if (boot_option_value("loadctl=", name, sizeof(name)) &&
        loadctl_set_mode(name) != 0)
        printk("loadctl=%s: no such way\n", name);
}
