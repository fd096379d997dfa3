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
 *   its block split.  Pages cached by other CPUs (at most CACHE_FRAMES each)
 *   are out of reach; that is the price of taking no lock.
 *
 * 5 Real kernels keep separate lists per zone (memory for old devices), NUMA
 *   node and mobility class, and let one CPU drain another's cache.
 */
#include "mem/frame.h"

#include "core/config.h"
#include "core/counter.h"
#include "core/spinlock.h"
#include "core/trace.h"
#include "mem/frame_list.h"
#include "x86/cpu.h"
#include "x86/paging.h"
#include "x86/string_ops.h"

enum {
    CACHE_FRAMES = 64, /* most pages that one CPU keeps */
    CACHE_BATCH = 32,  /* moved between cache and lists at a time */
    RESERVED_MAX = 8,
    PAGE_WORDS = PAGE_SIZE / sizeof(uint64_t),
};

/* Lock key: [C] its CPU only, interrupts off; counts may be read by all */
struct frame_cache {
    uint32_t count;                    /* [C] of stack */
    struct frame *stack[CACHE_FRAMES]; /* [C] free single frames */
    int64_t in_use[FRAME_KIND_COUNT];  /* [C] taken minus freed here */
} __aligned(64);

static struct frame_cache caches[CONFIG_MAX_CPUS];
static struct spinlock frame_lock = SPINLOCK_INIT("frame", RANK_FRAME);
static uint32_t free_lists[FRAME_MAX_ORDER + 1]; /* [frame_lock] */
static uint64_t ram_frames;                      /* [I] */
static pfn_t pfn_end;                            /* [I] */

static uint64_t listed_frames; /* [frame_lock] in free_lists */

struct frame_marks frame_marks;
void (*frame_anon_release)(struct frame *f);
void (*frame_pool_release)(struct frame *f);
void (*frame_swap_release)(struct frame *f);
bool (*alloc_should_fail)(void);

extern char __kernel_phys_start[], __kernel_phys_end[];

/* ---- words and poison ---------------------------------------------------- */

void page_clear(void *page)
{
    x86_stosq(page, 0, PAGE_WORDS);
}

void page_copy(void *to, const void *from)
{
    x86_movsq(to, from, PAGE_WORDS);
}

static void poison_block(struct frame *f, unsigned order)
{
    for (unsigned i = 0; i < 1u << order; i++) {
        x86_stosq(frame_bytes(&f[i]), POISON_FREE, PAGE_WORDS);
        f[i].flags |= FRAME_F_POISONED;
    }
}

/* Somebody wrote to free memory if the poison is not intact. */
static void poison_check(struct frame *f, unsigned order)
{
    for (unsigned i = 0; i < 1u << order; i++) {
        const uint64_t *words = frame_bytes(&f[i]);
        if (!(f[i].flags & FRAME_F_POISONED))
            continue;
        for (unsigned w = 0; w < PAGE_WORDS; w++)
            if (words[w] != POISON_FREE)
                panic("free frame %#lx was written: %#lx at byte %u",
                      frame_pfn(&f[i]), words[w], w * 8);
        f[i].flags &= (uint8_t)~FRAME_F_POISONED;
    }
}

/* ---- buddy lists --------------------------------------------------------- */

static void list_block(struct frame *f, unsigned order)
{
    f->order = (uint8_t)order;
    f->flags |= FRAME_F_BUDDY;
    frame_list_push(&free_lists[order], f);
}

static inline void unlist_block(struct frame *f)
{
    frame_list_remove(&free_lists[f->order], f);
    f->flags &= (uint8_t)~FRAME_F_BUDDY;
}

/* A block of `order`, split off the smallest that is large enough; or NULL. */
static struct frame *buddy_take(unsigned order) MUST_HOLD(frame_lock)
{
    unsigned from = order;

    while (from <= FRAME_MAX_ORDER && free_lists[from] == 0)
        from++;
    if (from > FRAME_MAX_ORDER)
        return NULL;
    struct frame *f = frame_of_pfn(free_lists[from]);
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

/* Interrupts off, and whether they were on: for the CPU caches. */
static inline bool cache_enter(void)
{
    bool on = irqs_enabled();

    irqs_disable();
    return on;
}

static inline void cache_leave(bool on)
{
    if (on)
        irqs_enable();
}

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
    bool on = cache_enter();

    cache_drain(&caches[this_cpu->id], 0);
    cache_leave(on);
}

/* ---- allocation ---------------------------------------------------------- */

static inline void frame_begin_use(struct frame *f, unsigned order,
                                   enum frame_kind kind)
{
    if (CONFIG_POISON)
        poison_check(f, order);
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
    bool on = cache_enter();
    struct frame_cache *cache = &caches[this_cpu->id];
    struct frame *f = take_block(order);

    if (!f && cache->count != 0) {
        cache_drain(cache, 0);
        f = take_block(order);
    }
    if (f) {
        cache->in_use[kind] += 1l << order;
        counter_add(COUNTER_FRAMES_TAKEN, 1ul << order);
    }
    cache_leave(on);
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

    bool on = cache_enter();
    struct frame_cache *cache = &caches[this_cpu->id];
    if (unlikely(cache->count == 0) && !cache_refill(cache, kind)) {
        cache_leave(on);
        return NULL;
    }
    struct frame *f = cache->stack[--cache->count];
    cache->in_use[kind]++;
    counter_add(COUNTER_FRAMES_TAKEN, 1);
    cache_leave(on);
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
    bool on = cache_enter();

    caches[this_cpu->id].in_use[f->kind] -= 1l << order;
    counter_add(COUNTER_FRAMES_FREED, 1ul << order);
    set_kind(f, order, FRAME_FREE);
    spin_lock(&frame_lock);
    buddy_give(f, order);
    spin_unlock(&frame_lock);
    cache_leave(on);
}

void frame_free(struct frame *f, unsigned order)
{
    assert(f->kind > FRAME_FREE && !(f->flags & FRAME_F_PINNED));
    assert_eq(f->order, order);
    trace(FRAME_FREE, frame_pfn(f), order, f->kind);
    f->refs = 0;
    if (CONFIG_POISON)
        poison_block(f, order);
    if (order != 0) {
        free_block(f, order);
        return;
    }
    bool on = cache_enter();
    struct frame_cache *cache = &caches[this_cpu->id];
    if (unlikely(cache->count == CACHE_FRAMES))
        cache_drain(cache, CACHE_FRAMES - CACHE_BATCH);
    cache->in_use[f->kind]--;
    counter_add(COUNTER_FRAMES_FREED, 1);
    f->kind = FRAME_FREE;
    cache->stack[cache->count++] = f;
    cache_leave(on);
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
    bool on = cache_enter();

    caches[this_cpu->id].in_use[f->kind]--;
    caches[this_cpu->id].in_use[kind]++;
    f->kind = (uint8_t)kind;
    cache_leave(on);
}

uint64_t frame_free_listed(void)
{
    return __atomic_load_n(&listed_frames, __ATOMIC_RELAXED);
}

/* ---- reserved ranges ----------------------------------------------------- */

static void reserved_to(struct frame *f, enum frame_kind kind)
{
    bool on = cache_enter();

    assert(f->kind == FRAME_RESERVED && f->refs == 0);
    caches[this_cpu->id].in_use[FRAME_RESERVED]--;
    caches[this_cpu->id].in_use[kind]++;
    f->kind = (uint8_t)kind;
    cache_leave(on);
}

void frame_adopt(struct frame *f, enum frame_kind kind)
{
    reserved_to(f, kind);
    f->order = 0;
    f->owner = NULL;
    f->refs = 1;
}

void frame_release_reserved(paddr_t start, paddr_t end)
{
    pfn_t last = end >> PAGE_SHIFT;

    for (pfn_t pfn = ALIGN_UP(start, PAGE_SIZE) >> PAGE_SHIFT; pfn < last;
         pfn++) {
        struct frame *f = frame_of_pfn(pfn);
        if (!frame_pfn_valid(pfn) || f->kind != FRAME_RESERVED)
            continue;
        frame_adopt(f, FRAME_KERNEL);
        frame_free(f, 0);
    }
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
                caches[0].in_use[FRAME_RESERVED] +=
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

/* ---- counters and the auditor -------------------------------------------- */

static uint64_t count_in_use(enum frame_kind kind)
{
    int64_t sum = 0;

    for (unsigned cpu = 0; cpu < CONFIG_MAX_CPUS; cpu++)
        sum += __atomic_load_n(&caches[cpu].in_use[kind], __ATOMIC_RELAXED);
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
    return ram_frames - used;
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

static uint64_t check_list(unsigned order) MUST_HOLD(frame_lock)
{
    uint64_t blocks = 0;
    uint32_t prev = 0;

    for (uint32_t pfn = free_lists[order]; pfn != 0;) {
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
        listed += __atomic_load_n(&caches[cpu].count, __ATOMIC_RELAXED);
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
