/*
 * vm/swap_cache.c - frames whose bytes a swap slot has, or is to have.
 *
 * 1 Idea      Between frame and disk a page is in the swap cache: on its way
 *             out, until it is written; on its way in, and then until somebody
 *             writes to it.  Who still has the swap entry finds the frame there
 *             and does not read the slot again; what was read and not changed
 *             can go once more without being written.
 * 2 States    With FRAME_F_SWAP_CACHE frame->swap names a slot whose pfn is the
 *             frame's, and the cache is one of its holders.  READING: its bytes
 *             are not there yet.  DIRTY: the slot's are not.  WRITING: they are
 *             on their way; so that the slot is not given to others meanwhile,
 *             the frame stays.
 *             Nobody has the right to write to a page in the cache: whoever
 *             gets it takes the frame out first, if it is the last holder, or
 *             copies.  (A page that is about to be unmapped may be written
 *             to: it is DIRTY anyhow.)
 * 3 Locking   swap_lock.  frame_put() comes here when a count falls to one;
 *             the frame may be another one's by then, so all is asked again.
 */
#include "core/panic.h"
#include "mem/frame.h"
#include "abi/errno.h"
#include "vm/cow.h"
#include "vm/swap_area.h"

static uint64_t cached; /* [S] */

static bool is_cached_locked(const struct frame *f) MUST_HOLD(swap_lock);
static bool is_cached_locked(const struct frame *f)
{
    if (!frame_has_flags(f, FRAME_F_SWAP_CACHE))
        return false;
    const struct swap_slot *s = swap_slot_locked(f->swap);
    return s && s->pfn == frame_pfn(f);
}

static bool is_busy(const struct frame *f)
{
    return frame_has_flags(f, FRAME_F_WRITING | FRAME_F_READING);
}

static uint32_t frame_refs(const struct frame *f)
{
    return __atomic_load_n(&f->refs, __ATOMIC_SEQ_CST);
}

static void enter_locked(struct swap_slot *s, swap_entry_t entry,
                         struct frame *f, uint8_t flags) MUST_HOLD(swap_lock);
static void enter_locked(struct swap_slot *s, swap_entry_t entry,
                         struct frame *f, uint8_t flags)
{
    frame_get(f);
    s->pfn = (uint32_t)frame_pfn(f);
    f->swap = entry;
    frame_clear_flags(f, FRAME_F_FAILED);
    frame_set_flags(f, FRAME_F_SWAP_CACHE | flags);
    cached++;
}

/* The cache's reference is the caller's from here on. */
static void leave_locked(struct frame *f) MUST_HOLD(swap_lock);
static void leave_locked(struct frame *f)
{
    swap_slot_locked(f->swap)->pfn = 0;
    frame_clear_flags(f, FRAME_F_SWAP_CACHE | FRAME_F_DIRTY);
    swap_slot_let_go_locked(f->swap);
    f->swap = 0;
    cached--;
}

swap_entry_t swap_cache_add(struct frame *f)
{
    spin_lock(&swap_lock);
    swap_entry_t entry = swap_take_slot_locked();
    if (entry != 0)
        enter_locked(swap_slot_locked(entry), entry, f, FRAME_F_DIRTY);
    spin_unlock(&swap_lock);
    return entry;
}

int swap_cache_add_reading(swap_entry_t entry, struct frame *f)
{
    int err = 0;

    spin_lock(&swap_lock);
    struct swap_slot *s = swap_slot_locked(entry);
    if (!s || s->count == 0 || s->count == SWAP_COUNT_MAX)
        err = -ENOENT;
    else if (s->pfn != 0)
        err = -EEXIST;
    else
        enter_locked(s, entry, f, FRAME_F_READING);
    spin_unlock(&swap_lock);
    return err;
}

struct frame *swap_cache_find(swap_entry_t entry)
{
    struct frame *f = NULL;

    spin_lock(&swap_lock);
    const struct swap_slot *s = swap_slot_locked(entry);
    if (s && s->pfn != 0) {
        f = frame_of_pfn(s->pfn);
        frame_get(f);
    }
    spin_unlock(&swap_lock);
    return f;
}

bool swap_cache_has(swap_entry_t entry)
{
    spin_lock(&swap_lock);
    const struct swap_slot *s = swap_slot_locked(entry);
    bool has = s && s->pfn != 0 &&
               !frame_has_flags(frame_of_pfn(s->pfn),
                                FRAME_F_READING | FRAME_F_FAILED);
    spin_unlock(&swap_lock);
    return has;
}

swap_entry_t swap_cache_begin_write(struct frame *f)
{
    swap_entry_t entry = 0;

    spin_lock(&swap_lock);
    if (is_cached_locked(f) && !is_busy(f)) {
        entry = f->swap;
        frame_set_flags(f, FRAME_F_WRITING);
        frame_clear_flags(f, FRAME_F_DIRTY);
    }
    spin_unlock(&swap_lock);
    return entry;
}

bool swap_cache_remove(struct frame *f)
{
    bool was_there = false;

    spin_lock(&swap_lock);
    bool gone = !is_cached_locked(f);
    if (!gone && !is_busy(f)) {
        leave_locked(f);
        was_there = gone = true;
    }
    spin_unlock(&swap_lock);
    if (was_there)
        frame_put(f);
    return gone;
}

bool swap_cache_evict(struct frame *f)
{
    bool goes = false;

    spin_lock(&swap_lock);
    if (is_cached_locked(f) && !is_busy(f) && frame_refs(f) == 2)
        goes = !frame_has_flags(f, FRAME_F_DIRTY) ||
               swap_slot_locked(f->swap)->count == 0;
    if (goes)
        leave_locked(f);
    spin_unlock(&swap_lock);
    if (goes)
        frame_put(f);
    return goes;
}

void swap_cache_own(struct frame *f, struct address_space *as, uint64_t index)
{
    spin_lock(&swap_lock);
    if (f->kind == FRAME_SWAP) {
        anon_frame_own(as, f, index);
        frame_set_kind(f, FRAME_ANON);
    }
    spin_unlock(&swap_lock);
}

uint32_t swap_entry_count(swap_entry_t entry)
{
    spin_lock(&swap_lock);
    const struct swap_slot *slot = swap_slot_locked(entry);
    uint32_t count = slot ? slot->count : 0;
    spin_unlock(&swap_lock);
    return count;
}

uint32_t swap_cache_holders(const struct frame *f)
{
    spin_lock(&swap_lock);
    uint32_t holders = frame_refs(f);
    if (is_cached_locked(f))
        holders += swap_slot_locked(f->swap)->count - 1u;
    spin_unlock(&swap_lock);
    return holders;
}

/* Does nobody but the cache hold it, and nobody ask for its slot? */
static bool is_forgotten_locked(const struct frame *f) MUST_HOLD(swap_lock);
static bool is_forgotten_locked(const struct frame *f)
{
    return is_cached_locked(f) && !is_busy(f) && frame_refs(f) == 1 &&
           swap_slot_locked(f->swap)->count == 0;
}

/* mem's hook: all holders but one seem to have gone. */
static void release_cached(struct frame *f)
{
    spin_lock(&swap_lock);
    bool forgotten = is_forgotten_locked(f);
    if (forgotten)
        leave_locked(f);
    spin_unlock(&swap_lock);
    if (forgotten)
        frame_put(f);
}

void swap_put(swap_entry_t entry)
{
    struct frame *f = NULL;

    spin_lock(&swap_lock);
    struct swap_slot *s = swap_slot_locked(entry);
    assert(s && s->count != 0);
    if (--s->count == 0 && s->pfn == 0) {
        swap_slot_let_go_locked(entry);
    } else if (s->count == 0) {
        f = frame_of_pfn(s->pfn);
        if (is_forgotten_locked(f))
            leave_locked(f);
        else
            f = NULL;
    }
    spin_unlock(&swap_lock);
    if (f)
        frame_put(f);
}

void swap_cache_leave_area(unsigned number)
{
    const struct swap_area *area = &swap_areas[number];

    for (uint32_t n = 1; n < area->slots; n++) {
        swap_entry_t entry = number << SWAP_SLOT_BITS | n;
        struct frame *f = swap_cache_find(entry);
        if (!f)
            continue;
        if (swap_area_slot(area, n)->count == 0)
            swap_cache_drop(f);
        frame_put(f);
    }
}

uint64_t swap_cached_count(void)
{
    return __atomic_load_n(&cached, __ATOMIC_RELAXED);
}

void swap_cache_init(void)
{
    frame_swap_release = release_cached;
}
