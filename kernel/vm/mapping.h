/*
 * vm/mapping.h - page index -> frame: the page cache of one file, or one piece
 * of shared memory.
 *
 * The mapping holds one reference on each of its frames.  It is embedded in
 * (or owned by) an inode or another named object; get/put of the mapping are
 * get/put of that owner.
 * Locks: mapping->lock (sleeping) guards the index, size changes and the list
 *   of regions; it is taken inside as->lock.
 */
#pragma once

#include "base/list.h"
#include "core/types.h"
#include "mem/frame.h"
#include "sched/mutex.h"
#include "vm/swap.h"

struct mapping;
struct region;

struct mapping_ops {
    /* One more / one less user of the owner. */
    void (*get)(struct mapping *mapping);
    void (*put)(struct mapping *mapping);
    /* Contents of page `index` into the zeroed `frame`; 0 or -errno.  NULL:
     * pages start as zeroes (tmpfs, anonymous shared memory). */
    int (*fill)(struct mapping *mapping, uint64_t index, struct frame *frame);
    /* Write what shared mappings have changed to where `fill` has it from; 0 or
     * -errno.  NULL: there is no such place.  Called without locks. */
    int (*sync)(struct mapping *mapping);
    /* Path (or "/memfd:...") for /proc/PID/maps; returns length. */
    size_t (*describe)(struct mapping *mapping, char *buf, size_t size);
    /* May it get one more page?  NULL: always.  No: -ENOSPC, or SIGBUS. */
    bool (*may_grow)(struct mapping *mapping);
    /* Does `fill` wait for a disk?  Then faults let go of the address space
     * first, and reclaim drops clean pages, which come back.  The owner marks
     * frames that it changes with FRAME_F_DIRTY, until they are written. */
    bool slow;
    /* Device and inode number for /proc/PID/maps; may be NULL. */
    void (*identify)(struct mapping *mapping, uint64_t *dev, uint64_t *ino);
};

struct page_node; /* one node of the radix tree, vm/mapping.c */

/* Lock key: [I] set at init  [M] this->lock  [a] atomic to read, [M] to write */
struct mapping {
    const struct mapping_ops *ops; /* [I] */
    uint64_t id;                   /* [I] never given to another one */
    struct mutex lock;
    struct page_node *root;     /* [M] radix tree of frames */
    uint32_t height;            /* [M] levels of it */
    uint64_t size;              /* [a] bytes; pages beyond fault as SIGBUS */
    uint64_t page_count;        /* [M] pages held, swapped out or not */
    struct list_node regions;   /* [M] regions that map it */
    uint32_t writable_regions;  /* [M] shared writable ones (ETXTBSY...) */
    bool maybe_dirty;           /* [a] set by the owner: pages may differ from
                                   where `fill` has them, and stay in memory */
    uint64_t zap_generation;    /* [M] of the last truncation */
    uint64_t swapped;           /* [M] entries in the tree */
    struct list_node swap_link; /* in the list of all that have any */
};

void mapping_init(struct mapping *mapping, const struct mapping_ops *ops,
                  uint64_t size);

/* Drop all frames and index nodes; no region maps it any more. */
void mapping_destroy(struct mapping *mapping);

/*
 * The frame of page `index`, with a reference for the caller.
 * `create`: a missing page is made (filled by ops->fill or zeroes); without it
 * a missing page of a mapping without `fill` gives 0 and *out = NULL (a hole).
 * Returns 0, -ENOMEM, -EIO, -ENXIO (index beyond size), -ENOSPC.
 * Locks: takes mapping->lock.  Context: may sleep.
 */
__must_check int mapping_get_frame(struct mapping *mapping, uint64_t index,
                                   bool create, struct frame **out);

/* As mapping_get_frame with `create`, for who holds an address space: -EAGAIN
 * where it would have to wait for a disk, -ENOMEM without reclaim. */
__must_check int mapping_try_frame(struct mapping *mapping, uint64_t index,
                                   struct frame **out);

/* As mapping_get_frame with `create`, also beyond the size: for a writer that
 * keeps truncation off (inode->lock) and sets the new size with mapping_resize
 * once the bytes are in place. */
__must_check int mapping_get_frame_extend(struct mapping *mapping,
                                          uint64_t index, struct frame **out);

/* The cached frames of pages [index, index + count) into out[], each with a
 * reference, NULL where there is none; makes no pages.  Pages that are swapped
 * out are brought back: -EIO, -ENOMEM, -EINTR when that fails (and all of
 * out[] is NULL). */
__must_check int mapping_get_cached(struct mapping *mapping, uint64_t index,
                                    unsigned count, struct frame **out);
/* The same, but what is swapped out counts as not cached. */
void mapping_peek_cached(struct mapping *mapping, uint64_t index,
                         unsigned count, struct frame **out);

/* For reclaim: the frame leaves, an entry stays in its place; or nothing.  The
 * mapping's reference goes to the caller. */
void mapping_replace_by_entry(struct mapping *mapping, struct frame *frame,
                              swap_entry_t entry) MUST_HOLD(mapping->lock);
void mapping_forget(struct mapping *mapping, struct frame *frame)
    MUST_HOLD(mapping->lock);

/* How many of the pages [index, index + count) are swapped out. */
uint64_t mapping_count_swapped(struct mapping *mapping, uint64_t index,
                               uint64_t count);

/* The entry of the first swapped page of [*index, end), whose index then is
 * *index; 0: there is none. */
swap_entry_t mapping_next_swapped(struct mapping *mapping, uint64_t *index,
                                  uint64_t end);
/* Is the page in memory, here or in the swap cache?  Locks: mapping->lock. */
bool mapping_has_page(struct mapping *mapping, uint64_t index);

/* For swapoff: bring back all pages that are in an area.  0 or -errno. */
__must_check int mapping_leave_area(unsigned area);
/* For the auditor: count all entries. */
void mapping_audit_entries(void);

/* The first index from `index` on, within the size, that has a cached frame;
 * UINT64_MAX if there is none.  Holes are skipped in steps of whole subtrees. */
uint64_t mapping_next_cached(struct mapping *mapping, uint64_t index);

/* Put an initrd frame in at `index` without a copy (boot only): the frame is
 * adopted as FRAME_MAPPING, its reference belongs to the mapping. */
__must_check int mapping_adopt_frame(struct mapping *mapping, uint64_t index,
                                     struct frame *frame);

/* Put `frame` (FRAME_MAPPING, filled by the caller) in as page `index`; its
 * reference belongs to the mapping then.  -EEXIST: there is one, -ENOMEM. */
__must_check int mapping_add_frame(struct mapping *mapping, uint64_t index,
                                   struct frame *frame);

/* Drop the frames on which nobody but the mapping has a reference; with `fill`,
 * what they hold comes back when it is used. */
void mapping_drop_unused_locked(struct mapping *mapping)
    MUST_HOLD(mapping->lock);

/* Set a new size: frames beyond are unmapped from every space and dropped; the
 * tail of the last page is zeroed.  Context: may sleep, no as->lock held. */
void mapping_resize(struct mapping *mapping, uint64_t new_size);

/* Copy from the mapping's pages into kernel memory (exec reads headers).
 * Returns bytes copied (short at the end) or -errno. */
int64_t mapping_read_kernel(struct mapping *mapping, uint64_t offset, void *buf,
                            size_t bytes);
int64_t mapping_write_kernel(struct mapping *mapping, uint64_t offset,
                             const void *buf, size_t bytes);

static inline void mapping_get(struct mapping *m)
{
    m->ops->get(m);
}
static inline void mapping_put(struct mapping *m)
{
    m->ops->put(m);
}

/* A mapping of its own for MAP_SHARED|MAP_ANONYMOUS; NULL: no memory.  The
 * caller holds one reference (put it after the region has taken its own). */
__must_check struct mapping *mapping_create_anonymous(uint64_t bytes);
