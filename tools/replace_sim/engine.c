/*
 * replace_sim/engine.c - one machine: frames, a page table, a policy.
 * Next: main.c, which runs many of them.
 */
#include "engine.h"

#include <stdlib.h>
#include <string.h>

bool engine_init(struct engine *e, const struct trace *trace,
                 const struct settings *settings, const char *policy,
                 uint32_t frames)
{
    memset(e, 0, sizeof(*e));
    e->trace = trace;
    e->settings = settings;
    e->policy = replace_policy_find(policy);
    if (!e->policy && strcmp(policy, "opt") != 0)
        return false;
    if (frames > trace->pages)
        frames = (uint32_t)trace->pages; /* more are never used */
    e->frames = frames;
    e->frame_page = memory_zeroed(frames, sizeof(*e->frame_page));
    e->page_frame = memory_zeroed(trace->pages, sizeof(*e->page_frame));
    memset(e->page_frame, 0xff, trace->pages * sizeof(*e->page_frame));
    e->pages = memory_zeroed(trace->pages, sizeof(*e->pages));
    e->accessed = memory_zeroed(trace->pages, sizeof(*e->accessed));
    e->modified = memory_zeroed(trace->pages, sizeof(*e->modified));
    if (!e->policy) {
        opt_init(&e->opt, (uint32_t)trace->pages, frames);
        return true;
    }
    replace_set_init(&e->set, e->policy);
    replace_set_sample(&e->set, settings->sampled);
    if (settings->window)
        e->set.window = settings->window;
    if (settings->seed)
        e->set.random = settings->seed;
    return true;
}

void engine_free(struct engine *e)
{
    free(e->frame_page);
    free(e->page_frame);
    free(e->pages);
    free(e->accessed);
    free(e->modified);
    if (!e->policy)
        opt_free(&e->opt);
}

/* Tell of a use that an accessed bit shows; returns whether there was one. */
static bool tell_accessed(struct engine *e, uint32_t page)
{
    if (!e->accessed[page])
        return false;
    e->accessed[page] = false;
    replace_reference(&e->set, &e->pages[page], e->modified[page]);
    return true;
}

static uint32_t choose_victim(struct engine *e)
{
    uint32_t page;

    do {
        page = (uint32_t)(replace_victim(&e->set) - e->pages);
    } while (e->policy->samples && tell_accessed(e, page));
    return page;
}

/* Returns the frame that is free now. */
static uint32_t evict(struct engine *e)
{
    uint32_t page = e->policy ? choose_victim(e) : opt_victim(&e->opt);
    uint32_t frame = e->page_frame[page];

    if (e->policy)
        replace_remove(&e->set, &e->pages[page]);
    else
        opt_remove_victim(&e->opt);
    e->victim = page;
    e->wrote_back = e->modified[page];
    e->writebacks += e->wrote_back;
    e->modified[page] = false;
    e->accessed[page] = false;
    e->page_frame[page] = NO_PAGE;
    return frame;
}

static void fault(struct engine *e, size_t i, uint32_t page, bool write)
{
    uint32_t frame = e->used < e->frames ? e->used++ : evict(e);

    e->fault = true;
    e->faults++;
    e->frame_page[frame] = page;
    e->page_frame[page] = frame;
    if (e->policy)
        replace_add(&e->set, &e->pages[page], write);
    else
        opt_add(&e->opt, page, (uint32_t)i, e->trace->next[i]);
}

static void hit(struct engine *e, size_t i, uint32_t page, bool write)
{
    if (!e->policy)
        opt_use(&e->opt, page, (uint32_t)i, e->trace->next[i]);
    else if (e->settings->sampled)
        e->accessed[page] = true;
    else
        replace_reference(&e->set, &e->pages[page], write);
}

static void tick(struct engine *e)
{
    replace_tick(&e->set);
    if (!e->settings->sampled || !e->policy->ticks)
        return;
    for (uint32_t frame = 0; frame < e->used; frame++)
        tell_accessed(e, e->frame_page[frame]);
}

void engine_feed(struct engine *e, size_t i)
{
    uint32_t page = e->trace->page[i];
    bool write = e->trace->write[i];

    e->fault = false;
    e->wrote_back = false;
    e->victim = NO_PAGE;
    if (engine_is_resident(e, page))
        hit(e, i, page, write);
    else
        fault(e, i, page, write);
    e->modified[page] |= write;
    if (e->policy && e->settings->tick && (i + 1) % e->settings->tick == 0)
        tick(e);
}

uint32_t engine_hand(const struct engine *e)
{
    if (!e->policy || !e->set.hand)
        return NO_PAGE;
    if (e->used < e->frames)
        return e->used;

    const struct replace_page *page =
        list_entry(e->set.hand, struct replace_page, link);

    return e->page_frame[page - e->pages];
}
