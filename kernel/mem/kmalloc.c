/*
 * mem/kmalloc.c - memory of any size: a slab cache for each power of two up to
 * 2 KiB, whole frame blocks above.
 *
 * Idea:  the head frame of what is given back says which of the two it was.
 * Locks: those of the cache or of the frames.
 */
#include "base/string.h"
#include "mem/frame.h"
#include "mem/slab.h"

enum {
    KMALLOC_MIN_SHIFT = 4,  /* 16 bytes */
    KMALLOC_MAX_SHIFT = 11, /* 2 KiB */
    KMALLOC_CACHES = KMALLOC_MAX_SHIFT - KMALLOC_MIN_SHIFT + 1,
};

static struct slab_cache kmalloc_caches[KMALLOC_CACHES];

/* Smallest n with 2^n >= bytes. */
static unsigned size_shift(size_t bytes)
{
    return bytes <= 1 ? 0 : 64 - (unsigned)__builtin_clzl(bytes - 1);
}

void *kmalloc(size_t bytes)
{
    unsigned shift = MAX(size_shift(bytes), (unsigned)KMALLOC_MIN_SHIFT);

    if (bytes > PAGE_SIZE << FRAME_MAX_ORDER)
        return NULL;
    if (shift <= KMALLOC_MAX_SHIFT)
        return slab_alloc(&kmalloc_caches[shift - KMALLOC_MIN_SHIFT]);
    unsigned order = shift > PAGE_SHIFT ? shift - PAGE_SHIFT : 0;
    struct frame *f = frame_alloc(order, FRAME_KERNEL);
    return f ? frame_bytes(f) : NULL;
}

void *kmalloc_zeroed(size_t bytes)
{
    void *p = kmalloc(bytes);

    if (likely(p))
        memset(p, 0, bytes);
    return p;
}

void kfree(void *p)
{
    if (!p)
        return;
    struct frame *f = frame_of_phys(virt_to_phys(p));
    if (f->kind == FRAME_SLAB) {
        slab_free(f->owner, p);
        return;
    }
    assert(f->kind == FRAME_KERNEL && (vaddr_t)p % PAGE_SIZE == 0);
    frame_free(f, f->order);
}

void slab_init(void)
{
    static const char *const names[KMALLOC_CACHES] = {
        "kmalloc-16",  "kmalloc-32",  "kmalloc-64",   "kmalloc-128",
        "kmalloc-256", "kmalloc-512", "kmalloc-1024", "kmalloc-2048",
    };

    for (unsigned i = 0; i < KMALLOC_CACHES; i++)
        slab_cache_init(&kmalloc_caches[i], names[i],
                        1ul << (KMALLOC_MIN_SHIFT + i));
}
