/*
 * mem/frame.h - physical memory: one struct frame per page, buddy allocator.
 *
 * Frames live in one array at FRAME_ARRAY_BASE, indexed by frame number, of
 * which only the parts that describe RAM are mapped.  A frame's count says
 * how many holders it has: page-table entries, the page cache, the owner of a
 * kernel allocation.  It goes back to the buddy lists when the last holder
 * drops it.
 */
#pragma once

#include "core/boot_info.h"
#include "core/panic.h"
#include "core/types.h"
#include "x86/layout.h"

enum frame_kind {
    FRAME_RESERVED, /* not RAM, or held by firmware, kernel image, initrd */
    FRAME_FREE,     /* in a buddy list (or a per-CPU cache) */
    FRAME_KERNEL,   /* stacks, tables, buffers of the kernel */
    FRAME_TABLE,    /* page table of an address space or of the kernel */
    FRAME_SLAB,     /* object cache; owner = struct slab_cache, refs = objects
                       in use + 1, index = first free object */
    FRAME_ANON,     /* private user memory; owner = family, index = page */
    FRAME_MAPPING,  /* page cache or shared memory; owner = mapping */
    FRAME_KIND_COUNT
};

/* Lock key: [a] atomic  [O] the owner of the reference / by kind */
struct frame {
    uint32_t refs;  /* [a] holders; 0 when free */
    uint8_t kind;   /* [O] enum frame_kind */
    uint8_t order;  /* [O] of the block this frame heads */
    uint8_t policy; /* [O] kept for the replacement policy */
    uint8_t flags;  /* [O] FRAME_F_* */
    uint32_t next;  /* [O] list links as frame numbers: buddy, slab or */
    uint32_t prev;  /*     replacement list by kind */
    uint64_t index; /* [O] page index within owner */
    void *owner;    /* [O] family, mapping or slab cache */
};
_Static_assert(sizeof(struct frame) == FRAME_STRUCT_BYTES, "frame array");

enum {
    FRAME_F_PINNED = 1,   /* never freed: the zero frame, initrd edges */
    FRAME_F_BUDDY = 2,    /* heads a block in a buddy list */
    FRAME_F_POISONED = 4, /* free, and filled with POISON_FREE */
};

/* Fill of free memory with CONFIG_POISON; as an address it is not canonical,
 * so that following a stale pointer faults at once. */
#define POISON_FREE 0x5f5f5f5f5f5f5f5ful

enum { FRAME_MAX_ORDER = FRAME_ORDER_LIMIT }; /* blocks of 2^0 .. 2^10 pages */

#define frames ((struct frame *)FRAME_ARRAY_BASE)

static inline struct frame *frame_of_pfn(pfn_t pfn)
{
    return &frames[pfn];
}
static inline struct frame *frame_of_phys(paddr_t pa)
{
    return &frames[pa >> PAGE_SHIFT];
}
static inline pfn_t frame_pfn(const struct frame *f)
{
    return (pfn_t)(f - frames);
}
static inline paddr_t frame_phys(const struct frame *f)
{
    return frame_pfn(f) << PAGE_SHIFT;
}
/* The frame's bytes in the direct map. */
static inline void *frame_bytes(const struct frame *f)
{
    return phys_to_virt(frame_phys(f));
}

/*
 * Build the buddy lists from boot_info's RAM, leaving out what
 * x86/paging.c's early allocator has handed out, the kernel image and the
 * initrd.  The frame array is mapped and zeroed already.  Context: boot only.
 */
void frame_init(void);

/*
 * A block of 2^order frames of `kind`, each with a count of 1 on the first
 * frame; contents undefined.  Returns NULL when memory is out.
 * Locks: takes RANK_FRAME.  Context: any.
 */
__must_check struct frame *frame_alloc(unsigned order, enum frame_kind kind);

/* One frame of zeroes. */
__must_check struct frame *frame_alloc_zeroed(enum frame_kind kind);

/* Free a block that frame_alloc returned, whatever its count. */
void frame_free(struct frame *f, unsigned order);

/* One more holder / one holder less; the last one frees the (single) frame. */
static inline void frame_get(struct frame *f)
{
    assert(f->refs != 0);
    __atomic_fetch_add(&f->refs, 1, __ATOMIC_RELAXED);
}
void frame_put(struct frame *f);

/* Called by frame_put for the last reference of FRAME_ANON frames, so that vm
 * can drop the family reference.  Set by vm at boot. */
extern void (*frame_anon_release)(struct frame *f);

/* Give the whole pages of a reserved range (initrd) back to the allocator;
 * pages that were adopted meanwhile are left alone. */
void frame_release_reserved(paddr_t start, paddr_t end);

/* Turn a reserved frame into one of `kind` with a count of 1 (initrd frames
 * adopted into the page cache). */
void frame_adopt(struct frame *f, enum frame_kind kind);

/* Return frames cached per CPU to the buddy lists (this CPU's). */
void frame_drain(void);

/* Number of frames of each kind; exact.  FRAME_FREE includes CPU caches. */
uint64_t frame_count(enum frame_kind kind);
/* Frames of RAM managed in all. */
uint64_t frame_total(void);
/* One past the highest frame number that may be passed to frame_of_pfn, and
 * whether a given one is RAM with a struct frame. */
pfn_t frame_pfn_end(void);
bool frame_pfn_valid(pfn_t pfn);

/* Clear / copy one page by its direct-map address. */
void page_clear(void *page);
void page_copy(void *to, const void *from);

/* Asked before each frame_alloc and slab_alloc; true makes it fail.  NULL: no
 * failures on purpose.  procfs sets it for tests (/proc/sys/vm/fail_nth). */
extern bool (*alloc_should_fail)(void);

/* Auditor: panics if a buddy list is corrupt, or if lists, CPU caches and
 * counters disagree.  Context: other CPUs may allocate meanwhile. */
void frame_check_lists(void);
