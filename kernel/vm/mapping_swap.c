/*
 * vm/mapping_swap.c - pages of shared memory that are swapped out.
 *
 * Idea:   in the place of its frame a mapping keeps the swap entry; whoever
 *         looks the page up has it brought back first, which takes it out of the
 *         swap cache: it is the mapping's again.
 * Locks:  mapping->lock, dropped while the disk is waited for.  Mappings with
 *         entries are in a list, for swapoff; reclaim_lock keeps them there.
 */
#include "abi/errno.h"
#include "core/panic.h"
#include "vm/mapping_tree.h"
#include "vm/reclaim.h"

/* Mappings with pages that are swapped out; a mapping is locked before. */
static struct spinlock swapped_lock =
    SPINLOCK_INIT("swapped mappings", RANK_FAMILY);
static struct list_node swapped_mappings = LIST_INIT(swapped_mappings);

static void count_swapped(struct mapping *m, int change) MUST_HOLD(m->lock);
static void count_swapped(struct mapping *m, int change)
{
    bool had_any = m->swapped != 0;

    m->swapped += (uint64_t)change;
    if (had_any == (m->swapped != 0))
        return;
    spin_lock(&swapped_lock);
    if (had_any)
        list_remove(&m->swap_link);
    else
        list_add_tail(&swapped_mappings, &m->swap_link);
    spin_unlock(&swapped_lock);
}

void mapping_replace_by_entry(struct mapping *m, struct frame *frame,
                              swap_entry_t entry)
{
    struct page_node *leaf = mapping_find_leaf(m, frame->index);
    void **slot = &leaf->slots[frame->index & (NODE_SLOTS - 1)];

    assert(*slot == frame);
    *slot = slot_of_entry(entry);
    count_swapped(m, 1);
}

void mapping_forget(struct mapping *m, struct frame *frame)
{
    struct page_node *leaf = mapping_find_leaf(m, frame->index);
    void **slot = &leaf->slots[frame->index & (NODE_SLOTS - 1)];

    assert(*slot == frame);
    *slot = NULL;
    leaf->used--; /* an empty node stays until the next truncation */
    m->page_count--;
    frame->owner = NULL;
}

/* The frame is back: it takes the place of its entry.  False: it is just being
 * written, or the entry names another page by now.  (A page that we hold and
 * that is in the cache under it stays there: the entry is this slot's only.) */
static bool take_back(struct mapping *m, uint64_t index, struct frame *frame)
    MUST_HOLD(m->lock);
static bool take_back(struct mapping *m, uint64_t index, struct frame *frame)
{
    void **slot = &mapping_find_leaf(m, index)->slots[index & (NODE_SLOTS - 1)];
    swap_entry_t entry = slot_entry(*slot);

    if (frame->swap != entry || !swap_cache_remove(frame))
        return false;
    frame_get(frame);
    frame_set_kind(frame, FRAME_MAPPING);
    frame->owner = m;
    frame->index = index;
    *slot = frame;
    count_swapped(m, -1);
    swap_put(entry);
    pool_add(NULL, frame, true);
    return true;
}

int mapping_settle(struct mapping *m, uint64_t index, bool may_wait)
{
    void *slot;
    int err = 0;

    while (err == 0 && slot_is_entry(slot = mapping_find_slot(m, index))) {
        struct frame *frame;
        if (!may_wait)
            return -EAGAIN;
        mutex_unlock(&m->lock);
        err = swap_read_idle(slot_entry(slot), &frame);
        if (err == -ENOMEM && reclaim_direct())
            err = -ENOENT;
        mutex_lock(&m->lock);
        /* RECHECK: others may have been faster, or cut the file. */
        if (err == 0 && mapping_find_slot(m, index) == slot)
            (void)take_back(m, index, frame);
        if (err == 0)
            frame_put(frame);
        if (err == -ENOENT) /* look again */
            err = 0;
    }
    return err;
}

void mapping_drop_page(struct mapping *m, void *slot)
{
    m->page_count--;
    if (slot_is_entry(slot)) {
        swap_put(slot_entry(slot));
        count_swapped(m, -1);
        return;
    }
    struct frame *frame = slot;
    frame->owner = NULL; /* reclaim may have it in its hands */
    frame_put(frame);
}

/* ---- all mappings with swapped pages -------------------------------------- */

/* Visit all entries with an index of `from` or more below `node`. */
static bool visit_entries(
    struct page_node *node, uint32_t level, uint64_t base, uint64_t from,
    bool (*visit)(uint64_t index, swap_entry_t entry, void *arg), void *arg)
{
    for (unsigned i = 0; node && i < NODE_SLOTS; i++) {
        void *slot = node->slots[i];
        uint64_t span = 1ul << ((level - 1) * NODE_BITS);
        uint64_t index = base + i * span;
        bool on = true;
        if (!slot || index + span - 1 < from)
            continue;
        if (level > 1)
            on = visit_entries(slot, level - 1, index, from, visit, arg);
        else if (slot_is_entry(slot))
            on = visit(index, slot_entry(slot), arg);
        if (!on)
            return false;
    }
    return true;
}

struct index_range {
    uint64_t end, found;
};

static bool count_entry(uint64_t index, swap_entry_t entry, void *arg)
{
    struct index_range *range = arg;

    (void)entry;
    if (index >= range->end)
        return false;
    range->found++;
    return true;
}

uint64_t mapping_count_swapped(struct mapping *m, uint64_t index,
                               uint64_t count)
{
    struct index_range range = { index + count, 0 };

    mutex_lock(&m->lock);
    if (m->swapped != 0)
        visit_entries(m->root, m->height, 0, index, count_entry, &range);
    mutex_unlock(&m->lock);
    return range.found;
}

struct entry_search {
    uint64_t index;
    swap_entry_t entry;
};

static bool stop_at_entry(uint64_t index, swap_entry_t entry, void *arg)
{
    *(struct entry_search *)arg = (struct entry_search){ index, entry };
    return false;
}

swap_entry_t mapping_next_swapped(struct mapping *m, uint64_t *index,
                                  uint64_t end)
{
    struct entry_search found = { UINT64_MAX, 0 };

    mutex_lock(&m->lock);
    if (m->swapped != 0)
        visit_entries(m->root, m->height, 0, *index, stop_at_entry, &found);
    mutex_unlock(&m->lock);
    *index = found.index;
    return found.index < end ? found.entry : 0;
}

bool mapping_has_page(struct mapping *m, uint64_t index)
{
    mutex_lock(&m->lock);
    const void *slot = mapping_find_slot(m, index);
    bool has = slot != NULL && index < (m->size + PAGE_SIZE - 1) >> PAGE_SHIFT;
    if (has && slot_is_entry(slot))
        has = swap_cache_has(slot_entry(slot));
    mutex_unlock(&m->lock);
    return has;
}

static bool audit_entry(uint64_t index, swap_entry_t entry, void *unused)
{
    (void)index;
    (void)unused;
    swap_audit_entry(entry);
    return true;
}

void mapping_audit_entries(void)
{
    struct mapping *m;

    /* Quiet: nobody else changes the list. */
    list_for_each (m, &swapped_mappings, swap_link)
        visit_entries(m->root, m->height, 0, 0, audit_entry, NULL);
}

/* The n-th mapping with swapped pages; none ends while reclaim_lock is held. */
static struct mapping *nth_swapped(unsigned n) MUST_HOLD(reclaim_lock);
static struct mapping *nth_swapped(unsigned n)
{
    struct mapping *m, *found = NULL;

    spin_lock(&swapped_lock);
    list_for_each (m, &swapped_mappings, swap_link)
        if (!found && n-- == 0)
            found = m;
    spin_unlock(&swapped_lock);
    return found;
}

/* Where a page of an area is. */
struct area_search {
    unsigned area;
    struct mapping *mapping; /* NULL: there is none any more */
    uint64_t index;
    swap_entry_t entry;
};

static bool find_in_area(uint64_t index, swap_entry_t entry, void *arg)
{
    struct area_search *search = arg;

    if (swap_area_of(entry) != search->area)
        return true;
    search->index = index;
    search->entry = entry;
    return false;
}

/* The next page of the area, from where the last one was found on. */
static void search_on(struct area_search *s) MUST_HOLD(reclaim_lock);
static void search_on(struct area_search *s)
{
    struct mapping *m, *last = s->mapping;
    uint64_t from = s->index;

    s->mapping = NULL;
    /* A mapping that others add while we look is looked at by the next call;
     * none goes, for that it needs reclaim_lock, or has no entries left. */
    for (unsigned n = 0; !s->mapping && (m = nth_swapped(n)) != NULL; n++) {
        mutex_lock(&m->lock);
        if (!visit_entries(m->root, m->height, 0, m == last ? from : 0,
                           find_in_area, s))
            s->mapping = m;
        mutex_unlock(&m->lock);
    }
}

static bool is_still_listed(const struct mapping *mapping)
{
    struct mapping *m;
    bool found = false;

    spin_lock(&swapped_lock);
    list_for_each (m, &swapped_mappings, swap_link)
        found |= m == mapping;
    spin_unlock(&swapped_lock);
    return found;
}

/* The page that the search found, unless it has gone meanwhile. */
static int bring_back(const struct area_search *s)
{
    struct mapping *m = s->mapping;
    struct frame *frame;
    int err = swap_read_idle(s->entry, &frame);

    if (err == -ENOENT || (err == -ENOMEM && reclaim_direct()))
        return 0;
    if (err != 0)
        return err;
    mutex_lock(&reclaim_lock);
    if (is_still_listed(m)) {
        mutex_lock(&m->lock);
        if (mapping_find_slot(m, s->index) == slot_of_entry(s->entry))
            (void)take_back(m, s->index, frame);
        mutex_unlock(&m->lock);
    }
    mutex_unlock(&reclaim_lock);
    frame_put(frame);
    return 0;
}

int mapping_leave_area(unsigned area)
{
    struct area_search search = { .area = area };
    int err = 0;

    do {
        mutex_lock(&reclaim_lock);
        search_on(&search);
        mutex_unlock(&reclaim_lock);
        if (search.mapping)
            err = bring_back(&search);
    } while (search.mapping && err == 0);
    return err;
}
