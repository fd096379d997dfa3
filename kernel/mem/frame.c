/*
 * mem/frame.c - physical memory: the buddy allocator and its CPU caches.
 *
 * 1 Idea.  Memory is handed out in blocks of 2^order pages that start at a
 *   multiple of their size.  A block that is too large is split into two
 *   buddies; a freed block whose buddy is free too is joined with it, and so on
 *   upwards, so that large blocks come back without any search.  Single pages,
 *   nearly all requests, come from a small stack per CPU that takes no lock and
 *   returns the page freed last, which is still in the cache.
 *
 * 2 States and invariants.  A frame is either in a block that heads a buddy
 *   list (FRAME_F_BUDDY on the head), or in a CPU cache, or in use.  `kind` is
 *   FRAME_FREE in the first two cases, on every frame of the block.
 *   - Two buddies of one order are never both in the lists.
 *   - refs is 0 exactly while a frame is free or reserved (or the tail of a
 *     larger block).
 *   - frame_total() is the sum of frame_count() over all kinds.
 *   Frames outside RAM are FRAME_RESERVED: the array is zeroed at boot.
 *
 * 3 Locking.  frame_lock guards the lists.  A CPU cache and its counters belong
 *   to its CPU and are used with interrupts off; others only read the counters,
 *   so a sum over the CPUs is exact when the system is quiet.  refs is atomic;
 *   everything else in a frame belongs to whoever holds the reference.
 *
 * 4 Failure.  NULL when no block is large enough.  A request of several pages
 *   first returns this CPU's cache to the lists, because a cached page keeps
 *   its block split.  Pages cached by other CPUs (FRAME_CACHE_FRAMES at most)
 *   are out of reach; that is the price of taking no lock.
 *
 * 5 Real kernels keep separate lists per zone (memory for old devices), NUMA
 *   node and mobility class, and let one CPU drain another's cache.
 */
#include "mem/frame.h"

#include "core/counter.h"
#include "core/trace.h"
#include "mem/frame_list.h"
#include "mem/frame_state.h"
#include "mem/poison.h"
#include "x86/paging.h"
#include "x86/string_ops.h"

enum {
    CACHE_BATCH = 32, /* moved between cache and lists at a time */
    RESERVED_MAX = 8,
    PAGE_WORDS = PAGE_SIZE / sizeof(uint64_t),
};

struct frame_cache frame_caches[CONFIG_MAX_CPUS];
struct spinlock frame_lock = SPINLOCK_INIT("frame", RANK_FRAME);
uint32_t frame_free_lists[FRAME_MAX_ORDER + 1]; /* [frame_lock] */
static uint64_t ram_frames;                     /* [I] */
static pfn_t pfn_end;                           /* [I] */

static uint64_t listed_frames; /* [frame_lock] in frame_free_lists */

struct frame_marks frame_marks;
void (*frame_anon_release)(struct frame *f);
void (*frame_pool_release)(struct frame *f);
void (*frame_swap_release)(struct frame *f);
bool (*alloc_should_fail)(void);

extern char __kernel_phys_start[], __kernel_phys_end[];

void page_clear(void *page)
{
    x86_stosq(page, 0, PAGE_WORDS);
}

void page_copy(void *to, const void *from)
{
    x86_movsq(to, from, PAGE_WORDS);
}

/* ---- buddy lists --------------------------------------------------------- */

static void list_block(struct frame *f, unsigned order)
{
    f->order = (uint8_t)order;
    f->flags |= FRAME_F_BUDDY;
    frame_list_push(&frame_free_lists[order], f);
}

static inline void unlist_block(struct frame *f)
{
    frame_list_remove(&frame_free_lists[f->order], f);
    f->flags &= (uint8_t)~FRAME_F_BUDDY;
}

/* A block of `order`, split off the smallest that is large enough; or NULL. */
static struct frame *buddy_take(unsigned order) MUST_HOLD(frame_lock)
{
    unsigned from = order;

    while (from <= FRAME_MAX_ORDER && frame_free_lists[from] == 0)
        from++;
    if (from > FRAME_MAX_ORDER)
        return NULL;
    struct frame *f = frame_of_pfn(frame_free_lists[from]);
    listed_frames -= 1ul << order;
    unlist_block(f);
    while (from > order) {
        from--;
        list_block(f + (1ul << from), from);
    }
    return f;
}

/* Put a free block into the lists, joined with every buddy that is free. */
static void buddy_give(struct frame *f, unsigned order) MUST_HOLD(frame_lock)
{
    pfn_t pfn = frame_pfn(f);

    listed_frames += 1ul << order;
    for (; order < FRAME_MAX_ORDER; order++) {
        struct frame *buddy = frame_of_pfn(pfn ^ (1ul << order));
        if (!(buddy->flags & FRAME_F_BUDDY) || buddy->order != order)
            break;
        unlist_block(buddy);
        pfn &= ~(1ul << order);
    }
    list_block(frame_of_pfn(pfn), order);
}

/* ---- CPU caches ---------------------------------------------------------- */

/* How many frames must stay in the lists for more important kinds. */
static uint64_t kept_from(enum frame_kind kind)
{
    switch (kind) {
    case FRAME_ANON:
    case FRAME_MAPPING:
    case FRAME_SWAP:
        return frame_marks.min;
    case FRAME_TABLE:
        return frame_marks.min / 2;
    default:
        return 0;
    }
}

/* False: memory is out. */
static bool cache_refill(struct frame_cache *cache, enum frame_kind kind)
{
    uint64_t keep = kept_from(kind);

    spin_lock(&frame_lock);
    while (cache->count < CACHE_BATCH && listed_frames > keep) {
        struct frame *f = buddy_take(0);
        if (!f)
            break;
        cache->stack[cache->count++] = f;
    }
    spin_unlock(&frame_lock);
    return cache->count != 0;
}

/* Return the frames cached longest until `keep` are left. */
static void cache_drain(struct frame_cache *cache, uint32_t keep)
{
    uint32_t give = cache->count - keep;

    spin_lock(&frame_lock);
    for (uint32_t i = 0; i < give; i++)
        buddy_give(cache->stack[i], 0);
    spin_unlock(&frame_lock);
    for (uint32_t i = 0; i < keep; i++)
        cache->stack[i] = cache->stack[give + i];
    cache->count = keep;
}

void frame_drain(void)
{
    bool on = frame_cache_enter();

    cache_drain(&frame_caches[this_cpu->id], 0);
    frame_cache_leave(on);
}

/* ---- allocation ---------------------------------------------------------- */

static inline void frame_begin_use(struct frame *f, unsigned order,
                                   enum frame_kind kind)
{
    if (CONFIG_POISON)
        poison_check_frames(f, order);
    f->refs = 1;
    f->kind = (uint8_t)kind;
    f->order = (uint8_t)order;
    f->flags = 0;
    f->owner = NULL;
    trace(FRAME_ALLOC, frame_pfn(f), order, kind);
}

static void set_kind(struct frame *f, unsigned order, enum frame_kind kind)
{
    for (unsigned i = 0; i < 1u << order; i++)
        f[i].kind = (uint8_t)kind;
}

static struct frame *take_block(unsigned order)
{
    spin_lock(&frame_lock);
    struct frame *f = buddy_take(order);
    spin_unlock(&frame_lock);
    return f;
}

static struct frame *alloc_block(unsigned order, enum frame_kind kind)
{
    bool on = frame_cache_enter();
    struct frame_cache *cache = &frame_caches[this_cpu->id];
    struct frame *f = take_block(order);

    if (!f && cache->count != 0) {
        cache_drain(cache, 0);
        f = take_block(order);
    }
    if (f) {
        cache->in_use[kind] += 1l << order;
        counter_add(COUNTER_FRAMES_TAKEN, 1ul << order);
    }
    frame_cache_leave(on);
    if (!f)
        return NULL;
    frame_begin_use(f, order, kind);
    set_kind(f, order, kind);
    return f;
}

struct frame *frame_alloc(unsigned order, enum frame_kind kind)
{
    if (unlikely(alloc_should_fail) && alloc_should_fail())
        return NULL;
    if (order != 0)
        return order <= FRAME_MAX_ORDER ? alloc_block(order, kind) : NULL;

    bool on = frame_cache_enter();
    struct frame_cache *cache = &frame_caches[this_cpu->id];
    if (unlikely(cache->count == 0) && !cache_refill(cache, kind)) {
        frame_cache_leave(on);
        return NULL;
    }
    struct frame *f = cache->stack[--cache->count];
    cache->in_use[kind]++;
    counter_add(COUNTER_FRAMES_TAKEN, 1);
    frame_cache_leave(on);
    frame_begin_use(f, 0, kind);
    return f;
}

struct frame *frame_alloc_zeroed(enum frame_kind kind)
{
    struct frame *f = frame_alloc(0, kind);

    if (likely(f))
        page_clear(frame_bytes(f));
    return f;
}

static void free_block(struct frame *f, unsigned order)
{
    bool on = frame_cache_enter();

    frame_caches[this_cpu->id].in_use[f->kind] -= 1l << order;
    counter_add(COUNTER_FRAMES_FREED, 1ul << order);
    set_kind(f, order, FRAME_FREE);
    spin_lock(&frame_lock);
    buddy_give(f, order);
    spin_unlock(&frame_lock);
    frame_cache_leave(on);
}

void frame_free(struct frame *f, unsigned order)
{
    assert(f->kind > FRAME_FREE && !(f->flags & FRAME_F_PINNED));
    assert_eq(f->order, order);
    trace(FRAME_FREE, frame_pfn(f), order, f->kind);
    f->refs = 0;
    if (CONFIG_POISON)
        poison_frames(f, order);
    if (order != 0) {
        free_block(f, order);
        return;
    }
    bool on = frame_cache_enter();
    struct frame_cache *cache = &frame_caches[this_cpu->id];
    if (unlikely(cache->count == FRAME_CACHE_FRAMES))
        cache_drain(cache, FRAME_CACHE_FRAMES - CACHE_BATCH);
    cache->in_use[f->kind]--;
    counter_add(COUNTER_FRAMES_FREED, 1);
    f->kind = FRAME_FREE;
    cache->stack[cache->count++] = f;
    frame_cache_leave(on);
}

/* The last holder has gone. */
static void put_last(struct frame *f)
{
    if (unlikely(f->replace.pooled))
        frame_pool_release(f);
    if (f->kind == FRAME_ANON && frame_anon_release)
        frame_anon_release(f);
    frame_free(f, 0);
}

static inline void put_one(struct frame *f)
{
    uint32_t before = __atomic_fetch_sub(&f->refs, 1, __ATOMIC_ACQ_REL);

    assert(before != 0);
    if (before == 2 && unlikely(frame_has_flags(f, FRAME_F_SWAP_CACHE)))
        frame_swap_release(f);
    if (before == 1)
        put_last(f);
}

void frame_put(struct frame *f)
{
    put_one(f);
}

void frame_put_all(struct frame *const *list, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        put_one(list[i]);
}

void frame_set_kind(struct frame *f, enum frame_kind kind)
{
    bool on = frame_cache_enter();

    frame_caches[this_cpu->id].in_use[f->kind]--;
    frame_caches[this_cpu->id].in_use[kind]++;
    f->kind = (uint8_t)kind;
    frame_cache_leave(on);
}

uint64_t frame_free_listed(void)
{
    return __atomic_load_n(&listed_frames, __ATOMIC_RELAXED);
}

/* ---- boot ---------------------------------------------------------------- */

/* Ranges of RAM that frame_init leaves reserved. */
struct reserved {
    paddr_t start, end;
};

static unsigned collect_reserved(struct reserved r[RESERVED_MAX])
{
    unsigned n = 0;

    /* Frame 0, the real-mode start of further CPUs, firmware data. */
    r[n++] = (struct reserved){ 0, 0x100000 };
    r[n++] = (struct reserved){ (paddr_t)__kernel_phys_start,
                                (paddr_t)__kernel_phys_end };
    early_range(&r[n].start, &r[n].end);
    n++;
    r[n++] = (struct reserved){ boot_info.initrd_start, boot_info.initrd_end };
    return n;
}

/* End of the run of pages from `at` on that are all reserved or all free, up
 * to `limit`; *is_reserved says which. */
static paddr_t run_end(const struct reserved *r, unsigned n, paddr_t at,
                       paddr_t limit, bool *is_reserved)
{
    paddr_t end = limit;

    *is_reserved = false;
    for (unsigned i = 0; i < n; i++) {
        paddr_t from = ALIGN_DOWN(r[i].start, PAGE_SIZE);
        paddr_t to = ALIGN_UP(r[i].end, PAGE_SIZE);
        if (from <= at && at < to) {
            *is_reserved = true;
            return MIN(to, limit);
        }
        if (from > at && from < to)
            end = MIN(end, from);
    }
    return end;
}

/* Give free pages to the lists in the largest aligned blocks. */
static void give_range(pfn_t pfn, pfn_t end)
{
    while (pfn < end) {
        unsigned order = FRAME_MAX_ORDER;
        while ((pfn & ((1ul << order) - 1)) != 0 || pfn + (1ul << order) > end)
            order--;
        set_kind(frame_of_pfn(pfn), order, FRAME_FREE);
        spin_lock(&frame_lock);
        buddy_give(frame_of_pfn(pfn), order);
        spin_unlock(&frame_lock);
        pfn += 1ul << order;
    }
}

/* A reserve that grows with the root of the memory's size, as Linux's does. */
static void set_marks(void)
{
    uint64_t min = 1;

    while (min * min < ram_frames)
        min++;
    frame_marks = (struct frame_marks){ min, 2 * min, 3 * min };
}

/* For x86/paging.c: pages of the kernel's own tables and stacks. */
static paddr_t alloc_kernel_page(void)
{
    struct frame *f = frame_alloc_zeroed(FRAME_KERNEL);

    return f ? frame_phys(f) : 0;
}

void frame_init(void)
{
    struct reserved r[RESERVED_MAX];
    unsigned n = collect_reserved(r);

    for (unsigned i = 0; i < boot_info.ram_count; i++) {
        paddr_t at = ALIGN_UP(boot_info.ram[i].start, PAGE_SIZE);
        paddr_t end = ALIGN_DOWN(boot_info.ram[i].end, PAGE_SIZE);
        while (at < end) {
            bool reserved;
            paddr_t to = run_end(r, n, at, end, &reserved);
            if (reserved)
                frame_caches[0].in_use[FRAME_RESERVED] +=
                    (int64_t)((to - at) >> PAGE_SHIFT);
            else
                give_range(at >> PAGE_SHIFT, to >> PAGE_SHIFT);
            ram_frames += (to - at) >> PAGE_SHIFT;
            at = to;
        }
        pfn_end = MAX(pfn_end, end >> PAGE_SHIFT);
    }
    set_marks();
    paging_alloc_page = alloc_kernel_page;
}

uint64_t frame_total(void)
{
    return ram_frames;
}

pfn_t frame_pfn_end(void)
{
    return pfn_end;
}

bool frame_pfn_valid(pfn_t pfn)
{
    for (unsigned i = 0; i < boot_info.ram_count; i++)
        if (pfn >= ALIGN_UP(boot_info.ram[i].start, PAGE_SIZE) >> PAGE_SHIFT &&
            pfn < boot_info.ram[i].end >> PAGE_SHIFT)
            return true;
    return false;
}
