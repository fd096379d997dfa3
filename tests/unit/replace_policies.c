/* links: kernel/replace/[a-z]*.c */
/*
 * kernel/replace: whatever happens to a set of pages, each page is in exactly
 * one queue, lengths and counts are true, victims are pages of the set, and a
 * change of policy loses nobody.  The counts of text books: test_replace.py.
 */
#include "replace/replace.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

enum { PAGES = 200, STEPS = 40000 };

static struct replace_page pages[PAGES];
static struct replace_set set;

/* Whether queues, lengths and flags tell of the same pages. */
static bool is_sound(void)
{
    struct replace_page *page;
    uint64_t linked = 0, pooled = 0;
    bool hand_found = !set.hand;

    for (int q = 0; q < REPLACE_QUEUES; q++) {
        uint32_t length = 0;

        list_for_each (page, &set.queues[q], link) {
            if (!page->pooled || page->link.next->prev != &page->link)
                return false;
            hand_found |= set.hand == &page->link;
            length++;
        }
        if (length != set.lengths[q])
            return false;
        linked += length;
    }
    for (int i = 0; i < PAGES; i++)
        pooled += pages[i].pooled;
    return hand_found && linked == set.count && pooled == set.count;
}

static bool victim_is_sound(void)
{
    struct replace_page *victim = replace_victim(&set);

    if (!victim)
        return set.count == 0;
    return victim >= pages && victim < pages + PAGES && victim->pooled;
}

static void begin(const struct replace_policy *policy, bool sampled)
{
    memset(pages, 0, sizeof(pages));
    replace_set_init(&set, policy);
    replace_set_sample(&set, sampled);
    srand(7);
}

/* One thing that may happen, also to pages that are not in the set. */
static bool step(void)
{
    struct replace_page *page = &pages[rand() % PAGES];

    switch (rand() % 16) {
    case 0:
        replace_tick(&set);
        break;
    case 1:
        replace_clean(&set, page);
        break;
    case 2:
        replace_remove(&set, page);
        break;
    case 3:
    case 4:
        if (!victim_is_sound())
            return false;
        if (set.count != 0)
            replace_remove(&set, replace_victim(&set));
        break;
    case 5:
        if (set.count != 0)
            replace_reference(&set, replace_victim(&set), false);
        break;
    case 6:
    case 7:
    case 8:
        replace_add(&set, page, rand() % 2);
        break;
    default:
        replace_reference(&set, page, rand() % 4 == 0);
    }
    return true;
}

static bool random_steps(int count)
{
    for (int i = 0; i < count; i++)
        if (!step() || (i % 16 == 0 && !is_sound()))
            return false;
    return is_sound();
}

/* Victims until nobody is left; each one once. */
static bool drains(void)
{
    uint64_t left = set.count;

    for (struct replace_page *page; (page = replace_victim(&set)); left--) {
        if (!page->pooled)
            return false;
        replace_remove(&set, page);
    }
    return left == 0 && set.count == 0 && is_sound() && !set.hand;
}

static bool counts_uses(const struct replace_policy *policy)
{
    for (int sampled = 0; sampled < 2; sampled++) {
        begin(policy, sampled);
        if (!random_steps(STEPS) || !drains() || !random_steps(STEPS / 4))
            return false;
    }
    return true;
}

/* A page that was chosen and turns out to be used is not the only choice: with
 * the others left alone, somebody else comes up. */
static bool finds_another(const struct replace_policy *policy)
{
    begin(policy, true);
    for (int i = 0; i < PAGES; i++)
        replace_add(&set, &pages[i], false);
    for (int i = 0; i < 8; i++)
        replace_tick(&set);

    struct replace_page *used = replace_victim(&set);

    for (int tries = 0; tries < 3; tries++) {
        replace_reference(&set, used, false);
        if (replace_victim(&set) != used)
            return true;
    }
    return false;
}

static bool changes_are_sound(void)
{
    begin(replace_policies[0], false);
    for (int round = 0; round < 200; round++) {
        int count = 0;

        if (!random_steps(rand() % 300))
            return false;
        bool was[PAGES], dirty[PAGES];
        for (int i = 0; i < PAGES; i++) {
            was[i] = pages[i].pooled;
            dirty[i] = pages[i].dirty;
        }
        while (replace_policies[count])
            count++;
        replace_set_change(&set, replace_policies[rand() % count]);
        for (int i = 0; i < PAGES; i++)
            if (pages[i].pooled != was[i] || pages[i].dirty != dirty[i])
                return false;
        if (!is_sound() || !victim_is_sound())
            return false;
    }
    return drains();
}

/* What the old policy would have let go first goes first. */
static bool change_keeps_order(const char *to)
{
    begin(replace_policy_find("lru"), false);
    for (int i = 0; i < PAGES; i++)
        replace_add(&set, &pages[i], false);
    for (int i = 0; i < PAGES; i += 2)
        replace_reference(&set, &pages[i], false);
    replace_set_change(&set, replace_policy_find(to));
    for (int i = 0; i < PAGES; i++) {
        int wanted = i < PAGES / 2 ? 2 * i + 1 : 2 * i - PAGES;
        struct replace_page *page = replace_victim(&set);

        if (page != &pages[wanted])
            return false;
        replace_remove(&set, page);
    }
    return true;
}

static bool is_repeatable(const struct replace_policy *policy)
{
    long first[500];

    for (int run = 0; run < 2; run++) {
        begin(policy, false);
        random_steps(2000);
        for (int i = 0; i < 500; i++) {
            step();
            struct replace_page *page = replace_victim(&set);
            long found = page ? page - pages : -1;
            if (run == 0)
                first[i] = found;
            else if (first[i] != found)
                return false;
        }
    }
    return true;
}

int main(void)
{
    static const char *const ordered[] = { "fifo", "lru",    "nru",    "clock",
                                           "lfu",  "genlru", "wsclock" };
    char what[80];

    for (int i = 0; replace_policies[i]; i++) {
        const struct replace_policy *policy = replace_policies[i];

        snprintf(what, sizeof(what), "%s: queues after anything", policy->name);
        CHECK(counts_uses(policy), what);
        snprintf(what, sizeof(what), "%s: the same again", policy->name);
        CHECK(is_repeatable(policy), what);
        snprintf(what, sizeof(what), "%s: found by its name", policy->name);
        CHECK(replace_policy_find(policy->name) == policy, what);
        CHECK(!policy->samples || finds_another(policy),
              "a page in use gives way to another");
        CHECK(!policy->ticks || policy->samples, "ticks are for samples");
        CHECK(!policy->figure == !policy->figure_name, "figures have names");
    }
    CHECK(!replace_policy_find("") && !replace_policy_find("opt") &&
              !replace_policy_find("lruu"),
          "no such policy");
    CHECK(changes_are_sound(), "changes of policy lose nobody");
    for (size_t i = 0; i < sizeof(ordered) / sizeof(ordered[0]); i++) {
        snprintf(what, sizeof(what), "%s keeps the order it is given",
                 ordered[i]);
        CHECK(change_keeps_order(ordered[i]), what);
    }
    return unit_done();
}
