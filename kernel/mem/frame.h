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
#include "replace/replace.h"
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
    FRAME_SWAP,     /* read back or on its way out, in the swap cache only */
    FRAME_KIND_COUNT
};

/* Lock key: [a] atomic  [O] the owner of the reference / by kind
 *           [S] the lock of all swap areas  [P] the lock of all pools */
struct frame {
    uint32_t refs; /* [a] holders; 0 when free */
    uint8_t kind;  /* [O] enum frame_kind */
    uint8_t order; /* [O] of the block this frame heads */
    uint8_t pool;  /* [P] number of its pool, while it is in one */
    uint8_t flags; /* [a] FRAME_F_* */
    union {
        uint32_t next; /* [O] list links as frame numbers: buddy and slab */
        uint32_t swap; /* [S] its entry, with FRAME_F_SWAP_CACHE */
    };
    uint32_t prev;
    uint64_t index;              /* [O] page index within owner */
    void *owner;                 /* [O] family, mapping or slab cache */
    struct replace_page replace; /* [P] what its replacement policy keeps */
};
_Static_assert(sizeof(struct frame) == FRAME_STRUCT_BYTES, "frame array");

enum {
    FRAME_F_PINNED = 1,     /* never freed: the zero frame, initrd edges */
    FRAME_F_BUDDY = 2,      /* heads a block in a buddy list */
    FRAME_F_POISONED = 4,   /* free, and filled with POISON_FREE */
    FRAME_F_SWAP_CACHE = 8, /* the swap cache holds it, under `swap` */
    FRAME_F_DIRTY = 16,     /* its disk does not have these bytes */
    FRAME_F_WRITING = 32,   /* on its way to the disk */
    FRAME_F_READING = 64,   /* its bytes are on the way from the disk */
    FRAME_F_FAILED = 128,   /* they did not come */
};

static inline void frame_set_flags(struct frame *f, uint8_t flags)
{
    __atomic_fetch_or(&f->flags, flags, __ATOMIC_SEQ_CST);
}
static inline void frame_clear_flags(struct frame *f, uint8_t flags)
{
    __atomic_fetch_and(&f->flags, (uint8_t)~flags, __ATOMIC_SEQ_CST);
}
static inline bool frame_has_flags(const struct frame *f, uint8_t flags)
{
    return __atomic_load_n(&f->flags, __ATOMIC_SEQ_CST) & flags;
}

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
void frame_put_all(struct frame *const *list, unsigned count);
/* One more holder, if there is one at all. */
__must_check static inline bool frame_get_unless_free(struct frame *f)
{
    uint32_t refs = __atomic_load_n(&f->refs, __ATOMIC_RELAXED);

    while (refs != 0)
        if (__atomic_compare_exchange_n(&f->refs, &refs, refs + 1, false,
                                        __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
            return true;
    return false;
}

/* Called by frame_put for the last reference of FRAME_ANON frames, so that vm
 * can drop the family reference.  Set by vm at boot. */
extern void (*frame_anon_release)(struct frame *f);
/* Called for the last reference of a frame that is in a pool; and when the last
 * reference but one may have gone of one in the swap cache: by then it may be
 * gone for good. */
extern void (*frame_pool_release)(struct frame *f);
extern void (*frame_swap_release)(struct frame *f);

/* Give the whole pages of a reserved range (initrd) back to the allocator;
 * pages that were adopted meanwhile are left alone. */
void frame_release_reserved(paddr_t start, paddr_t end);

/* Turn a reserved frame into one of `kind` with a count of 1 (initrd frames
 * adopted into the page cache). */
void frame_adopt(struct frame *f, enum frame_kind kind);

/* It becomes one of another kind, all else unchanged. */
void frame_set_kind(struct frame *f, enum frame_kind kind);

/*
 * Free frames that only some may have, by kind: user pages leave `min` to page
 * tables, these leave half of it to the kernel and to the disk driver, without
 * which no page goes out.  Below `low` it is time to reclaim, until `high`.
 * Exact to what the CPUs have cached.
 */
struct frame_marks {
    uint64_t min, low, high;
};
extern struct frame_marks frame_marks; /* [I] */

/* Free frames, without the CPU caches; a look without a lock. */
uint64_t frame_free_listed(void);
static inline bool frame_is_low(void)
{
    return frame_free_listed() < frame_marks.low;
}

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
