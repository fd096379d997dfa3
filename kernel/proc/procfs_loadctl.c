/*
 * proc/procfs_loadctl.c - files about memory that runs short.
 *
 * Idea:   /proc/PID/oom_score and oom_score_adj: who dies when memory is out;
 *         /proc/sys/vm: the killer's switches.
 *         /proc/loadctl and /proc/sys/vm/loadctl*: load control.
 *         /proc/PID/suspend: take a process out of play, or bring it back.
 * Locks:  process_tree_lock.
 * Next:   oom.c, suspend.c.
 */
#include "abi/errno.h"
#include "base/string.h"
#include "proc/loadctl.h"
#include "proc/oom.h"
#include "proc/procfs.h"
#include "proc/suspend.h"
#include "x86/clock.h"

/* "[+-]N" in decimal, spaces around it allowed; false if it is none. */
static bool parse_signed(const char *text, int *out)
{
    size_t length = strlen(text);
    bool negative = false;
    int32_t value;

    while (length > 0 && text[0] == ' ') {
        text++;
        length--;
    }
    while (length > 0 && text[length - 1] == ' ')
        length--;
    if (length > 0 && (text[0] == '-' || text[0] == '+')) {
        negative = text[0] == '-';
        text++;
        length--;
    }
    if (!proc_parse_number(text, length, &value))
        return false;
    *out = negative ? -value : value;
    return true;
}

int proc_show_oom_score(const struct proc_ref *ref, struct text *out)
{
    unsigned score = 0;

    spin_lock(&process_tree_lock);
    struct process *p = proc_ref_find_locked(ref);
    if (p)
        score = oom_score_locked(p);
    spin_unlock(&process_tree_lock);
    if (!p)
        return -ESRCH;
    text_printf(out, "%u\n", score);
    return 0;
}

int proc_show_oom_adjust(const struct proc_ref *ref, struct text *out)
{
    int adjust = 0;

    spin_lock(&process_tree_lock);
    struct process *p = proc_ref_find_locked(ref);
    if (p)
        adjust = p->oom_score_adj;
    spin_unlock(&process_tree_lock);
    if (!p)
        return -ESRCH;
    text_printf(out, "%d\n", adjust);
    return 0;
}

int proc_store_oom_adjust(const struct proc_ref *ref, char *line)
{
    int adjust, err = -ESRCH;

    if (!parse_signed(line, &adjust))
        return -EINVAL;
    spin_lock(&process_tree_lock);
    struct process *p = proc_ref_find_locked(ref);
    if (p)
        err = oom_set_adjust_locked(p, adjust);
    spin_unlock(&process_tree_lock);
    return err;
}

/* ---- suspension ------------------------------------------------------------ */

int proc_show_suspend(const struct proc_ref *ref, struct text *out)
{
    bool wanted = false;

    spin_lock(&process_tree_lock);
    struct process *p = proc_ref_find_locked(ref);
    if (p)
        wanted = suspend_is_wanted(p);
    spin_unlock(&process_tree_lock);
    if (!p)
        return -ESRCH;
    text_printf(out, "%d\n", wanted);
    return 0;
}

int proc_store_suspend(const struct proc_ref *ref, char *line)
{
    int value, err = -ESRCH;

    if (!parse_signed(line, &value) || value < 0 || value > 1)
        return -EINVAL;
    spin_lock(&process_tree_lock);
    struct process *p = proc_ref_find_locked(ref);
    if (p)
        err = suspend_by_hand_locked(p, value);
    spin_unlock(&process_tree_lock);
    return err;
}

/* ---- /proc/sys/vm ---------------------------------------------------------- */

static int store_switch(uint32_t *where, const char *line, int32_t most)
{
    int32_t value;

    if (!proc_parse_number(line, strlen(line), &value) || value > most)
        return -EINVAL;
    __atomic_store_n(where, (uint32_t)value, __ATOMIC_RELAXED);
    return 0;
}

int proc_show_oom_kill_allocating(const struct proc_ref *ref, struct text *out)
{
    text_printf(out, "%u\n", oom_kill_allocating_task);
    return 0;
}

int proc_store_oom_kill_allocating(const struct proc_ref *ref, char *line)
{
    return store_switch(&oom_kill_allocating_task, line, 1);
}

int proc_show_panic_on_oom(const struct proc_ref *ref, struct text *out)
{
    text_printf(out, "%u\n", oom_panics);
    return 0;
}

int proc_store_panic_on_oom(const struct proc_ref *ref, char *line)
{
    return store_switch(&oom_panics, line, 1);
}

/* ---- load control ---------------------------------------------------------- */

/* A line for each process that counts: the frames that it has, and may have,
 * its working set, its faults in a second of CPU time. */
int proc_show_loadctl(const struct proc_ref *ref, struct text *out)
{
    struct loadctl_facts f;

    text_printf(out, "mode %s frames %lu\n", loadctl_mode_name(),
                loadctl_frames());
    text_printf(out, "  PID STATE     PAGES     LIMIT       SET    RATE  "
                     "SINCE_MS   TURN_MS\n");
    for (unsigned n = 0; loadctl_get_facts(n, &f); n++)
        text_printf(out, "%5d %-5s %9lu %9lu %9lu %7lu %9lu %9lu\n", f.pid,
                    f.figures.out ? "out" : "in", f.figures.pages,
                    f.figures.limit, f.figures.set,
                    loadctl_fault_rate(&f.figures),
                    f.figures.since_ns / NSEC_PER_MSEC,
                    f.figures.turn_ns / NSEC_PER_MSEC);
    return 0;
}

int proc_show_loadctl_mode(const struct proc_ref *ref, struct text *out)
{
    text_printf(out, "%s\n", loadctl_mode_name());
    return 0;
}

int proc_store_loadctl_mode(const struct proc_ref *ref, char *line)
{
    return loadctl_set_mode(line);
}

/* Which of the bounds a file stands for. */
static uint32_t *bound_of(const struct proc_ref *ref)
{
    const char *name = ref->entry->name;

    if (strcmp(name, "loadctl_upper") == 0)
        return &loadctl_bounds.upper;
    if (strcmp(name, "loadctl_lower") == 0)
        return &loadctl_bounds.lower;
    if (strcmp(name, "loadctl_tau_ms") == 0)
        return &loadctl_bounds.tau_ms;
    return &loadctl_bounds.turn_ms;
}

int proc_show_loadctl_bound(const struct proc_ref *ref, struct text *out)
{
    text_printf(out, "%u\n", *bound_of(ref));
    return 0;
}

int proc_store_loadctl_bound(const struct proc_ref *ref, char *line)
{
    return store_switch(bound_of(ref), line, INT32_MAX);
}
