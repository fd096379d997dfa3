/*
 * ktest_mem.c - the frame allocator, object caches and kmalloc.
 */
#include "base/string.h"
#include "core/ktest.h"
#include "mem/frame.h"
#include "mem/slab.h"
#include "vm/address_space.h"
#include "x86/cpu.h"

/* Blocks are chained through their own memory, so that a test may hold all. */
struct block {
    struct block *next;
};

static struct block *take_all(unsigned order, uint64_t *count)
{
    struct block *list = NULL;
    struct frame *f;

    for (*count = 0; (f = frame_alloc(order, FRAME_KERNEL)); ++*count) {
        struct block *b = frame_bytes(f);
        b->next = list;
        list = b;
    }
    return list;
}

static void give_all(struct block *list, unsigned order)
{
    while (list) {
        struct block *next = list->next;
        frame_free(frame_of_phys(virt_to_phys(list)), order);
        list = next;
    }
}

KTEST(frame_counters_add_up)
{
    uint64_t sum = 0;

    for (unsigned k = 0; k < FRAME_KIND_COUNT; k++)
        sum += frame_count((enum frame_kind)k);
    KCHECK_EQ(sum, frame_total());
    KCHECK(frame_count(FRAME_FREE) > 0);
    KCHECK(!frame_pfn_valid(frame_pfn_end()));
}

KTEST(frame_blocks_of_all_orders)
{
    for (unsigned order = 0; order <= FRAME_MAX_ORDER; order++) {
        uint64_t kernel = frame_count(FRAME_KERNEL);
        uint64_t free = frame_count(FRAME_FREE);
        struct frame *f = frame_alloc(order, FRAME_KERNEL);
        KNEED(f != NULL);
        KCHECK_EQ(f->refs, 1);
        KCHECK_EQ(f->kind, FRAME_KERNEL);
        KCHECK_EQ(f[(1ul << order) - 1].kind, FRAME_KERNEL);
        KCHECK_EQ(frame_pfn(f) & ((1ul << order) - 1), 0);
        KCHECK_EQ(frame_count(FRAME_KERNEL), kernel + (1ul << order));
        KCHECK_EQ(frame_count(FRAME_FREE), free - (1ul << order));
        memset(frame_bytes(f), 0xa5, PAGE_SIZE << order);
        frame_free(f, order);
        KCHECK_EQ(f->kind, FRAME_FREE);
        KCHECK_EQ(frame_count(FRAME_FREE), free);
    }
    KCHECK(frame_alloc(FRAME_MAX_ORDER + 1, FRAME_KERNEL) == NULL);
}

/* Interrupts are off so that the thread stays on this CPU, whose cache can be
 * drained. */
KTEST(frame_buddies_are_joined)
{
    struct block *odd = NULL, *even = NULL;
    uint64_t before, after, singles;
    bool on = irqs_enabled();

    irqs_disable();
    frame_drain();
    give_all(take_all(FRAME_MAX_ORDER, &before), FRAME_MAX_ORDER);
    struct block *all = take_all(0, &singles);
    while (all) {
        struct block *next = all->next;
        bool is_odd = frame_pfn(frame_of_phys(virt_to_phys(all))) & 1;
        struct block **list = is_odd ? &odd : &even;
        all->next = *list;
        *list = all;
        all = next;
    }
    give_all(odd, 0);
    give_all(even, 0);
    frame_drain();
    give_all(take_all(FRAME_MAX_ORDER, &after), FRAME_MAX_ORDER);
    if (on)
        irqs_enable();
    KCHECK_EQ(after, before);
    KCHECK(singles >= before << FRAME_MAX_ORDER);
}

KTEST(frame_exhaustion_is_null)
{
    uint64_t count, free = frame_count(FRAME_FREE);
    struct block *all = take_all(0, &count);

    KCHECK(frame_alloc_zeroed(FRAME_ANON) == NULL);
    KCHECK(frame_alloc(3, FRAME_KERNEL) == NULL);
    KCHECK(kmalloc(3 * PAGE_SIZE) == NULL);
    KCHECK(count <= free);
    give_all(all, 0);
    KCHECK_EQ(frame_count(FRAME_FREE), free);
}

KTEST(auditor_needs_no_large_block)
{
    struct block *lists[FRAME_MAX_ORDER + 1];
    uint64_t count;
    struct frame *page = frame_alloc(0, FRAME_KERNEL);

    KNEED(page != NULL);
    for (unsigned order = FRAME_MAX_ORDER; order > 0; order--)
        lists[order] = take_all(order, &count);
    frame_free(page, 0);
    KCHECK_EQ(vm_audit(), 0);
    for (unsigned order = FRAME_MAX_ORDER; order > 0; order--)
        give_all(lists[order], order);
}

KTEST(frame_lives_until_last_reference)
{
    struct frame *f = frame_alloc_zeroed(FRAME_KERNEL);

    KNEED(f != NULL);
    const char *bytes = frame_bytes(f);
    for (unsigned i = 0; i < PAGE_SIZE; i++)
        if (bytes[i] != 0) {
            ktest_fail("byte %u of a zeroed frame is %d", i, bytes[i]);
            break;
        }
    frame_get(f);
    frame_get(f);
    frame_put(f);
    frame_put(f);
    KCHECK_EQ(f->refs, 1);
    KCHECK_EQ(f->kind, FRAME_KERNEL);
    frame_put(f);
    KCHECK_EQ(f->refs, 0);
    KCHECK_EQ(f->kind, FRAME_FREE);
}

KTEST(frame_pages_are_copied_whole)
{
    struct frame *a = frame_alloc(0, FRAME_KERNEL);
    struct frame *b = frame_alloc(0, FRAME_KERNEL);

    if (a && b) {
        memset(frame_bytes(a), 0x5a, PAGE_SIZE);
        page_clear(frame_bytes(b));
        page_copy(frame_bytes(b), frame_bytes(a));
        KCHECK_EQ(memcmp(frame_bytes(a), frame_bytes(b), PAGE_SIZE), 0);
    } else {
        ktest_fail("no frames");
    }
    if (a)
        frame_free(a, 0);
    if (b)
        frame_free(b, 0);
}

static bool fail_now(void)
{
    return true;
}

KTEST(allocations_fail_on_purpose)
{
    bool (*old)(void) = alloc_should_fail;

    alloc_should_fail = fail_now;
    struct frame *f = frame_alloc(0, FRAME_KERNEL);
    void *small = kmalloc(10), *large = kmalloc(10000);
    alloc_should_fail = old;
    KCHECK(!f && !small && !large);
}

/* ---- slab ---------------------------------------------------------------- */

enum { OBJECTS = 500 };

static void check_cache(struct slab_cache *cache, uint32_t bytes)
{
    void **objects = kmalloc(OBJECTS * sizeof(*objects));

    KNEED(objects != NULL);
    uint64_t in_use = cache->objects_in_use;
    for (unsigned i = 0; i < OBJECTS; i++) {
        objects[i] = slab_alloc(cache);
        if (!objects[i])
            ktest_fail("no memory for object %u", i);
        else
            memset(objects[i], (int)(i % 251), bytes);
        KCHECK_EQ((uint64_t)objects[i] % 16, 0);
    }
    KCHECK_EQ(cache->objects_in_use, in_use + OBJECTS);
    for (unsigned i = 0; i < OBJECTS; i++) {
        const unsigned char *o = objects[i];
        if (!o)
            continue;
        KCHECK(o[0] == i % 251 && o[bytes - 1] == i % 251);
        slab_free(cache, objects[i]);
    }
    KCHECK_EQ(cache->objects_in_use, in_use);
    kfree(objects);
}

/* Caches live for ever, so the test has these for good. */
static struct slab_cache cache_small, cache_odd, cache_large;

KTEST(slab_objects_are_apart)
{
    if (!cache_small.name) {
        slab_cache_init(&cache_small, "ktest-24", 24);
        slab_cache_init(&cache_odd, "ktest-712", 712);
        slab_cache_init(&cache_large, "ktest-5000", 5000);
    }
    check_cache(&cache_small, 24);
    check_cache(&cache_odd, 712);
    check_cache(&cache_large, 5000);
    slab_drain();
    KCHECK_EQ(cache_small.slabs + cache_odd.slabs + cache_large.slabs, 0);
}

KTEST(kmalloc_of_all_sizes)
{
    for (size_t size = 1; size <= 256 * 1024; size += size / 8 + 1) {
        char *a = kmalloc(size), *b = kmalloc_zeroed(size);
        if (!a || !b) {
            ktest_fail("no memory for %lu bytes", size);
        } else {
            memset(a, 0x77, size);
            KCHECK(b[0] == 0 && b[size / 2] == 0 && b[size - 1] == 0);
            KCHECK(a + size <= b || b + size <= a);
            KCHECK_EQ((uint64_t)a % 16, 0);
        }
        kfree(a);
        kfree(b);
    }
    kfree(NULL);
    KCHECK(kmalloc((PAGE_SIZE << FRAME_MAX_ORDER) + 1) == NULL);
    KCHECK(kmalloc(~0ul) == NULL);
    void *nothing = kmalloc(0);
    KCHECK(nothing != NULL);
    kfree(nothing);
}
