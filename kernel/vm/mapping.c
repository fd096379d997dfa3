/*
 * vm/mapping.c - page index -> frame.
 *
 * 1 Idea      A radix tree with 64 slots a node: its height grows with the
 *             highest index, so a small file costs one node and a hole costs
 *             nothing.
 * 2 States    A slot is empty, or holds a frame on which the mapping has one
 *             reference, or names the swap slot where the page is.  Frames at or beyond the size exist only while
 *             mapping_resize() is on its way to drop them, or a writer on its
 *             way to raise the size.
 * 3 Locking   mapping->lock; inside as->lock when a fault comes here.  To unmap
 *             a page everywhere, mapping_resize() needs the spaces' locks and
 *             so lets go of its own: the size is lowered first, after which no
 *             fault can bring a page beyond it back.
 * 4 Failure   No memory for a node or frame: -ENOMEM, nothing changed.
 * 5 Elsewhere Linux's struct address_space with its xarray.
 */
#include "vm/mapping.h"

#include "abi/errno.h"
#include "base/string.h"
#include "core/panic.h"
#include "mem/slab.h"
#include "sched/sched.h"
#include "vm/mapping_tree.h"
#include "vm/reclaim.h"
#include "vm/region.h"
#include "vm/table.h"

/* MAP_SHARED | MAP_ANONYMOUS: a mapping that nothing but regions refers to. */
struct shared_memory {
    struct mapping mapping;
    uint64_t refs; /* [a] */
};

static struct slab_cache node_cache, shm_cache;

void mapping_init_caches(void)
{
    slab_cache_init(&node_cache, "page_node", sizeof(struct page_node));
    slab_cache_init(&shm_cache, "shared_memory", sizeof(struct shared_memory));
}

void mapping_init(struct mapping *m, const struct mapping_ops *ops,
                  uint64_t size)
{
    static uint64_t last_id;

    m->ops = ops;
    m->id = __atomic_add_fetch(&last_id, 1, __ATOMIC_RELAXED);
    mutex_init(&m->lock, "mapping", RANK_MAPPING);
    m->root = NULL;
    m->height = 0;
    m->size = size;
    m->page_count = 0;
    list_init(&m->regions);
    m->writable_regions = 0;
    m->maybe_dirty = false;
    m->zap_generation = 0;
    m->swapped = 0;
    list_init(&m->swap_link);
}

static struct frame *find_frame(const struct mapping *m, uint64_t index)
{
    void *slot = mapping_find_slot(m, index);

    return slot_is_entry(slot) ? NULL : slot;
}

static int grow_tree(struct mapping *m, uint64_t index)
{
    while (m->height == 0 || index >= mapping_capacity(m->height)) {
        struct page_node *node = slab_alloc_zeroed(&node_cache);
        if (!node)
            return -ENOMEM;
        if (m->root) {
            node->slots[0] = m->root;
            node->used = 1;
        }
        m->root = node;
        m->height++;
    }
    return 0;
}

static int insert_frame(struct mapping *m, uint64_t index, struct frame *frame)
{
    if (grow_tree(m, index) != 0)
        return -ENOMEM;
    struct page_node *node = m->root;
    for (uint32_t level = m->height; level > 1; level--) {
        void **slot = &node->slots[mapping_slot_at(index, level)];
        if (!*slot) {
            *slot = slab_alloc_zeroed(&node_cache);
            if (!*slot)
                return -ENOMEM; /* empty nodes stay until destruction */
            node->used++;
        }
        node = *slot;
    }
    void **slot = &node->slots[index & (NODE_SLOTS - 1)];
    assert(!*slot);
    *slot = frame;
    node->used++;
    m->page_count++;
    frame->owner = m;
    frame->index = index;
    return 0;
}

static uint64_t size_pages(const struct mapping *m)
{
    return (m->size + PAGE_SIZE - 1) >> PAGE_SHIFT;
}

/* Make the missing page `index`. */
static int create_frame(struct mapping *m, uint64_t index, struct frame **out)
{
    if (m->ops->may_grow && !m->ops->may_grow(m))
        return -ENOSPC;
    struct frame *frame = frame_alloc_zeroed(FRAME_MAPPING);
    if (!frame)
        return -ENOMEM;
    int err = m->ops->fill ? m->ops->fill(m, index, frame) : 0;
    if (err == 0)
        err = insert_frame(m, index, frame);
    if (err != 0) {
        frame_put(frame);
        return err;
    }
    *out = frame;
    pool_add(NULL, frame, true);
    return 0;
}

/* ---- looking pages up ----------------------------------------------------- */

enum { GET_CREATE = 1, GET_BEYOND_END = 2, GET_NO_WAIT = 4 };

static int get_locked(struct mapping *m, uint64_t index, unsigned how,
                      struct frame **out) MUST_HOLD(m->lock);
static int get_locked(struct mapping *m, uint64_t index, unsigned how,
                      struct frame **out)
{
    int err = mapping_settle(m, index, !(how & GET_NO_WAIT));
    struct frame *frame = find_frame(m, index);

    if (err == 0 && !frame) {
        if (index >= size_pages(m) && !(how & GET_BEYOND_END))
            err = -ENXIO;
        else if (m->ops->slow && (how & GET_NO_WAIT))
            err = -EAGAIN;
        else if ((how & GET_CREATE) || m->ops->fill)
            err = create_frame(m, index, &frame);
    }
    if (err == 0 && frame)
        frame_get(frame);
    *out = err == 0 ? frame : NULL;
    return err;
}

static int get_frame(struct mapping *m, uint64_t index, unsigned how,
                     struct frame **out)
{
    int err;

    do {
        mutex_lock(&m->lock);
        err = get_locked(m, index, how, out);
        mutex_unlock(&m->lock);
    } while (err == -ENOMEM && !(how & GET_NO_WAIT) && reclaim_direct());
    return err;
}

int mapping_get_frame(struct mapping *m, uint64_t index, bool create,
                      struct frame **out)
{
    return get_frame(m, index, create ? GET_CREATE : 0, out);
}

int mapping_try_frame(struct mapping *m, uint64_t index, struct frame **out)
{
    return get_frame(m, index, GET_CREATE | GET_NO_WAIT, out);
}

int mapping_get_frame_extend(struct mapping *m, uint64_t index,
                             struct frame **out)
{
    return get_frame(m, index, GET_CREATE | GET_BEYOND_END, out);
}

static void peek_locked(struct mapping *m, uint64_t index, unsigned count,
                        struct frame **out) MUST_HOLD(m->lock);
static void peek_locked(struct mapping *m, uint64_t index, unsigned count,
                        struct frame **out)
{
    uint64_t end = size_pages(m);
    const struct page_node *leaf = NULL;

    for (unsigned i = 0; i < count; i++, index++) {
        if (i == 0 || (index & (NODE_SLOTS - 1)) == 0)
            leaf = mapping_find_leaf(m, index);
        out[i] = NULL;
        if (!leaf || index >= end)
            continue;
        void *slot = leaf->slots[index & (NODE_SLOTS - 1)];
        if (!slot || slot_is_entry(slot))
            continue;
        out[i] = slot;
        frame_get(out[i]);
    }
}

void mapping_peek_cached(struct mapping *m, uint64_t index, unsigned count,
                         struct frame **out)
{
    mutex_lock(&m->lock);
    peek_locked(m, index, count, out);
    mutex_unlock(&m->lock);
}

/* The first page of the range that is swapped out, UINT64_MAX: none is. */
static uint64_t first_swapped(const struct mapping *m, uint64_t index,
                              unsigned count) MUST_HOLD(m->lock);
static uint64_t first_swapped(const struct mapping *m, uint64_t index,
                              unsigned count)
{
    for (unsigned i = 0; m->swapped != 0 && i < count; i++)
        if (slot_is_entry(mapping_find_slot(m, index + i)))
            return index + i;
    return UINT64_MAX;
}

int mapping_get_cached(struct mapping *m, uint64_t index, unsigned count,
                       struct frame **out)
{
    uint64_t missing;
    int err = 0;

    mutex_lock(&m->lock);
    while (err == 0 && (missing = first_swapped(m, index, count)) != UINT64_MAX)
        err = mapping_settle(m, missing, true);
    if (err == 0)
        peek_locked(m, index, count, out);
    mutex_unlock(&m->lock);
    for (unsigned i = 0; err != 0 && i < count; i++)
        out[i] = NULL;
    return err;
}

/* `index` if it has a frame, else the first index behind the empty slot that
 * was met on the way down to it. */
static uint64_t skip_hole(const struct mapping *m, uint64_t index)
{
    const struct page_node *node = m->root;

    for (uint32_t level = m->height; level > 0; level--) {
        const struct page_node *below =
            node->slots[mapping_slot_at(index, level)];
        if (!below)
            return (index | (mapping_capacity(level - 1) - 1)) + 1;
        node = below;
    }
    return index;
}

uint64_t mapping_next_cached(struct mapping *m, uint64_t index)
{
    mutex_lock(&m->lock);
    uint64_t end =
        m->root ? MIN(size_pages(m), mapping_capacity(m->height)) : 0;
    while (index < end) {
        uint64_t next = skip_hole(m, index);
        if (next == index)
            break;
        index = next;
    }
    mutex_unlock(&m->lock);
    return index < end ? index : UINT64_MAX;
}

int mapping_adopt_frame(struct mapping *m, uint64_t index, struct frame *frame)
{
    mutex_lock(&m->lock);
    int err = insert_frame(m, index, frame);
    if (err == 0) {
        frame_adopt(frame, FRAME_MAPPING);
        frame->owner = m;
        frame->index = index;
    }
    mutex_unlock(&m->lock);
    return err;
}

int mapping_add_frame(struct mapping *m, uint64_t index, struct frame *frame)
{
    mutex_lock(&m->lock);
    int err = find_frame(m, index) ? -EEXIST : insert_frame(m, index, frame);
    mutex_unlock(&m->lock);
    return err;
}

/* Take one space that maps `m` and was not visited in this generation; with a
 * reference.  All its regions count as visited.  NULL: no space is left. */
static struct address_space *next_space(struct mapping *m, uint64_t generation)
{
    struct address_space *as = NULL;
    struct region *r;

    mutex_lock(&m->lock);
    list_for_each (r, &m->regions, mapping_link) {
        if (r->zap_generation == generation)
            continue;
        if (!as && as_get_unless_dead(r->space))
            as = r->space;
        /* Of a dead space the teardown drops the pages. */
        if (!as || r->space == as)
            r->zap_generation = generation;
    }
    mutex_unlock(&m->lock);
    return as;
}

/* Unmap pages from `index` on in every region of `as` that maps `m`. */
static void zap_space(struct address_space *as, struct mapping *m,
                      uint64_t index)
{
    struct tlb_batch batch;

    mutex_lock(&as->lock);
    tlb_batch_init(&batch, as);
    for (struct region *r = region_first_locked(as); r;
         r = region_next_locked(r)) {
        if (r->mapping != m)
            continue;
        vaddr_t start = r->start;
        if (index > r->first_index) {
            uint64_t skip = (index - r->first_index) << PAGE_SHIFT;
            start = skip < r->end - r->start ? r->start + skip : r->end;
        }
        table_unmap_range(as, &batch, start, r->end);
    }
    tlb_batch_finish(&batch);
    mutex_unlock(&as->lock);
}

static void unmap_everywhere(struct mapping *m, uint64_t index)
{
    struct address_space *as;

    mutex_lock(&m->lock);
    uint64_t generation = ++m->zap_generation;
    mutex_unlock(&m->lock);
    while ((as = next_space(m, generation)) != NULL) {
        zap_space(as, m, index);
        as_put(as);
    }
}

/* Drop frames with index >= first (`unused`: that nobody else has) below
 * `node`; true if the node is empty. */
static bool drop_frames(struct mapping *m, struct page_node *node,
                        uint32_t level, uint64_t base, uint64_t first,
                        bool unused) MUST_HOLD(m->lock);
static bool drop_frames(struct mapping *m, struct page_node *node,
                        uint32_t level, uint64_t base, uint64_t first,
                        bool unused)
{
    uint64_t span = 1ul << ((level - 1) * NODE_BITS);

    for (unsigned i = 0; i < NODE_SLOTS; i++) {
        uint64_t start = base + i * span;
        if (!node->slots[i] || start + span - 1 < first)
            continue;
        if (level == 1) {
            if (unused && ((struct frame *)node->slots[i])->refs > 1)
                continue;
            mapping_drop_page(m, node->slots[i]);
        } else if (drop_frames(m, node->slots[i], level - 1, start, first,
                               unused)) {
            slab_free(&node_cache, node->slots[i]);
        } else {
            continue;
        }
        node->slots[i] = NULL;
        node->used--;
    }
    sched_point();
    return node->used == 0;
}

static void drop_from(struct mapping *m, uint64_t first, bool unused)
    MUST_HOLD(m->lock);
static void drop_from(struct mapping *m, uint64_t first, bool unused)
{
    if (!m->root || !drop_frames(m, m->root, m->height, 0, first, unused))
        return;
    slab_free(&node_cache, m->root);
    m->root = NULL;
    m->height = 0;
}

void mapping_drop_unused_locked(struct mapping *m)
{
    drop_from(m, 0, true);
}

void mapping_destroy(struct mapping *m) NO_LOCK_ANALYSIS
{
    assert(list_is_empty(&m->regions));
    /* Reclaim must not find it in a frame any more when it is gone. */
    bool guard = pools_on;
    if (guard)
        mutex_lock(&reclaim_lock);
    mutex_lock(&m->lock);
    drop_from(m, 0, false);
    assert_eq(m->page_count, 0);
    mutex_unlock(&m->lock);
    if (guard)
        mutex_unlock(&reclaim_lock);
}

void mapping_resize(struct mapping *m, uint64_t new_size)
{
    mutex_lock(&m->lock);
    bool shrinks = new_size < m->size;
    m->size = new_size;
    bool mapped = !list_is_empty(&m->regions);
    mutex_unlock(&m->lock);
    if (!shrinks)
        return;
    uint64_t first = (new_size + PAGE_SIZE - 1) >> PAGE_SHIFT;
    if (mapped)
        unmap_everywhere(m, first);

    mutex_lock(&m->lock);
    /* RECHECK: the size may have grown again meanwhile. */
    if (size_pages(m) <= first)
        drop_from(m, first, false);
    size_t tail = new_size & (PAGE_SIZE - 1);
    /* If it cannot be brought back, nobody will see its bytes either. */
    struct frame *last = NULL;
    if (tail && mapping_settle(m, new_size >> PAGE_SHIFT, true) == 0)
        last = find_frame(m, new_size >> PAGE_SHIFT);
    if (last)
        memset((char *)frame_bytes(last) + tail, 0, PAGE_SIZE - tail);
    mutex_unlock(&m->lock);
}

int64_t mapping_read_kernel(struct mapping *m, uint64_t offset, void *buf,
                            size_t bytes)
{
    char *to = buf;

    if (offset >= m->size)
        return 0;
    bytes = MIN(bytes, m->size - offset);
    for (size_t done = 0; done < bytes;) {
        struct frame *frame;
        size_t in_page = (offset + done) & (PAGE_SIZE - 1);
        size_t part = MIN(bytes - done, PAGE_SIZE - in_page);
        int err =
            mapping_get_frame(m, (offset + done) >> PAGE_SHIFT, false, &frame);
        if (err != 0)
            return done ? (int64_t)done : err;
        if (frame) {
            memcpy(to + done, (char *)frame_bytes(frame) + in_page, part);
            frame_put(frame);
        } else {
            memset(to + done, 0, part);
        }
        done += part;
    }
    return (int64_t)bytes;
}

int64_t mapping_write_kernel(struct mapping *m, uint64_t offset,
                             const void *buf, size_t bytes)
{
    const char *from = buf;

    if (offset + bytes > m->size)
        mapping_resize(m, offset + bytes);
    for (size_t done = 0; done < bytes;) {
        struct frame *frame;
        size_t in_page = (offset + done) & (PAGE_SIZE - 1);
        size_t part = MIN(bytes - done, PAGE_SIZE - in_page);
        int err =
            mapping_get_frame(m, (offset + done) >> PAGE_SHIFT, true, &frame);
        if (err != 0)
            return done ? (int64_t)done : err;
        memcpy((char *)frame_bytes(frame) + in_page, from + done, part);
        frame_put(frame);
        done += part;
    }
    return (int64_t)bytes;
}

static void shm_get(struct mapping *m)
{
    __atomic_fetch_add(&container_of(m, struct shared_memory, mapping)->refs, 1,
                       __ATOMIC_RELAXED);
}

static void shm_put(struct mapping *m)
{
    struct shared_memory *shm = container_of(m, struct shared_memory, mapping);

    if (__atomic_sub_fetch(&shm->refs, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    mapping_destroy(m);
    slab_free(&shm_cache, shm);
}

static size_t shm_describe(struct mapping *m, char *buf, size_t size)
{
    return strlcpy(buf, "/dev/zero (deleted)", size);
}

static const struct mapping_ops shm_ops = {
    .get = shm_get,
    .put = shm_put,
    .describe = shm_describe,
};

struct mapping *mapping_create_anonymous(uint64_t bytes)
{
    struct shared_memory *shm = slab_alloc(&shm_cache);

    if (!shm)
        return NULL;
    mapping_init(&shm->mapping, &shm_ops, bytes);
    shm->refs = 1;
    return &shm->mapping;
}
