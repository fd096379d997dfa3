/*
 * vm/pool.c - which frames compete for memory, and in which order they go.
 *
 * 1 Idea      Between the kernel and a replacement policy, which is pure code:
 *             it is told here what happens to frames, and asked which goes next.
 * 2 States    frame->replace.pooled: in pool number frame->pool.  A frame leaves
 *             its pool with its last reference, or when its page is locked.
 * 3 Locking   pool_lock; a frame whose last reference is just going is in its
 *             pool until its holder gets the lock: who takes it from there asks
 *             whether there still is a reference.
 * 4 Cost      O(1) for each event but the choice, which is the policy's.
 */
#include "vm/pool.h"

#include "abi/errno.h"
#include "base/string.h"
#include "core/boot_info.h"
#include "core/printk.h"
#include "core/spinlock.h"
#include "mem/slab.h"
#include "sched/sched.h"
#include "vm/address_space.h"
#include "vm/reclaim.h"

enum { POOLS = 128 };

static struct spinlock pool_lock = SPINLOCK_INIT("pools", RANK_POOL);
static struct frame_pool common;
static struct frame_pool *pools[POOLS] = { &common }; /* [P], NULL: free */
static const struct replace_policy *policy;           /* [P] of all pools */
struct frame_pool *const pool_common = &common;
bool pools_on;

static struct frame *frame_of(struct replace_page *page)
{
    return container_of(page, struct frame, replace);
}

struct frame_pool *pool_of_frame(const struct frame *f)
{
    return pools[f->pool];
}

struct frame_pool *pool_of_space(const struct address_space *as)
{
    return as && as->pool ? as->pool : pool_common;
}

static void remove_locked(struct frame *f) MUST_HOLD(pool_lock);
static void remove_locked(struct frame *f)
{
    if (f->replace.pooled)
        replace_remove(&pools[f->pool]->set, &f->replace);
}

void pool_add(struct address_space *as, struct frame *f, bool write)
{
    if (likely(!pools_on) || (f->flags & FRAME_F_PINNED))
        return;
    struct frame_pool *pool = pool_of_space(as);
    spin_lock(&pool_lock);
    /* Who brought it in has it, unless that was nobody with a limit. */
    if (!f->replace.pooled || (f->pool == 0 && pool != pool_common)) {
        remove_locked(f);
        f->pool = pool->number;
        replace_add(&pool->set, &f->replace, write);
        pool->faults += as != NULL;
    }
    spin_unlock(&pool_lock);
}

void pool_add_mapped(struct address_space *as, const struct region *region,
                     struct frame *f, bool write)
{
    if (region->flags & REGION_LOCKED)
        pool_remove(f);
    else
        pool_add(as, f, write);
}

void pool_remove(struct frame *f)
{
    spin_lock(&pool_lock);
    remove_locked(f);
    spin_unlock(&pool_lock);
}

void pool_note_use(struct frame *f, bool write)
{
    spin_lock(&pool_lock);
    if (f->replace.pooled)
        replace_reference(&pools[f->pool]->set, &f->replace, write);
    spin_unlock(&pool_lock);
}

struct frame *pool_choose(struct frame_pool *pool)
{
    struct frame *f = NULL;

    spin_lock(&pool_lock);
    /* Those without a reference are on their way out by themselves. */
    for (uint64_t tries = pool->set.count; !f && tries > 0; tries--) {
        struct replace_page *page = replace_victim(&pool->set);
        if (page && frame_get_unless_free(frame_of(page)))
            f = frame_of(page);
        else if (page)
            replace_remove(&pool->set, page);
    }
    spin_unlock(&pool_lock);
    return f;
}

void pool_note_evicted(struct frame *f, bool written)
{
    spin_lock(&pool_lock);
    if (f->replace.pooled) {
        struct frame_pool *pool = pools[f->pool];
        replace_remove(&pool->set, &f->replace);
        pool->evicted++;
        pool->written += written;
    }
    spin_unlock(&pool_lock);
}

void pool_postpone(struct frame *f)
{
    spin_lock(&pool_lock);
    if (f->replace.pooled) {
        struct replace_set *set = &pools[f->pool]->set;
        bool dirty = f->replace.dirty;
        replace_remove(set, &f->replace);
        replace_add(set, &f->replace, dirty);
    }
    spin_unlock(&pool_lock);
}

struct frame_pool *pool_next_limited(void)
{
    static unsigned last; /* [P] */
    struct frame_pool *found = NULL;

    spin_lock(&pool_lock);
    for (unsigned i = 0; !found && i < POOLS; i++) {
        last = (last + 1) % POOLS;
        if (last != 0 && pools[last] && pools[last]->set.count != 0)
            found = pools[last];
    }
    spin_unlock(&pool_lock);
    return found;
}

bool pool_samples(const struct frame_pool *pool)
{
    return policy->samples && pool->set.sampled;
}

bool pool_wants_ticks(void)
{
    return policy->ticks;
}

void pool_tick_all(void)
{
    for (unsigned i = 0; i < POOLS; i++) {
        spin_lock(&pool_lock);
        if (pools[i] && pools[i]->set.sampled)
            replace_tick(&pools[i]->set);
        spin_unlock(&pool_lock);
    }
}

/* ---- on and off ---------------------------------------------------------- */

static void init_pool(struct frame_pool *pool, uint8_t number, uint64_t limit)
{
    *pool =
        (struct frame_pool){ .limit = limit, .number = number, .owned = true };
    replace_set_init(&pool->set, policy);
    replace_set_sample(&pool->set, true);
}

void pools_switch_on(void)
{
    if (__atomic_exchange_n(&pools_on, true, __ATOMIC_SEQ_CST))
        return;
    for (pfn_t pfn = 0; pfn < frame_pfn_end(); pfn++) {
        struct frame *f = frame_of_pfn(pfn);
        if (pfn % 1024 == 0)
            sched_point();
        if (!frame_pfn_valid(pfn) || !frame_get_unless_free(f))
            continue;
        if (f->kind == FRAME_ANON || f->kind == FRAME_MAPPING)
            pool_add(NULL, f, true);
        frame_put(f);
    }
}

/* mem's hook: the last reference has gone. */
static void release(struct frame *f)
{
    pool_remove(f);
}

/* One of the table that nobody has, or NULL. */
static struct frame_pool *reuse_pool(uint64_t limit)
{
    struct frame_pool *found = NULL;

    spin_lock(&pool_lock);
    for (unsigned i = 1; !found && i < POOLS; i++)
        if (pools[i] && !pools[i]->owned)
            found = pools[i];
    if (found)
        init_pool(found, found->number, limit);
    spin_unlock(&pool_lock);
    return found;
}

/* Enter a new one into the table; false: it is full. */
static bool enter_pool(struct frame_pool *pool, uint64_t limit)
{
    unsigned n = 1;

    spin_lock(&pool_lock);
    while (n < POOLS && pools[n])
        n++;
    if (n < POOLS) {
        init_pool(pool, (uint8_t)n, limit);
        pools[n] = pool;
    }
    spin_unlock(&pool_lock);
    return n < POOLS;
}

/* Pools are never freed: who has waited for one of a space may look at it when
 * the space has it no more. */
static struct frame_pool *create_pool(uint64_t limit)
{
    struct frame_pool *pool = reuse_pool(limit);

    if (pool)
        return pool;
    pool = kmalloc(sizeof(*pool));
    if (!pool || enter_pool(pool, limit))
        return pool;
    kfree(pool);
    return NULL;
}

int pool_set_limit(struct address_space *as, uint64_t limit)
{
    if (limit == 0 || limit == UINT64_MAX) {
        pool_leave(as);
        return 0;
    }
    pools_switch_on();
    if (!as->pool)
        as->pool = create_pool(limit);
    else
        __atomic_store_n(&as->pool->limit, limit, __ATOMIC_RELAXED);
    return as->pool ? 0 : -ENOMEM;
}

void pool_set_exact(struct address_space *as, bool exact)
{
    if (!as->pool)
        return;
    spin_lock(&pool_lock);
    replace_set_sample(&as->pool->set, !exact);
    spin_unlock(&pool_lock);
}

int pool_inherit(struct address_space *as, const struct address_space *from)
{
    if (!from || !from->pool)
        return 0;
    as->soft_limit = from->soft_limit;
    return pool_set_limit(as, from->pool->limit);
}

bool pool_exceed(const struct address_space *as, struct frame_pool *pool)
{
    if (!as->soft_limit)
        return false;
    __atomic_fetch_add(&pool->limit, 1, __ATOMIC_RELAXED);
    return true;
}

void pool_leave(struct address_space *as)
{
    struct frame_pool *pool = as->pool;
    struct replace_page *page;

    if (!pool)
        return;
    /* Whoever evicts from it has chosen it under reclaim_lock. */
    mutex_lock(&reclaim_lock);
    as->pool = NULL;
    spin_lock(&pool_lock);
    while ((page = replace_victim(&pool->set)) != NULL) {
        replace_remove(&pool->set, page);
        frame_of(page)->pool = 0;
        replace_add(&common.set, page, page->dirty);
    }
    pool->owned = false;
    spin_unlock(&pool_lock);
    mutex_unlock(&reclaim_lock);
}

/* ---- the policy ----------------------------------------------------------- */

int pool_set_policy(const char *name)
{
    const struct replace_policy *chosen = replace_policy_find(name);

    if (!chosen)
        return -EINVAL;
    spin_lock(&pool_lock);
    policy = chosen;
    for (unsigned i = 0; i < POOLS; i++)
        if (pools[i])
            replace_set_change(&pools[i]->set, chosen);
    spin_unlock(&pool_lock);
    return 0;
}

const char *pool_policy_name(void)
{
    return policy->name;
}

void pool_init(void)
{
    char name[32];

    policy = replace_policies[0];
    if (boot_option_value("replacement=", name, sizeof(name))) {
        policy = replace_policy_find(name);
        if (!policy) {
            printk("replacement=%s: no such policy\n", name);
            policy = replace_policies[0];
        }
    }
    frame_pool_release = release;
    init_pool(&common, 0, UINT64_MAX);
}
