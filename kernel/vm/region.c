/*
 * vm/region.c - the regions of an address space.
 *
 * Idea:  a balanced tree ordered by start; regions never overlap.  Neighbours
 *        that continue each other (same rights, same mapping, next index) are
 *        one region, so the tree stays small.  first_index is kept by splits
 *        and moves: it is how a frame is found again.
 * Locks: as->lock; a mapping's list of regions under its own lock, inside.
 */
#include "vm/region.h"

#include "abi/errno.h"
#include "core/panic.h"
#include "core/trace.h"
#include "mem/slab.h"
#include "vm/table.h"

uint32_t region_count_max = 65530;

static struct slab_cache region_cache;

static struct region *region_of(struct tree_node *node)
{
    return node ? container_of(node, struct region, node) : NULL;
}

void region_init(void)
{
    slab_cache_init(&region_cache, "region", sizeof(struct region));
}

static void mapping_enter(struct mapping *m, struct region *r)
{
    mapping_get(m);
    mutex_lock(&m->lock);
    list_add_tail(&m->regions, &r->mapping_link);
    if ((r->flags & REGION_SHARED) && (r->flags & REGION_MAY_WRITE))
        m->writable_regions++;
    mutex_unlock(&m->lock);
}

static void mapping_leave(struct mapping *m, struct region *r)
{
    mutex_lock(&m->lock);
    list_remove(&r->mapping_link);
    if ((r->flags & REGION_SHARED) && (r->flags & REGION_MAY_WRITE))
        m->writable_regions--;
    mutex_unlock(&m->lock);
    mapping_put(m);
}

struct region *region_create(struct address_space *as, vaddr_t start,
                             vaddr_t end, uint32_t prot, uint32_t flags,
                             struct mapping *mapping, uint64_t first_index)
{
    struct region *r = slab_alloc(&region_cache);

    if (!r)
        return NULL;
    *r = (struct region){
        .start = start,
        .end = end,
        .prot = prot,
        .flags = flags,
        .first_index = first_index,
        .mapping = mapping,
        .space = as,
    };
    if (mapping)
        mapping_enter(mapping, r);
    return r;
}

void region_free(struct region *r)
{
    if (r->mapping)
        mapping_leave(r->mapping, r);
    slab_free(&region_cache, r);
}

static int compare_start(const struct tree_node *a, const struct tree_node *b)
{
    vaddr_t left = container_of(a, struct region, node)->start;
    vaddr_t right = container_of(b, struct region, node)->start;

    return left < right ? -1 : left > right;
}

void region_insert_locked(struct address_space *as, struct region *r)
{
    if (tree_insert(&as->regions, &r->node, compare_start) != NULL)
        panic("two regions at %lx", r->start);
    as->region_count++;
    trace(AREA, as, r->start, r->end, r->prot, r->flags, r->mapping);
    region_count_pages(as, r, region_pages(r));
}

void region_remove_locked(struct address_space *as, struct region *r)
{
    if (as->last_hit == r)
        as->last_hit = NULL;
    tree_remove(&as->regions, &r->node);
    as->region_count--;
    as->peak_pages = as_peak_pages(as);
    region_count_pages(as, r, -region_pages(r));
}

struct region *region_find_from_locked(struct address_space *as, vaddr_t va)
{
    struct tree_node *node = as->regions.root;
    struct region *best = NULL;

    while (node) {
        struct region *r = region_of(node);
        if (r->end > va) {
            best = r;
            if (r->start <= va)
                break;
            node = node->left;
        } else {
            node = node->right;
        }
    }
    return best;
}

struct region *region_find_locked(struct address_space *as, vaddr_t va)
{
    struct region *r = as->last_hit;

    if (r && r->start <= va && va < r->end)
        return r;
    r = region_find_from_locked(as, va);
    if (!r || r->start > va)
        return NULL;
    as->last_hit = r;
    return r;
}

struct region *region_before_locked(struct address_space *as, vaddr_t va)
{
    struct tree_node *node = as->regions.root;
    struct region *best = NULL;

    while (node) {
        struct region *r = region_of(node);
        if (r->start < va) {
            best = r;
            node = node->right;
        } else {
            node = node->left;
        }
    }
    return best;
}

struct region *region_first_locked(struct address_space *as)
{
    return region_of(tree_first(&as->regions));
}

struct region *region_next_locked(struct region *r)
{
    return region_of(tree_next(&r->node));
}

int region_split_at(struct address_space *as, vaddr_t at)
{
    struct region *r = region_find_locked(as, at);

    if (!r || r->start == at)
        return 0;
    if (region_count_is_full(as))
        return -ENOMEM;
    struct region *upper = region_create(as, at, r->end, r->prot, r->flags,
                                         r->mapping, region_index(r, at));
    if (!upper)
        return -ENOMEM;
    region_count_pages(as, r, -region_pages(upper));
    r->end = at;
    region_insert_locked(as, upper);
    return 0;
}

static bool continues(const struct region *a, const struct region *b)
{
    return a->end == b->start && a->prot == b->prot && a->flags == b->flags &&
           a->mapping == b->mapping &&
           b->first_index == region_index(a, a->end);
}

/* Give b's range to a and free b. */
static void absorb(struct address_space *as, struct region *a, struct region *b)
    MUST_HOLD(as->lock);
static void absorb(struct address_space *as, struct region *a, struct region *b)
{
    region_remove_locked(as, b);
    region_count_pages(as, a, region_pages(b));
    a->end = b->end;
    region_free(b);
}

void region_merge_around(struct address_space *as, struct region *r)
{
    struct region *next = region_next_locked(r);
    struct region *prev = region_of(tree_prev(&r->node));

    if (next && continues(r, next))
        absorb(as, r, next);
    if (prev && continues(prev, r))
        absorb(as, prev, r);
}

vaddr_t region_find_room(struct address_space *as, uint64_t bytes)
{
    vaddr_t top = MIN(as->mmap_hint, as->mmap_base);

    /* Downwards from the hint; then once more from the very top. */
    for (int attempt = 0; attempt < 2; attempt++, top = as->mmap_base) {
        struct region *r = region_before_locked(as, top);
        for (;;) {
            vaddr_t floor = r ? r->end : USER_MIN;
            if (top >= floor && top - floor >= bytes && top >= bytes &&
                top - bytes >= USER_MIN)
                return as->mmap_hint = top - bytes;
            if (!r)
                break;
            top = r->start;
            /* Keep the gap under a stack free for its growth. */
            if (r->flags & REGION_STACK)
                top -= MIN(top, STACK_GUARD_PAGES << PAGE_SHIFT);
            r = region_of(tree_prev(&r->node));
        }
    }
    return 0;
}

void region_free_hole_tables(struct address_space *as, struct tlb_batch *batch,
                             vaddr_t start, vaddr_t end)
{
    struct region *before = region_before_locked(as, start);
    struct region *after = region_find_from_locked(as, end);

    table_free_range(as, batch, start, end, before ? before->end : 0,
                     after ? after->start : USER_END);
}

int region_unmap_range(struct address_space *as, vaddr_t start, vaddr_t end)
{
    struct tlb_batch batch;
    struct region *r = region_find_from_locked(as, start);

    if (!r || r->start >= end)
        return 0;
    /* A hole in the middle makes one region more. */
    if (r->start < start && r->end > end && region_count_is_full(as))
        return -ENOMEM;
    if (region_split_at(as, start) != 0 || region_split_at(as, end) != 0)
        return -ENOMEM;

    tlb_batch_init(&batch, as);
    table_unmap_range(as, &batch, start, end);
    r = region_find_from_locked(as, start);
    while (r && r->start < end) {
        struct region *next = region_next_locked(r);
        region_remove_locked(as, r);
        region_free(r);
        r = next;
    }
    region_free_hole_tables(as, &batch, start, end);
    tlb_batch_finish(&batch);
    if (end > as->mmap_hint)
        as->mmap_hint = end;
    uint32_t slot = as->unmap_count++ % ARRAY_LENGTH(as->unmapped);
    as->unmapped[slot].start = start;
    as->unmapped[slot].end = end;
    return 0;
}
