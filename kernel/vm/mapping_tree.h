/*
 * vm/mapping_tree.h - the radix tree of a mapping, inside vm/mapping*.c.
 */
#pragma once

#include "vm/mapping.h"

enum { NODE_BITS = 6, NODE_SLOTS = 1 << NODE_BITS };

struct page_node {
    void *slots[NODE_SLOTS]; /* nodes, or frames at the lowest level */
    uint32_t used;
};

/* A swap entry in a slot: no frame has an odd address. */
static inline void *slot_of_entry(swap_entry_t entry)
{
    return (void *)((uintptr_t)entry << 1 | 1);
}
static inline bool slot_is_entry(const void *slot)
{
    return (uintptr_t)slot & 1;
}
static inline swap_entry_t slot_entry(const void *slot)
{
    return (swap_entry_t)((uintptr_t)slot >> 1);
}

/* One past the highest index a tree of `height` can hold. */
static inline uint64_t mapping_capacity(uint32_t height)
{
    return height * NODE_BITS >= 64 ? UINT64_MAX : 1ul << (height * NODE_BITS);
}

static inline unsigned mapping_slot_at(uint64_t index, uint32_t level)
{
    return (index >> ((level - 1) * NODE_BITS)) & (NODE_SLOTS - 1);
}

/* The lowest-level node that would hold `index`, or NULL. */
static inline struct page_node *mapping_find_leaf(const struct mapping *m,
                                                  uint64_t index)
{
    struct page_node *node = m->root;

    if (m->height == 0 || index >= mapping_capacity(m->height))
        return NULL;
    for (uint32_t level = m->height; level > 1 && node; level--)
        node = node->slots[mapping_slot_at(index, level)];
    return node;
}

/* A frame, an entry, or NULL. */
static inline void *mapping_find_slot(const struct mapping *m, uint64_t index)
{
    const struct page_node *leaf = mapping_find_leaf(m, index);

    return leaf ? leaf->slots[index & (NODE_SLOTS - 1)] : NULL;
}

/* See to it that page `index` is not swapped out; the lock is dropped while the
 * disk is waited for.  0 or -errno; -EAGAIN if it must not be. */
__must_check int mapping_settle(struct mapping *mapping, uint64_t index,
                                bool may_wait) MUST_HOLD(mapping->lock);

/* What a slot holds goes: a frame or an entry. */
void mapping_drop_page(struct mapping *mapping, void *slot)
    MUST_HOLD(mapping->lock);
