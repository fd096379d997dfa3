/*
 * mem/slab.c - object caches.
 *
 * Idea:   a slab is a block of frames cut into objects of one size; its head
 *         frame is its own descriptor (owner: the cache, refs: objects in use
 *         plus one, index: first free object, links: list of the cache).  A
 *         free object holds the pointer to the next one in its first bytes.
 *         Frame blocks are aligned to their size, so the head of any object is
 *         found by masking its address.
 * States: full slabs are in no list, partly used ones in cache->partial, and
 *         one unused slab may wait in cache->empty; further unused ones go back
 *         to the frame allocator at once.
 * Locks:  cache->lock, taken with interrupts off; frames inside it.
 * Real kernels add magazines of free objects per CPU, so that most calls take
 * no lock (SLUB, illumos kmem), and colour objects over cache lines.
 */
#include "mem/slab.h"

#include "base/string.h"
#include "core/config.h"
#include "mem/frame.h"
#include "mem/frame_list.h"
#include "mem/poison.h"

enum {
    SLAB_MAX_ORDER = 3,
    SLAB_ALIGN = 16,
};

static struct spinlock cache_list_lock = SPINLOCK_INIT("slab list", RANK_SLAB);
static struct list_node cache_list = LIST_INIT(cache_list);

/* The smallest slab that wastes at most an eighth. */
static uint32_t choose_order(size_t bytes)
{
    for (uint32_t order = 0; order < SLAB_MAX_ORDER; order++) {
        size_t slab = PAGE_SIZE << order;
        if (slab >= bytes && slab % bytes * 8 <= slab)
            return order;
    }
    return SLAB_MAX_ORDER;
}

void slab_cache_init(struct slab_cache *cache, const char *name, size_t bytes)
{
    bytes = ALIGN_UP(MAX(bytes, (size_t)SLAB_ALIGN), SLAB_ALIGN);
    assert_le(bytes, PAGE_SIZE << SLAB_MAX_ORDER);
    memset(cache, 0, sizeof(*cache));
    spinlock_init(&cache->lock, name, RANK_SLAB);
    cache->name = name;
    cache->object_bytes = (uint32_t)bytes;
    cache->order = choose_order(bytes);
    cache->objects_per_slab = (uint32_t)((PAGE_SIZE << cache->order) / bytes);
    spin_lock(&cache_list_lock);
    list_add_tail(&cache_list, &cache->link);
    spin_unlock(&cache_list_lock);
}

/* ---- slabs --------------------------------------------------------------- */

static inline void **free_list_of(struct frame *slab)
{
    return (void **)(void *)&slab->index;
}

static inline uint32_t used_in(const struct frame *slab)
{
    return slab->refs - 1;
}

/* Head frame of the slab that `object` lies in. */
static inline struct frame *slab_of(const struct slab_cache *cache,
                                    const void *object)
{
    paddr_t pa = virt_to_phys(object);

    return frame_of_phys(ALIGN_DOWN(pa, PAGE_SIZE << cache->order));
}

/* A new slab, all objects free, in no list; NULL: no memory. */
static struct frame *slab_create(struct slab_cache *cache)
    MUST_HOLD(cache->lock)
{
    struct frame *slab = frame_alloc(cache->order, FRAME_SLAB);

    if (!slab)
        return NULL;
    for (unsigned i = 0; i < 1u << cache->order; i++)
        slab[i].owner = cache;
    char *base = frame_bytes(slab);
    void *next = NULL;
    for (uint32_t i = cache->objects_per_slab; i-- > 0;) {
        void *object = base + (size_t)i * cache->object_bytes;
        *(void **)object = next;
        next = object;
        if (CONFIG_POISON)
            poison_object(cache, object);
    }
    *free_list_of(slab) = next;
    cache->slabs++;
    return slab;
}

static void slab_destroy(struct slab_cache *cache, struct frame *slab)
    MUST_HOLD(cache->lock)
{
    assert_eq(used_in(slab), 0);
    cache->slabs--;
    frame_free(slab, cache->order);
}

/* A slab with a free object, in cache->partial; NULL: no memory. */
static struct frame *slab_with_room(struct slab_cache *cache)
    MUST_HOLD(cache->lock)
{
    struct frame *slab = frame_list_first(cache->partial);

    if (likely(slab))
        return slab;
    slab = frame_list_first(cache->empty);
    if (slab)
        frame_list_remove(&cache->empty, slab);
    else
        slab = slab_create(cache);
    if (slab)
        frame_list_push(&cache->partial, slab);
    return slab;
}

/* ---- objects ------------------------------------------------------------- */

static void *take_object(struct slab_cache *cache) MUST_HOLD(cache->lock)
{
    struct frame *slab = slab_with_room(cache);

    if (!slab)
        return NULL;
    void *object = *free_list_of(slab);
    assert(object); /* full slabs are in no list */
    *free_list_of(slab) = *(void **)object;
    slab->refs++;
    if (*free_list_of(slab) == NULL)
        frame_list_remove(&cache->partial, slab);
    cache->objects_in_use++;
    return object;
}

void *slab_alloc(struct slab_cache *cache)
{
    if (unlikely(alloc_should_fail) && alloc_should_fail())
        return NULL;
    spin_lock(&cache->lock);
    void *object = take_object(cache);
    spin_unlock(&cache->lock);
    if (CONFIG_POISON && object)
        poison_check_object(cache, object);
    return object;
}

void *slab_alloc_zeroed(struct slab_cache *cache)
{
    void *object = slab_alloc(cache);

    if (likely(object))
        memset(object, 0, cache->object_bytes);
    return object;
}

/* The last object of `slab` came back: keep one such slab, free others. */
static void slab_became_empty(struct slab_cache *cache, struct frame *slab)
    MUST_HOLD(cache->lock)
{
    frame_list_remove(&cache->partial, slab);
    if (cache->empty == 0)
        frame_list_push(&cache->empty, slab);
    else
        slab_destroy(cache, slab);
}

void slab_free(struct slab_cache *cache, void *object)
{
    struct frame *slab = slab_of(cache, object);

    assert(slab->kind == FRAME_SLAB && slab->owner == cache);
    if (CONFIG_POISON) {
        size_t offset = (size_t)((char *)object - (char *)frame_bytes(slab));
        assert_eq(offset % cache->object_bytes, 0);
        poison_object(cache, object);
    }
    spin_lock(&cache->lock);
    assert(used_in(slab) != 0);
    bool was_full = *free_list_of(slab) == NULL;
    *(void **)object = *free_list_of(slab);
    *free_list_of(slab) = object;
    slab->refs--;
    cache->objects_in_use--;
    if (was_full)
        frame_list_push(&cache->partial, slab);
    if (used_in(slab) == 0)
        slab_became_empty(cache, slab);
    spin_unlock(&cache->lock);
}

void slab_for_each_cache(void (*visit)(struct slab_cache *cache, void *arg),
                         void *arg)
{
    struct slab_cache *cache;

    list_for_each (cache, &cache_list, link)
        visit(cache, arg);
}

static void drain_cache(struct slab_cache *cache, void *arg)
{
    spin_lock(&cache->lock);
    struct frame *slab = frame_list_first(cache->empty);
    if (slab) {
        frame_list_remove(&cache->empty, slab);
        slab_destroy(cache, slab);
    }
    spin_unlock(&cache->lock);
}

void slab_drain(void)
{
    slab_for_each_cache(drain_cache, NULL);
}
