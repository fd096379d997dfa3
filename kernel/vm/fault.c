/*
 * vm/fault.c - decide what a page fault means, then repair it.
 *
 * Idea:   fault_collect() gathers what is known, fault_classify() decides by
 *         the table in fault_table.c, fault_resolve() does the one action that
 *         the row names.  Row numbers below are those of the table.
 * Locks:  as->lock from the region lookup to the write of the PTE.
 * Failure: no frame: FAULT_NOMEM, and nothing has changed.
 * Next:   vm/cow.c (rows 10, 11), vm/mapping.c (row 8), vm/swap_fault.c (row 7),
 *         trap.c (results).
 */
#include "vm/fault.h"

#include "abi/errno.h"
#include "core/counter.h"
#include "core/panic.h"
#include "core/trace.h"
#include "sched/thread.h"
#include "vm/address_space.h"
#include "vm/cow.h"
#include "vm/fault_place.h"
#include "vm/mlock.h"
#include "vm/pool.h"
#include "vm/reclaim.h"
#include "vm/region.h"
#include "vm/table.h"
#include "vm/usercopy.h"
#include "x86/cpu.h"

/* Pages around a file fault that are mapped along when they are cached. */
enum { FAULT_AROUND = 16 };

/* May the stack region above `va` grow down to it? */
static bool can_grow(struct address_space *as, vaddr_t va) MUST_HOLD(as->lock);
static bool can_grow(struct address_space *as, vaddr_t va)
{
    struct region *r = region_find_from_locked(as, va);

    if (!r || !(r->flags & REGION_STACK) || va >= r->start)
        return false;
    if (r->end - va > as->limit_stack)
        return false;
    if (((as->total_pages << PAGE_SHIFT) + (r->start - va)) > as->limit_as)
        return false;
    if (!mlock_has_room(as, r->flags, r->start - va))
        return false;
    struct region *below = region_before_locked(as, r->start);
    vaddr_t floor = below ? below->end : USER_MIN;
    return va >= floor + (STACK_GUARD_PAGES << PAGE_SHIFT);
}

static void collect_pte(struct fault_facts *f, pte_t pte)
{
    f->pte_present = pte & PTE_PRESENT;
    if (!f->pte_present) {
        f->pte_swapped = pte_is_swap(pte);
        return;
    }
    const struct frame *frame = pte_frame(pte);
    f->pte_writable = pte & PTE_WRITE;
    f->pte_executable = !(pte & PTE_NX);
    f->frame_is_zero = frame == zero_frame;
    f->frame_refs = fault_count_holders(frame);
}

/* Everything the decision needs, read under the lock. */
static void fault_collect(struct fault_facts *f, struct fault_place *at)
    MUST_HOLD(at->as->lock);
static void fault_collect(struct fault_facts *f, struct fault_place *at)
{
    const struct region *r = at->region = region_find_locked(at->as, at->va);

    f->has_region = r != NULL;
    if (unlikely(!r)) {
        at->pte = NULL;
        f->can_grow_stack = can_grow(at->as, at->va);
        return;
    }
    f->region_prot = r->prot;
    f->region_shared = r->flags & REGION_SHARED;
    f->region_has_mapping = r->mapping != NULL;
    const pte_t *pte = at->pte = table_find(at->as, at->va);
    collect_pte(f, pte ? *pte : 0);
}

/* Row 5. */
static void grow_stack(struct fault_place *at) MUST_HOLD(at->as->lock);
static __debug_stop void grow_stack(struct fault_place *at)
{
    struct region *r = region_find_from_locked(at->as, at->va);
    uint64_t pages = (r->start - at->va) >> PAGE_SHIFT;

    r->start = at->va;
    r->first_index -= pages;
    region_count_pages(at->as, r, (int64_t)pages);
    trace(AREA, at->as, r->start, r->end, r->prot, r->flags, r->mapping);
}

/* The entry of at->va, with its tables. */
static bool make_pte(struct fault_place *at) MUST_HOLD(at->as->lock);
static bool make_pte(struct fault_place *at)
{
    if (!at->pte)
        at->pte = table_make(at->as, at->va);
    return at->pte != NULL;
}

/* Rows 9 (write), 9b: a frame of zeroes of our own. */
static enum fault_result fill_zero(struct fault_place *at)
    MUST_HOLD(at->as->lock);
static enum fault_result fill_zero(struct fault_place *at)
{
    struct address_space *as = at->as;

    if (!make_pte(at))
        return FAULT_NOMEM;
    struct frame *frame =
        anon_frame_alloc(as, region_index(at->region, at->va));
    if (!frame)
        return FAULT_NOMEM;
    page_clear(frame_bytes(frame));
    pool_enter(as, at->region, frame, true);
    bool replaces_zero = *at->pte != 0;
    *at->pte = frame_phys(frame) | pte_user_bits(at->region->prot) | PTE_WRITE |
               PTE_DIRTY;
    as->rss_anon++;
    if (replaces_zero)
        table_flush_page(at->as, at->va, NULL);
    return FAULT_OK;
}

/* Row 9 (read): everybody reads the same zeroes. */
static enum fault_result map_zero(struct fault_place *at)
    MUST_HOLD(at->as->lock);
static enum fault_result map_zero(struct fault_place *at)
{
    if (!make_pte(at))
        return FAULT_NOMEM;
    *at->pte = frame_phys(zero_frame) | pte_user_bits(at->region->prot);
    return FAULT_OK;
}

/* Enter a mapping's frame, taking over the caller's reference on it. */
static void enter_frame(struct fault_place *at, vaddr_t va, pte_t *pte,
                        struct frame *frame)
{
    pte_t bits = pte_user_bits(at->region->prot);

    if ((at->region->flags & REGION_SHARED) && (at->region->prot & VM_WRITE))
        bits |= PTE_WRITE;
    *pte = frame_phys(frame) | bits;
    rss_add(at->as, frame, 1);
    pool_enter(at->as, at->region, frame, false);
}

/* Map what is cached next to the faulting page, within its table and region. */
static void map_around(struct fault_place *at)
{
    struct region *r = at->region;
    vaddr_t start = ALIGN_DOWN(at->va, FAULT_AROUND * PAGE_SIZE);
    vaddr_t end = start + FAULT_AROUND * PAGE_SIZE;
    struct frame *found[FAULT_AROUND];

    start = MAX(start, r->start);
    end = MIN(end, r->end);
    unsigned count = (unsigned)((end - start) >> PAGE_SHIFT);
    pte_t *pte = at->pte - ((at->va - start) >> PAGE_SHIFT);
    mapping_peek_cached(r->mapping, region_index(r, start), count, found);
    for (unsigned i = 0; i < count; i++) {
        if (!found[i])
            continue;
        if (pte[i] != 0)
            frame_put(found[i]);
        else
            enter_frame(at, start + i * PAGE_SIZE, &pte[i], found[i]);
    }
    if (trace_is_on(MAP))
        for (unsigned i = 0; i < count; i++)
            trace(MAP, at->as, start + i * PAGE_SIZE, pte[i]);
}

/* Row 10. */
static enum fault_result copy_frame(struct fault_place *at)
    MUST_HOLD(at->as->lock);
static enum fault_result copy_frame(struct fault_place *at)
{
    return cow_break(at->as, at->region, at->va, at->pte) == 0 ? FAULT_OK
                                                               : FAULT_NOMEM;
}

/* Row 8. */
static enum fault_result fill_from_mapping(struct fault_place *at)
    MUST_HOLD(at->as->lock);
static enum fault_result fill_from_mapping(struct fault_place *at)
{
    struct frame *frame;

    if (!make_pte(at))
        return FAULT_NOMEM;
    int err = mapping_try_frame(at->region->mapping,
                                region_index(at->region, at->va), &frame);
    if (err == -ENOMEM)
        return FAULT_NOMEM;
    if (err == -EAGAIN) {
        at->mapping = at->region->mapping;
        at->index = region_index(at->region, at->va);
        mapping_get(at->mapping);
        return FAULT_WAIT_MAPPING;
    }
    if (err != 0)
        return FAULT_BUS;
    bool private = !(at->region->flags & REGION_SHARED);
    enter_frame(at, at->va, at->pte, frame);
    if (at->write && private)
        return copy_frame(at);
    if (!at->write && !at->as->pool && !at->as->trace)
        map_around(at);
    return FAULT_OK;
}

static enum fault_result fault_resolve(enum fault_action action,
                                       struct fault_place *at)
    MUST_HOLD(at->as->lock);
static enum fault_result fault_resolve(enum fault_action action,
                                       struct fault_place *at)
{
    switch (action) {
    case ACTION_NO_REGION:
        return FAULT_SEGV_MAPERR;
    case ACTION_GROW_STACK:
        grow_stack(at);
        return FAULT_AGAIN;
    case ACTION_FORBIDDEN:
        return FAULT_SEGV_ACCERR;
    case ACTION_SWAP_IN:
        return fault_swap_in(at);
    case ACTION_FILL_MAPPING:
        return fill_from_mapping(at);
    case ACTION_FILL_ZERO:
    case ACTION_REPLACE_ZERO:
        return fill_zero(at);
    case ACTION_MAP_ZERO:
        return map_zero(at);
    case ACTION_SET_RIGHT:
        *at->pte |= PTE_WRITE | PTE_DIRTY; /* NOLINT: a region has a PTE */
        cpu_invlpg(at->va);
        return FAULT_OK;
    case ACTION_COPY_FRAME:
        return copy_frame(at);
    case ACTION_TAKE_BACK:
        cow_take_back(at->as, at->va, at->pte);
        return FAULT_OK;
    case ACTION_NOTHING:
        cpu_invlpg(at->va);
        return FAULT_OK;
    case ACTION_WAIT_FOR_POOL:
        return FAULT_POOL_FULL;
    case ACTION_KERNEL_BUG:
    case ACTION_CONTRADICTION:
        break;
    }
    panic("page fault at %lx: region %lx-%lx prot %u and PTE %lx disagree",
          at->va, at->region ? at->region->start : 0,
          at->region ? at->region->end : 0, at->region ? at->region->prot : 0,
          at->pte ? *at->pte : 0);
}

static TRACE_ASIDE void trace_fault(const struct fault_facts *facts,
                                    const struct fault_place *at,
                                    enum fault_action action,
                                    enum fault_result result)
{
    pte_t pte = at->pte ? *at->pte : 0;
    unsigned error = (facts->kernel_mode ? 0 : PF_USER) |
                     (facts->pte_present ? PF_PRESENT : 0) |
                     (facts->write ? PF_WRITE : 0) |
                     (facts->exec ? PF_FETCH : 0);

    trace(FAULT, at->as, facts->address, error, action, result, pte);
    if (result != FAULT_OK)
        return;
    if (action == ACTION_TAKE_BACK)
        trace(COW_REUSE, at->as, at->va, frame_pfn(pte_frame(pte)));
    trace(MAP, at->as, at->va, pte);
}

/* Look, decide, act, under the lock. */
static enum fault_result fault_once(struct fault_facts *facts,
                                    struct fault_place *at)
{
    mutex_lock(&at->as->lock);
    fault_collect(facts, at);
    enum fault_action action = fault_classify(facts);
    if (unlikely(pools_on)) {
        table_settle(at->as);
        action = fault_limit_action(action, at);
    }
    enum fault_result result = fault_resolve(action, at);
    if (unlikely(pools_on) && result == FAULT_OK)
        fault_let_in(at);
    if (unlikely(trace_mask & (TRACE_BIT(FAULT) | TRACE_BIT(MAP))))
        trace_fault(facts, at, action, result);
    mutex_unlock(&at->as->lock);
    return result;
}

/* Something is missing: get it, without the lock.  True: try again; false:
 * *result is final. */
static bool fault_wait(struct fault_place *at, enum fault_result *result)
{
    int err = -ENOMEM;

    if (*result == FAULT_AGAIN)
        return true;
    if (*result == FAULT_POOL_FULL) {
        bool dying = thread_has_flag(thread_current(), THREAD_KILLED);
        *result = dying ? FAULT_KILLED : FAULT_OVER_LIMIT;
        return !dying &&
               (reclaim_for_limit(at->pool) || pool_exceed(at->as, at->pool));
    }
    if (*result == FAULT_WAIT_SWAP || *result == FAULT_WAIT_MAPPING)
        err = fault_wait_for_disk(at, *result);
    if (err == -ENOMEM) {
        *result = FAULT_NOMEM;
        return reclaim_direct();
    }
    *result = err == -EINTR ? FAULT_KILLED : FAULT_BUS;
    /* Not in use, beyond the end: others were faster, so look again. */
    return err == 0 || err == -ENOENT || err == -ENXIO;
}

static void fault_end_major(struct fault_place *at)
{
    fault_hold_frame(at, NULL);
    counter_add(COUNTER_MAJOR_FAULTS, 1);
    thread_current()->maj_faults++;
}

enum fault_result vm_fault(struct address_space *as, vaddr_t address,
                           uint64_t error, vaddr_t ip, bool kernel_mode)
{
    struct fault_facts facts = {
        .address = address,
        .write = error & PF_WRITE,
        .reserved = error & PF_RESERVED,
        .exec = error & PF_FETCH,
        .kernel_mode = kernel_mode,
        .in_usercopy = kernel_mode && usercopy_fixup(ip) != 0,
        .user_address = address < USER_END,
    };
    struct fault_place at;

    if (facts.reserved || (kernel_mode && !facts.in_usercopy))
        return FAULT_KERNEL_BUG; /* before any lock: its state is unknown */
    if (!facts.user_address)
        return kernel_mode ? FAULT_KERNEL_BUG : FAULT_SEGV_MAPERR;
    at.as = as;
    at.va = ALIGN_DOWN(address, PAGE_SIZE);
    at.write = facts.write;
    at.for_kernel = kernel_mode || ip == 0;
    at.major = false;
    at.held = NULL;
    enum fault_result result;
    do
        result = fault_once(&facts, &at);
    while (unlikely(result >= FAULT_NOMEM) && fault_wait(&at, &result));
    if (unlikely(at.major))
        fault_end_major(&at);
    else
        thread_current()->min_faults += result == FAULT_OK;
    reclaim_wake_if_low();
    return result;
}
