/*
 * mem/audit.c - how many frames there are of each kind, and whether the lists
 * agree.
 *
 * Idea:  each CPU counts by kind what it took less what it freed; the sum over
 *        the CPUs is what is in use, and the rest is free.  The auditor counts
 *        the free ones a second time, by walking the lists.
 * Locks: frame_lock for the lists; the counters are read without.
 */
#include "mem/frame_state.h"

static uint64_t count_in_use(enum frame_kind kind)
{
    int64_t sum = 0;

    for (unsigned cpu = 0; cpu < CONFIG_MAX_CPUS; cpu++)
        sum +=
            __atomic_load_n(&frame_caches[cpu].in_use[kind], __ATOMIC_RELAXED);
    return sum > 0 ? (uint64_t)sum : 0;
}

uint64_t frame_count(enum frame_kind kind)
{
    uint64_t used = 0;

    if (kind != FRAME_FREE)
        return count_in_use(kind);
    for (unsigned k = 0; k < FRAME_KIND_COUNT; k++)
        if (k != FRAME_FREE)
            used += count_in_use(k);
    return frame_total() - used;
}

static uint64_t check_list(unsigned order) MUST_HOLD(frame_lock)
{
    uint64_t blocks = 0;
    uint32_t prev = 0;

    for (uint32_t pfn = frame_free_lists[order]; pfn != 0;) {
        const struct frame *f = frame_of_pfn(pfn);
        const struct frame *buddy = frame_of_pfn(pfn ^ (1ul << order));
        assert(frame_pfn_valid(pfn) && f->refs == 0);
        assert_eq(f->kind, FRAME_FREE);
        assert_eq(f->order, order);
        assert(f->flags & FRAME_F_BUDDY);
        assert_eq(f->prev, prev);
        assert_eq(pfn & ((1ul << order) - 1), 0);
        assert(order == FRAME_MAX_ORDER || buddy->order != order ||
               !(buddy->flags & FRAME_F_BUDDY));
        blocks++;
        prev = pfn;
        pfn = f->next;
    }
    return blocks << order;
}

static uint64_t check_lists_once(void)
{
    uint64_t listed = 0;

    spin_lock(&frame_lock);
    for (unsigned order = 0; order <= FRAME_MAX_ORDER; order++)
        listed += check_list(order);
    spin_unlock(&frame_lock);
    for (unsigned cpu = 0; cpu < CONFIG_MAX_CPUS; cpu++)
        listed += __atomic_load_n(&frame_caches[cpu].count, __ATOMIC_RELAXED);
    return listed;
}

void frame_check_lists(void)
{
    uint64_t listed = 0, counted = 0;

    /* A CPU that allocates right now makes the sums differ for a moment. */
    for (unsigned attempt = 0; attempt < 100; attempt++) {
        listed = check_lists_once();
        counted = frame_count(FRAME_FREE);
        if (listed == counted)
            return;
    }
    panic("free frames: %lu in lists and caches, %lu by counters", listed,
          counted);
}
