/*
 * vm/reclaim.c - making frames free when memory runs short.
 *
 * 1 Idea      The policy of the pool names a page.  It is taken out of all page
 *             tables, in whose place its swap entry remains, written to its slot
 *             if that has not its bytes yet, and freed.  A clean page of a disk
 *             file is dropped.
 * 2 When      Below the low mark kswapd works in the background up to the high
 *             one.  Who finds no frame at all, because kswapd is late, evicts a
 *             batch itself.  Who reaches its own limit evicts of its own.
 * 3 Locking   Whoever needs memory holds no address space or mapping.  Choice
 *             and unmapping are done under reclaim_lock, by one thread at a time;
 *             it only tries other locks, and postpones what is busy: so there is
 *             no order to break.  Writing is waited for without it.
 *             A batch is flushed from the TLBs as a whole; who changes entries
 *             of one of its spaces before has to do it himself, which
 *             tlb_batch_init() sees to.
 * 4 Reserve   The last frames (frame_marks.min) are not for user pages, so that
 *             page tables, disk driver and those who exit get on.  Getting a
 *             page out needs no memory at all.
 * 5 Failure   No slot is free, or a write fails: the page stays where it is, in
 *             the swap cache if need be.  When nothing can go reclaim_direct()
 *             says so, and a process has to.
 * 6 Elsewhere Linux scans lists of pages, and reclaims object caches, too.
 */
#include "vm/reclaim.h"

#include "abi/errno.h"
#include "core/counter.h"
#include "core/panic.h"
#include "core/trace.h"
#include "sched/sched.h"
#include "sched/thread.h"
#include "sched/wait.h"
#include "vm/region.h"
#include "vm/rmap.h"
#include "vm/swap.h"
#include "vm/table.h"
#include "vm/working_set.h"
#include "x86/clock.h"
#include "x86/cpu.h"
#include "x86/tlb.h"

enum {
    BATCH = RECLAIM_BATCH,
    TRIES = 8,
    BUSY_TRIES = 1000,
    PATIENCE = 3,
    QUIET_TRIES = 1000,
    SAMPLE_NS = 100000000
};

struct mutex reclaim_lock;
struct rwlock eviction_lock;

static struct spinlock kswapd_lock = SPINLOCK_INIT("kswapd", RANK_SWAP_IO);
static struct wait_queue kswapd_queue;
static bool kswapd_wanted; /* [kswapd_lock] */
static struct thread *kswapd;
static unsigned writers; /* [a] batches unmapped and not written yet */

/* ---- one page ------------------------------------------------------------ */

enum verdict {
    GONE,
    WRITE,  /* it goes when it has been written */
    IN_USE, /* it was used since we looked last */
    LEFT,   /* to those who have it besides the space with the limit */
    BUSY,   /* somebody has it, or a lock, for a moment */
    STAYS,  /* it cannot go */
};

/* Was it used since we looked last? */
static bool take_use(struct rmap_place *at, void *arg)
{
    bool *used = arg;

    if (!(*at->pte & PTE_ACCESSED))
        return true;
    *used = true;
    __atomic_fetch_and(at->pte, ~PTE_ACCESSED, __ATOMIC_SEQ_CST);
    /* Another CPU may use the page for a while without setting the bit again:
     * that is not worth an interrupt. */
    if (this_cpu->active_space == at->as)
        tlb_flush_local(at->va, at->va + PAGE_SIZE);
    return false;
}

/* What a batch has unmapped and a TLB may still have: one flush, at the end, is
 * for all.  Until then no frame of it is freed, nor written to the disk. */
static struct {
    uint64_t round; /* [reclaim_lock] number of the batch */
    uint32_t cpus;  /* [reclaim_lock] that have run its spaces */
    vaddr_t start, end;
} unflushed = { .round = 1, .start = UINT64_MAX };

/* The entry of `va` has changed; the space is locked. */
static void note_unmapped(struct address_space *as, vaddr_t va)
{
    /* Who loads the tables from now on sees the entry as it is. */
    unflushed.cpus |= __atomic_load_n(&as->cpu_mask, __ATOMIC_SEQ_CST);
    unflushed.start = MIN(unflushed.start, va);
    unflushed.end = MAX(unflushed.end, va + PAGE_SIZE);
    as->unflushed = unflushed.round;
}

static void flush_unmapped(void) MUST_HOLD(reclaim_lock);
static void flush_unmapped(void)
{
    uint32_t self = 1u << this_cpu->id;

    if (unflushed.cpus & self)
        tlb_flush_local(unflushed.start, unflushed.end);
    if (unflushed.cpus & ~self)
        tlb_flush_remote(unflushed.cpus & ~self, unflushed.start,
                         unflushed.end);
    __atomic_store_n(&table_rounds_flushed, unflushed.round, __ATOMIC_RELEASE);
    unflushed.round++;
    unflushed.cpus = 0;
    unflushed.start = UINT64_MAX;
    unflushed.end = 0;
}

struct unmapping {
    struct frame *frame;
    swap_entry_t entry;            /* 0: nothing stays in its place */
    const struct frame_pool *only; /* of spaces with this pool; NULL: of all */
    unsigned done;
    bool dirty, locked, others;
};

/* The entry is changed, and no longer `as` has the page. */
static void let_go(struct rmap_place *at, struct unmapping *u)
{
    at->as->peak_rss = as_peak_rss(at->as);
    rss_add(at->as, u->frame, -1);
    u->done++;
    note_unmapped(at->as, at->va);
    frame_put(u->frame);
}

/* MADV_FREE was said of the page, and nobody has written to it since: it needs
 * no slot. */
static bool drop_at(struct rmap_place *at, void *arg)
{
    pte_t old = __atomic_load_n(at->pte, __ATOMIC_SEQ_CST);

    if (pte_is_droppable(old) && !(at->region->flags & REGION_LOCKED) &&
        __atomic_compare_exchange_n(at->pte, &old, 0, false, __ATOMIC_SEQ_CST,
                                    __ATOMIC_RELAXED)) {
        trace(MAP, at->as, at->va, 0);
        let_go(at, arg);
    }
    return false;
}

static bool unmap_at(struct rmap_place *at, void *arg)
{
    struct unmapping *u = arg;

    if (u->only && at->as->pool != u->only) {
        u->others = true;
        return true;
    }
    if (at->region->flags & REGION_LOCKED) {
        u->locked = true;
        return false;
    }
    if (u->entry != 0 && !swap_get(u->entry))
        return false;
    pte_t pte = u->entry ? pte_of_swap(u->entry) : 0;
    pte_t old = __atomic_exchange_n(at->pte, pte, __ATOMIC_SEQ_CST);
    trace(MAP, at->as, at->va, pte);
    u->dirty |= (old & PTE_DIRTY) != 0;
    at->as->swap_pages += u->entry != 0;
    let_go(at, u);
    return true;
}

/* It is not the space's any more that has the limit (one, with a pool of its
 * own), but others'. */
static bool has_left(const struct unmapping *u, bool all)
{
    return u->only && (all ? u->others : u->done != 0);
}

/* What remains to be done for a frame of the swap cache that nobody maps. */
static enum verdict finish_cached(struct frame *f)
{
    if (swap_cache_evict(f))
        return GONE;
    if (frame_has_flags(f, FRAME_F_FAILED))
        return STAYS;
    if (frame_has_flags(f, FRAME_F_READING | FRAME_F_WRITING))
        return BUSY;
    return frame_has_flags(f, FRAME_F_DIRTY) ? WRITE : BUSY;
}

static enum verdict evict_anonymous(struct frame *f,
                                    const struct frame_pool *only, bool *locked)
{
    struct unmapping u = { .frame = f, .only = only };
    bool fresh = !frame_has_flags(f, FRAME_F_SWAP_CACHE);

    if (counter_sum(COUNTER_LAZY_FREE) != 0 && !rmap_walk(f, drop_at, &u) &&
        u.done != 0) {
        counter_add(COUNTER_LAZY_FREED, 1);
        return GONE;
    }
    u.entry = fresh ? swap_cache_add(f) : f->swap;
    if (u.entry == 0)
        return STAYS;
    bool all = rmap_walk(f, unmap_at, &u);
    *locked = u.locked;
    if (all && !u.others)
        return finish_cached(f);
    if (fresh && u.done == 0)
        swap_cache_drop(f);
    return u.locked ? STAYS : has_left(&u, all) ? LEFT : BUSY;
}

/* From its mapping to the swap cache, under the entry that takes its place. */
static enum verdict swap_out_of_mapping(struct mapping *m, struct frame *f)
    MUST_HOLD(m->lock);
static enum verdict swap_out_of_mapping(struct mapping *m, struct frame *f)
{
    swap_entry_t entry = swap_cache_add(f);

    if (entry == 0)
        return STAYS;
    if (!swap_get(entry)) {
        swap_cache_drop(f);
        return STAYS;
    }
    mapping_replace_by_entry(m, f, entry);
    frame_set_kind(f, FRAME_SWAP);
    f->owner = NULL;
    frame_put(f); /* the mapping's */
    return WRITE;
}

static enum verdict leave_mapping(struct mapping *m, struct frame *f)
    MUST_HOLD(m->lock);
static enum verdict leave_mapping(struct mapping *m, struct frame *f)
{
    /* Besides us only the mapping: nobody copies from it or to it. */
    if (__atomic_load_n(&f->refs, __ATOMIC_SEQ_CST) != 2)
        return BUSY;
    if (!m->ops->fill)
        return swap_out_of_mapping(m, f);
    if (frame_has_flags(f, FRAME_F_DIRTY) || !m->ops->slow ||
        __atomic_load_n(&m->maybe_dirty, __ATOMIC_ACQUIRE))
        return STAYS;
    mapping_forget(m, f);
    frame_put(f);
    return GONE;
}

static enum verdict
evict_from_mapping(struct frame *f, const struct frame_pool *only, bool *locked)
{
    struct unmapping u = { .frame = f, .only = only };
    struct mapping *m = f->owner;
    enum verdict verdict = BUSY;

    if (!m || !mutex_trylock(&m->lock))
        return BUSY;
    bool all = f->owner == m && rmap_walk(f, unmap_at, &u);
    if (u.dirty && m->ops->fill)
        frame_set_flags(f, FRAME_F_DIRTY);
    if (has_left(&u, all))
        verdict = LEFT;
    else if (all)
        verdict = leave_mapping(m, f);
    mutex_unlock(&m->lock);
    *locked = u.locked;
    return u.locked ? STAYS : verdict;
}

static bool was_used(struct frame *f) NO_LOCK_ANALYSIS
{
    struct mapping *m = f->kind == FRAME_MAPPING ? f->owner : NULL;
    bool used = false;

    if (m && !mutex_trylock(&m->lock))
        return true;
    (void)rmap_walk(f, take_use, &used);
    if (m)
        mutex_unlock(&m->lock);
    return used;
}

/* All but the writing.  `look`: not if it is in use.  `only`: if it is not NULL,
 * spaces with other pools keep the page. */
static enum verdict evict_start(struct frame *f, bool look,
                                const struct frame_pool *only)
    MUST_HOLD(reclaim_lock);
static enum verdict evict_start(struct frame *f, bool look,
                                const struct frame_pool *only)
{
    enum verdict verdict = STAYS;
    bool locked = false;

    if (look && was_used(f))
        return IN_USE;
    if (f->kind == FRAME_ANON)
        verdict = evict_anonymous(f, only, &locked);
    else if (f->kind == FRAME_MAPPING)
        verdict = evict_from_mapping(f, only, &locked);
    else if (f->kind == FRAME_SWAP)
        verdict = finish_cached(f);
    if (locked)
        pool_remove(f);
    return verdict;
}

/* ---- batches --------------------------------------------------------------- */

struct eviction {
    struct frame_pool *pool;
    bool limit; /* that is what it is for: others keep what they share */
    unsigned wanted, scanned, gone, left, writing, busy;
    struct frame *clean[BATCH];    /* gone, when the TLBs are flushed */
    struct frame *outgoing[BATCH]; /* to be written */
};

static void note_verdict(struct eviction *e, struct frame *f,
                         enum verdict verdict)
{
    switch (verdict) {
    case GONE:
        pool_note_evicted(f, false);
        e->clean[e->gone++] = f;
        return;
    case WRITE:
        pool_note_evicted(f, true);
        e->outgoing[e->writing++] = f;
        return;
    case LEFT:
        pool_note_evicted(f, false);
        pool_add(NULL, f, true);
        e->left++;
        break;
    case IN_USE:
        pool_note_use(f, false);
        break;
    case BUSY:
        e->busy++;
        pool_postpone(f);
        break;
    case STAYS:
        pool_postpone(f);
        break;
    }
    frame_put(f);
}

/* What is to be written has references until write_out() is done. */
static void end_choice(const struct eviction *e) MUST_HOLD(reclaim_lock);
static void end_choice(const struct eviction *e)
{
    flush_unmapped();
    frame_put_all(e->clean, e->gone);
    if (e->writing != 0)
        __atomic_add_fetch(&writers, 1, __ATOMIC_SEQ_CST);
}

/* Choose and unmap until enough are on their way. */
static void choose_and_unmap(struct eviction *e)
{
    bool look = pool_samples(e->pool);
    unsigned most = e->wanted * TRIES;

    mutex_lock(&reclaim_lock);
    while (e->gone + e->left + e->writing < e->wanted && e->scanned < most) {
        struct frame *f = pool_choose(e->pool);
        if (!f)
            break;
        e->scanned++;
        note_verdict(e, f, evict_start(f, look, e->limit ? e->pool : NULL));
        /* Then all of them were in use: any will do. */
        if (e->scanned == most / 2)
            look = false;
    }
    end_choice(e);
    mutex_unlock(&reclaim_lock);
    as_destroy_deferred();
}

static void write_out(struct eviction *e)
{
    struct swap_batch batch;

    if (e->writing == 0)
        return;
    swap_batch_begin(&batch, e->writing);
    for (unsigned i = 0; i < e->writing; i++)
        swap_write(&batch, e->outgoing[i]);
    swap_batch_finish(&batch);
    for (unsigned i = 0; i < e->writing; i++) {
        struct frame *f = e->outgoing[i];
        if (swap_cache_evict(f))
            e->gone++;
        else
            pool_add(NULL, f, true); /* back in use, or the write failed */
        frame_put(f);
    }
    __atomic_sub_fetch(&writers, 1, __ATOMIC_SEQ_CST);
}

/* A batch of the pool, as `e` says; adds up how many pages were looked at. */
static void evict(struct eviction *e, uint64_t *scanned)
{
    bool background = thread_current() == kswapd;

    choose_and_unmap(e);
    write_out(e);
    counter_add(background ? COUNTER_SCAN_KSWAPD : COUNTER_SCAN_DIRECT,
                e->scanned);
    counter_add(background ? COUNTER_STEAL_KSWAPD : COUNTER_STEAL_DIRECT,
                e->gone);
    *scanned += e->scanned;
}

/* Returns how many frames came free. */
static unsigned evict_batch(struct frame_pool *pool, uint64_t *scanned)
{
    struct eviction e = { .pool = pool, .wanted = BATCH };

    evict(&e, scanned);
    return e.gone;
}

/* Of the common pool; when that has nothing to give, of one with a limit. */
static unsigned evict_any(uint64_t *scanned)
{
    unsigned gone = evict_batch(pool_common, scanned);
    struct frame_pool *limited = gone == 0 ? pool_next_limited() : NULL;

    return limited ? evict_batch(limited, scanned) : gone;
}

/* ---- sampling ------------------------------------------------------------- */

/* A sampling interval has passed: look at all spaces that are not busy. */
static void sample_uses(void)
{
    static uint64_t next;
    struct address_space *as;

    if (!pool_wants_ticks() || clock_now_ns() < next)
        return;
    next = clock_now_ns() + SAMPLE_NS;
    pool_tick_all();
    for (unsigned n = 0; (as = as_nth(n)) != NULL; n++) {
        if (mutex_trylock(&as->lock)) {
            (void)working_set_sample(as);
            mutex_unlock(&as->lock);
        }
        as_put(as);
    }
}

/* ---- who needs memory ------------------------------------------------------ */

/* Look at everything twice: the first time all may have been in use. */
static bool sweep(void)
{
    uint64_t scanned = 0, last;

    do {
        last = scanned;
        if (evict_any(&scanned) > 0)
            return true;
        if (frame_free_listed() > frame_marks.min)
            return true; /* others were faster */
        sched_point();
    } while (scanned != last && scanned < 2 * pool_common->set.count);
    return false;
}

bool reclaim_direct(void)
{
    if (!pools_on)
        return false;
    counter_add(COUNTER_ALLOC_STALLS, 1);
    sample_uses();
    for (unsigned i = 0; i < PATIENCE; i++) {
        if (sweep())
            return true;
        if (thread_has_flag(thread_current(), THREAD_KILLED))
            return false;
        /* What was busy may not be any more in a while. */
        swap_wait_for_progress();
    }
    return false;
}

bool reclaim_for_limit(struct frame_pool *pool)
{
    uint64_t scanned = 0;
    unsigned waits = 0, most = TRIES;

    sample_uses();
    while (pool_is_full(pool) && waits < most &&
           !thread_has_flag(thread_current(), THREAD_KILLED)) {
        uint64_t count = pool->set.count, limit = pool->limit;
        uint64_t over = count >= limit ? count - limit + 1 : 1;
        struct eviction e = { .pool = pool, .limit = true };
        e.wanted = (unsigned)MIN(over, BATCH);
        evict(&e, &scanned);
        waits = e.gone + e.left > 0 ? 0 : waits + 1;
        if (waits == 0)
            continue;
        /* What is busy may not be for long. */
        most = e.busy + e.writing != 0 ? BUSY_TRIES : TRIES;
        swap_wait_for_progress();
    }
    return !pool_is_full(pool);
}

void reclaim_frames(struct frame **list, unsigned count)
{
    struct eviction e = { .pool = pool_common, .wanted = count };

    assert(count <= BATCH);
    mutex_lock(&reclaim_lock);
    for (unsigned i = 0; i < count; i++)
        note_verdict(&e, list[i], evict_start(list[i], false, NULL));
    end_choice(&e);
    mutex_unlock(&reclaim_lock);
    as_destroy_deferred();
    write_out(&e);
}

/* ---- kswapd ---------------------------------------------------------------- */

void reclaim_wake_kswapd(void)
{
    if (!kswapd)
        return;
    spin_lock(&kswapd_lock);
    bool wake = !kswapd_wanted;
    kswapd_wanted = true;
    spin_unlock(&kswapd_lock);
    if (wake)
        wake_up_all(&kswapd_queue);
}

static void kswapd_main(void *unused)
{
    (void)unused;
    for (;;) {
        spin_lock(&kswapd_lock);
        /* Uninterruptible: it is the kernel's own. */
        (void)wait_event(&kswapd_queue, kswapd_wanted, &kswapd_lock,
                         WAIT_UNINTERRUPTIBLE, WAIT_FOREVER);
        spin_unlock(&kswapd_lock);
        rwlock_read_lock(&eviction_lock);
        sample_uses();
        uint64_t scanned = 0;
        while (frame_free_listed() < frame_marks.high)
            if (evict_any(&scanned) == 0)
                break;
        rwlock_read_unlock(&eviction_lock);
        spin_lock(&kswapd_lock);
        kswapd_wanted = false;
        spin_unlock(&kswapd_lock);
    }
}

void reclaim_wait_until_quiet(void)
{
    for (unsigned i = 0; i < QUIET_TRIES; i++) {
        if (__atomic_load_n(&writers, __ATOMIC_SEQ_CST) == 0 &&
            swap_io_is_quiet())
            return;
        swap_wait_for_progress();
    }
}

int reclaim_start(void)
{
    static bool started;

    pools_switch_on();
    if (__atomic_exchange_n(&started, true, __ATOMIC_SEQ_CST))
        return 0;
    kswapd = thread_create_kernel("kswapd", kswapd_main, NULL);
    return kswapd ? 0 : -ENOMEM;
}

void reclaim_init(void)
{
    mutex_init(&reclaim_lock, "reclaim", RANK_RECLAIM);
    rwlock_init(&eviction_lock, "eviction", RANK_EVICTION);
    wait_queue_init(&kswapd_queue);
    pool_init();
    swap_init();
}
