/*
 * tests/unit/loadctl_rule.c - load control on a model of processes that page.
 *
 * A process of the model uses its working set evenly.  With fewer frames it
 * faults on what it has not: each step it wants a number of pages, and gets
 * done what it could without waiting.
 */
#include "unit.h"

#include <string.h>

#include "kernel/proc/loadctl_rule.c"

enum { MOST = 10, FRAMES = 4000, STEPS = 3000, LOADS = 60 };

#define STEP_NS 100000000ul

struct model {
    struct load_machine machine;
    struct load_process p[MOST];
    uint64_t size[MOST]; /* working sets */
    uint64_t done[MOST]; /* steps of work */
    unsigned count;
    unsigned suspensions, most_in;
    uint64_t over;  /* most frames in use at a time */
    uint64_t quiet; /* steps since the last action */
};

static void model_init(struct model *m, enum load_mode mode, unsigned count,
                       uint64_t size)
{
    memset(m, 0, sizeof(*m));
    m->machine = (struct load_machine){
        .mode = mode,
        .memory = FRAMES,
        .upper = 100,
        .lower = 10,
        .run_ns = 2000000000,
    };
    m->count = count;
    for (unsigned i = 0; i < count; i++)
        m->size[i] = size + i;
}

/* One process for one step, with at most `room` frames. */
static void run_process(struct model *m, unsigned i, uint64_t room, unsigned in)
{
    struct load_process *p = &m->p[i];
    uint64_t had = p->pages;

    if (p->pages > room)
        p->pages = room;
    uint64_t missing = m->size[i] > p->pages ? m->size[i] - p->pages : 0;
    /* A disk that brings so many pages in a step, shared by who wants some. */
    uint64_t loads = missing < LOADS ? missing : LOADS;
    p->faults = loads;
    p->cpu_ns = STEP_NS / (in ? in : 1);
    if (missing) {
        p->cpu_ns /= 10;
    } else {
        m->done[i]++;
    }
    p->turn_ns += p->cpu_ns;
    p->pages += loads;
    if (p->pages > room && had <= room)
        p->pages = room;
    p->set = p->pages < m->size[i] ? p->pages + loads : m->size[i];
}

static void step(struct model *m)
{
    unsigned in = 0;
    uint64_t used = 0;

    for (unsigned i = 0; i < m->count; i++)
        in += !m->p[i].out;
    if (in > m->most_in)
        m->most_in = in;
    for (unsigned i = 0; i < m->count; i++) {
        struct load_process *p = &m->p[i];
        p->since_ns += STEP_NS;
        p->faults = p->cpu_ns = 0;
        if (p->out) {
            p->pages = 0;
            continue;
        }
        uint64_t room = m->machine.mode == LOAD_PFF && p->limit
                            ? p->limit
                            : FRAMES / (in ? in : 1);
        run_process(m, i, room, in);
        used += p->pages;
    }
    if (used > m->over)
        m->over = used;
    m->machine.settled = m->quiet++ >= 3;
    if (!loadctl_decide(&m->machine, m->p, m->count))
        return;
    m->quiet = 0;
    for (unsigned i = 0; i < m->count; i++) {
        struct load_process *p = &m->p[i];
        if (p->action == LOAD_KEEP)
            continue;
        m->suspensions += p->action == LOAD_SUSPEND;
        p->out = p->action == LOAD_SUSPEND;
        p->since_ns = p->turn_ns = 0;
    }
}

static void run(struct model *m)
{
    for (unsigned i = 0; i < STEPS; i++)
        step(m);
}

static uint64_t sum(const struct model *m)
{
    uint64_t all = 0;

    for (unsigned i = 0; i < m->count; i++)
        all += m->done[i];
    return all;
}

static uint64_t smallest(const struct model *m)
{
    uint64_t least_done = UINT64_MAX;

    for (unsigned i = 0; i < m->count; i++)
        least_done = least(least_done, m->done[i]);
    return least_done;
}

static void check_all_fit(enum load_mode mode)
{
    struct model m;

    model_init(&m, mode, 3, 1000);
    run(&m);
    CHECK(m.suspensions == 0, "what fits stays");
    CHECK(smallest(&m) > STEPS * 8 / 10, "and works");
}

static void check_too_many(enum load_mode mode)
{
    struct model m;

    model_init(&m, mode, MOST, 1000);
    run(&m);
    printf("# %d: %lu of %d steps of work, least %lu, %u suspensions\n", mode,
           (unsigned long)sum(&m), STEPS * 3, (unsigned long)smallest(&m),
           m.suspensions);
    CHECK(m.suspensions > 0, "some go out");
    CHECK(m.over <= FRAMES + FRAMES / 8, "those in fit");
    CHECK(sum(&m) > STEPS, "much gets done");
    CHECK(smallest(&m) * MOST * 2 > sum(&m), "by each of them");
}

static void check_one_too_large(enum load_mode mode)
{
    struct model m;

    model_init(&m, mode, 1, FRAMES * 2);
    run(&m);
    CHECK(m.suspensions == 0, "a process alone is never suspended");
    model_init(&m, mode, 2, FRAMES * 2);
    run(&m);
    unsigned in = count_in(m.p, m.count);
    CHECK(m.suspensions > 0 && in <= 1, "of two such one is in");
    CHECK(m.suspensions > 10 && m.suspensions < STEPS / 10, "by turns");
}

static void check_rate(void)
{
    struct load_process p = { .recent_faults = 5, .recent_cpu_ns = SECOND_NS };

    CHECK(loadctl_fault_rate(&p) == 5, "faults in a second of CPU time");
    p.recent_cpu_ns = 0;
    CHECK(loadctl_fault_rate(&p) == 5000, "one that only waits");
}

/* Frames go from who does not need them to who does. */
static void check_give_and_take(void)
{
    struct model m;

    model_init(&m, LOAD_PFF, 2, 1500);
    run(&m);
    m.size[0] = 500;
    m.size[1] = 3200;
    run(&m);
    CHECK(m.p[1].limit >= 3200, "who needs more gets it");
    CHECK(m.p[0].limit >= 500, "who needs less keeps what it needs");
    CHECK(m.suspensions == 0 || !m.p[0].out, "and nobody stays out");
}

int main(void)
{
    check_rate();
    check_all_fit(LOAD_PFF);
    check_all_fit(LOAD_WS);
    check_too_many(LOAD_PFF);
    check_too_many(LOAD_WS);
    check_one_too_large(LOAD_PFF);
    check_one_too_large(LOAD_WS);
    check_give_and_take();
    return unit_done();
}
