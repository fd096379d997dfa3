/*
 * replace/replace.c - what all policies share: the table of them, counting,
 * virtual time, and the change from one to another.
 *
 * Idea:  the policies see a page only while it is in the set, and time only as
 *        two numbers that stand still unless something is told here.  So the
 *        same calls give the same victims, in the kernel and in the simulator.
 * Locks: none; the owner of a set guards it and its pages.
 * Read:  fifo.c, the simplest policy.
 */
#include "replace/replace.h"

#include "base/string.h"
#include "replace/queue.h"

enum {
    WINDOW_USES = 64, /* small, as programs are whose every access is told */
    WINDOW_TICKS = 8,
    FIRST_RANDOM = 1,
};

const struct replace_policy *const replace_policies[] = {
    &replace_clock,  &replace_fifo,   &replace_lru,
    &replace_nru,    &replace_lfu,    &replace_wsclock,
    &replace_genlru, &replace_random, NULL,
};

const struct replace_policy *replace_policy_find(const char *name)
{
    for (int i = 0; replace_policies[i]; i++)
        if (strcmp(replace_policies[i]->name, name) == 0)
            return replace_policies[i];
    return NULL;
}

void replace_set_init(struct replace_set *set,
                      const struct replace_policy *policy)
{
    memset(set, 0, sizeof(*set));
    set->policy = policy;
    set->window = WINDOW_USES;
    set->random = FIRST_RANDOM;
    for (int i = 0; i < REPLACE_QUEUES; i++)
        list_init(&set->queues[i]);
}

void replace_set_sample(struct replace_set *set, bool sampled)
{
    set->sampled = sampled;
    set->window = sampled ? WINDOW_TICKS : WINDOW_USES;
}

static void enter(struct replace_set *set, struct replace_page *page)
{
    page->stamp = 0;
    page->tick = 0;
    page->queue = 0;
    page->referenced = false;
    page->pooled = true;
    set->count++;
    set->policy->added(set, page);
}

static void leave(struct replace_set *set, struct replace_page *page)
{
    set->policy->removed(set, page);
    page->pooled = false;
    set->count--;
}

void replace_add(struct replace_set *set, struct replace_page *page, bool write)
{
    if (page->pooled)
        return;
    if (!set->sampled)
        set->time++;
    page->dirty = write;
    enter(set, page);
}

void replace_reference(struct replace_set *set, struct replace_page *page,
                       bool write)
{
    if (!page->pooled)
        return;
    if (!set->sampled)
        set->time++;
    page->dirty |= write;
    if (set->policy->referenced)
        set->policy->referenced(set, page, write);
}

void replace_remove(struct replace_set *set, struct replace_page *page)
{
    if (page->pooled)
        leave(set, page);
}

void replace_clean(struct replace_set *set, struct replace_page *page)
{
    page->dirty = false;
    if (page->pooled && set->policy->cleaned)
        set->policy->cleaned(set, page);
}

struct replace_page *replace_victim(struct replace_set *set)
{
    return set->count == 0 ? NULL : set->policy->victim(set);
}

void replace_tick(struct replace_set *set)
{
    set->ticks++;
    if (set->sampled)
        set->time++;
    if (set->policy->tick)
        set->policy->tick(set);
}

void replace_set_change(struct replace_set *set,
                        const struct replace_policy *policy)
{
    struct list_node order = LIST_INIT(order);
    struct replace_page *page;

    while ((page = replace_victim(set))) {
        leave(set, page);
        list_add_tail(&order, &page->link);
    }
    set->policy = policy;
    set->hand = NULL;
    set->oldest = 0;
    set->youngest = 0;
    while (!list_is_empty(&order)) {
        page = list_first_entry(&order, struct replace_page, link);
        list_remove(&page->link);
        enter(set, page);
    }
}
