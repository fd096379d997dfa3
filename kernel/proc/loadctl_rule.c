/*
 * proc/loadctl_rule.c - the rules of load control.  Pure code, also compiled
 * into tests/unit.
 *
 * 1 Idea      More processes than memory can hold at work get less done than
 *             fewer: each waits for pages that another one has just lost.  So
 *             only as many are in play as have room, and they take turns.
 * 2 PFF       How often a process faults tells whether it has enough frames, if
 *             counted by its own CPU time.  Above the upper bound it is given
 *             more; below the lower one it gives some back, but only when
 *             somebody wants them, and not below where it faulted too much
 *             before.  When one wants frames and there are none left, there are
 *             too many processes.  The frames given never exceed those there
 *             are, so a process replaces its own pages only.
 * 3 WS        The working set is what a process used within a window of time.
 *             There are too many processes when the sum of the working sets
 *             exceeds memory.
 * 4 Turns     One process goes out at a time, and the next only when the last
 *             change has had time to show: the one that has had most CPU time
 *             since it came in.  The one that has been out longest comes back
 *             when what it had fits; if nothing else makes room, whoever had its
 *             turn goes.  A turn is counted in CPU time, which one that is still
 *             loading its pages hardly uses.  So all get the same share.  The
 *             last one is never suspended for want of frames.
 * 5 Sources   P. J. Denning, "The Working Set Model for Program Behavior";
 *             W. W. Chu and H. Opderbeck, "The Page Fault Frequency Replacement
 *             Algorithm".
 *
 * Next: loadctl.c.
 */
#include "proc/loadctl_rule.h"

enum {
    LEAST_FRAMES = 32, /* nobody gets less */
    GROW_PART = 4,     /* given at a time: a quarter of what it has */
    SHRINK_PART = 32,  /* taken at a time */
    FLOOR_PART = 512,  /* by which the memory of too few frames fades */
    TURN_PART = 8, /* a turn ends after so many times its CPU time, anyway */
    SLACK_FRAMES = 32, /* so near to its limit it has all it may have */
};

#define SECOND_NS    1000000000ul
#define LEAST_CPU_NS 1000000ul /* less is counted as this much */

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t most(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

uint64_t loadctl_fault_rate(const struct load_process *p)
{
    return p->recent_faults * SECOND_NS / most(p->recent_cpu_ns, LEAST_CPU_NS);
}

static void note_recent(struct load_process *p)
{
    p->recent_faults = p->recent_faults / 2 + p->faults;
    p->recent_cpu_ns = p->recent_cpu_ns / 2 + p->cpu_ns;
}

/* Has it been in for long enough while others wait? */
static bool had_turn(const struct load_machine *m, const struct load_process *p)
{
    return p->turn_ns >= m->run_ns || p->since_ns >= m->run_ns * TURN_PART;
}

/* Frames that count as its own. */
static uint64_t share_of(const struct load_machine *m,
                         const struct load_process *p)
{
    if (p->out)
        return p->pages; /* until they have gone to swap */
    if (m->mode == LOAD_PFF)
        return most(p->limit, p->pages);
    /* What one that is just back has not touched yet it will. */
    return had_turn(m, p) ? p->set : most(p->set, p->need);
}

/* Frames that are nobody's; negative: there are too few. */
static int64_t count_free(const struct load_machine *m,
                          const struct load_process *p, unsigned count)
{
    int64_t free = (int64_t)m->memory;

    for (unsigned i = 0; i < count; i++)
        free -= (int64_t)share_of(m, &p[i]);
    return free;
}

static unsigned count_in(const struct load_process *p, unsigned count)
{
    unsigned in = 0;

    for (unsigned i = 0; i < count; i++)
        in += !p[i].out;
    return in;
}

/* The one that has been in (or out) longest; NULL: none. */
static struct load_process *longest(struct load_process *p, unsigned count,
                                    bool out)
{
    struct load_process *found = 0;

    for (unsigned i = 0; i < count; i++)
        if (p[i].out == out && (!found || p[i].since_ns > found->since_ns))
            found = &p[i];
    return found;
}

/* The one in that has had most of its turn. */
static struct load_process *most_served(struct load_process *p, unsigned count)
{
    struct load_process *found = 0;

    for (unsigned i = 0; i < count; i++)
        if (!p[i].out && (!found || p[i].turn_ns > found->turn_ns))
            found = &p[i];
    return found;
}

/* ---- frames by page-fault frequency ---------------------------------------- */

static void take_back(const struct load_machine *m, struct load_process *p,
                      int64_t *free)
{
    uint64_t keep = most(p->floor, LEAST_FRAMES);

    if (p->limit <= keep || loadctl_fault_rate(p) >= m->lower)
        return;
    uint64_t part = least(p->limit / SHRINK_PART + 1, p->limit - keep);
    p->limit -= part;
    if (p->pages <= p->limit)
        *free += (int64_t)part;
}

/* True: it wants more than there is. */
static bool give_more(const struct load_machine *m, struct load_process *p,
                      int64_t *free)
{
    bool is_full = p->pages + SLACK_FRAMES >= p->limit;

    if (!is_full || loadctl_fault_rate(p) <= m->upper)
        return false;
    uint64_t want = most(p->limit / GROW_PART, LEAST_FRAMES);
    uint64_t part = *free > 0 ? least(want, (uint64_t)*free) : 0;
    p->floor = p->limit + p->limit / GROW_PART / 4;
    p->limit += part;
    *free -= (int64_t)part;
    return part < want;
}

/* True: somebody wants more than there is. */
static bool give_and_take(const struct load_machine *m, struct load_process *p,
                          unsigned count, bool some_are_out)
{
    bool wanted = false;
    int64_t free = count_free(m, p, count);

    for (unsigned i = 0; i < count; i++) {
        if (p[i].out)
            continue;
        p[i].floor -= p[i].floor / FLOOR_PART;
        if (p[i].limit == 0) { /* new: what it has, and some */
            p[i].limit = most(p[i].pages, LEAST_FRAMES);
            free = count_free(m, p, count);
        }
        if (some_are_out || free < (int64_t)(m->memory / SHRINK_PART))
            take_back(m, &p[i], &free);
    }
    for (unsigned i = 0; i < count; i++)
        if (!p[i].out)
            wanted |= give_more(m, &p[i], &free);
    return wanted || free < 0;
}

/* ---- who is in ------------------------------------------------------------- */

static bool send_out(const struct load_machine *m, struct load_process *p)
{
    p->need = m->mode == LOAD_PFF ? least(p->limit, p->pages) : p->set;
    p->need = most(p->need, LEAST_FRAMES);
    p->action = LOAD_SUSPEND;
    return true;
}

static bool bring_back(const struct load_machine *m, struct load_process *p)
{
    if (m->mode == LOAD_PFF)
        p->limit = p->need;
    p->recent_faults = p->recent_cpu_ns = 0;
    p->action = LOAD_RESUME;
    return true;
}

bool loadctl_decide(const struct load_machine *m, struct load_process *p,
                    unsigned count)
{
    unsigned in = count_in(p, count);
    bool crowded = false;

    for (unsigned i = 0; i < count; i++) {
        p[i].action = LOAD_KEEP;
        note_recent(&p[i]);
    }
    if (m->mode == LOAD_PFF)
        crowded = give_and_take(m, p, count, in < count);
    int64_t free = count_free(m, p, count);
    if (m->mode == LOAD_WS)
        crowded = free < 0;

    struct load_process *oldest = longest(p, count, false);
    struct load_process *waits = longest(p, count, true);
    bool may_go = oldest && had_turn(m, oldest);
    if (waits && in == 0)
        return bring_back(m, waits);
    if (!m->settled)
        return false;
    if (crowded && in > 1)
        return send_out(m, most_served(p, count));
    if (waits && free >= (int64_t)waits->need)
        return bring_back(m, waits);
    if (waits && may_go)
        return send_out(m, oldest);
    return false;
}
