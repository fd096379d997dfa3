/*
 * vm/address_space.h - user address spaces and their regions.
 *
 * Objects: an address space owns a tree of regions by start address and the
 *   page tables under one PML4.  Threads of one process (or vfork pairs)
 *   share it by count.  A family is the set of spaces that descend by fork
 *   from one exec: an anonymous frame knows (family, page index).
 * Locks:   as->lock (sleeping) guards regions and user page tables.  Page
 *   faults take it; so nobody holds it across a usercopy.
 */
#pragma once

#include "base/list.h"
#include "base/tree.h"
#include "core/types.h"
#include "sched/mutex.h"
#include "sched/wait.h"
#include "vm/mapping.h"

#define USER_END          0x00007ffffffff000ul /* one past the last user byte */
#define USER_MIN          0x10000ul            /* nothing maps below */
#define STACK_GUARD_PAGES 256ul /* gap kept under a growing stack */

/* region->prot and access kinds; equal to PROT_* of abi/mman.h. */
enum { VM_READ = 1, VM_WRITE = 2, VM_EXEC = 4 };

/* region->flags */
enum {
    REGION_SHARED = 1,     /* MAP_SHARED: writes go to the mapping */
    REGION_STACK = 2,      /* grows down */
    REGION_HEAP = 4,       /* brk area */
    REGION_MAY_WRITE = 8,  /* mprotect may add PROT_WRITE (shared files) */
    REGION_STACK_TOP = 16, /* named [stack] in maps */
    REGION_DONTFORK = 32,  /* madvise(MADV_DONTFORK) */
    REGION_NORESERVE = 64,
    REGION_LOCKED = 128,        /* its pages may not be replaced: mlock */
    REGION_LOCK_ON_FAULT = 256, /* ... once they have come: MLOCK_ONFAULT */
};

#define REGION_LOCK_FLAGS ((uint32_t)(REGION_LOCKED | REGION_LOCK_ON_FAULT))

/* Lock key: [I] set at creation  [A] as->lock  [M] mapping->lock */
struct region {
    struct tree_node node;         /* [A] in as->regions, by start */
    vaddr_t start, end;            /* [A] bytes [start, end), page-aligned */
    uint32_t prot;                 /* [A] VM_* */
    uint32_t flags;                /* [A] REGION_* */
    uint64_t first_index;          /* [A] page index at start: offset in the
                                    mapping, or family index if anonymous */
    struct mapping *mapping;       /* [I] NULL: private anonymous */
    struct address_space *space;   /* [I] */
    struct list_node mapping_link; /* [M] in mapping->regions */
    uint64_t zap_generation;       /* [M] truncation that visited it last */
};

struct family {
    struct spinlock lock;
    uint64_t refs;            /* [a] members and anonymous frames */
    struct list_node members; /* [L] address spaces */
};

/* Lock key: [I] set at creation  [A] this->lock  [a] atomic  [F] family->lock */
struct address_space {
    struct mutex lock;
    uint32_t refs;           /* [a] users; 0: torn down */
    uint32_t cpu_mask;       /* [a] CPUs whose CR3 is this space's */
    paddr_t pml4;            /* [I] */
    struct tree regions;     /* [A] */
    struct region *last_hit; /* [A] cache of region_find */
    uint32_t region_count;   /* [A] */
    vaddr_t mmap_base;       /* [A] search for free room downwards */
    vaddr_t mmap_hint;       /* [A] room was last found here */
    vaddr_t brk_start, brk;  /* [A] */
    vaddr_t stack_top;       /* [A] */
    vaddr_t arg_start, arg_end, env_start, env_end;     /* [A] for /proc */
    vaddr_t code_start, code_end, data_start, data_end; /* [A] */
    uint64_t rss_anon, rss_file;                        /* [A] resident pages */
    uint64_t swap_pages; /* [A] entries that name a swap slot */
    uint64_t unflushed;  /* [A] last round of reclaim that took pages of it */
    struct frame_pool *pool; /* [A] of its own, or NULL */
    bool soft_limit;       /* [a] its pool may exceed its limit: load control */
    struct vmtrace *trace; /* [A] vm/vmtrace.h, or NULL */
    uint64_t table_pages;  /* [A] page-table frames */
    uint64_t total_pages;  /* [A] of all regions: RLIMIT_AS, VmSize */
    uint64_t locked_pages; /* [A] of those that are locked */
    uint32_t future_flags; /* [A] of regions to come: mlockall */
    uint64_t peak_pages;   /* [A] before regions went: as_peak_pages() */
    uint64_t peak_rss;     /* [A] before pages went, see as_peak_rss() */
    uint64_t limit_as;     /* [a] bytes, RLIMIT_AS of its process */
    uint64_t limit_stack;  /* [a] bytes, RLIMIT_STACK */
    struct {
        vaddr_t start, end;
    } unmapped[4];                   /* [A] of late, for proc/mistake.c */
    uint32_t unmap_count;            /* [A] ever */
    struct family *family;           /* [I] */
    struct list_node family_link;    /* [F] */
    struct list_node all_link;       /* in the list of all spaces (auditor) */
    struct address_space *next_dead; /* in the list of deferred ones */
};

/* An empty space of a new family; NULL when memory is out. */
__must_check struct address_space *as_create(void);

/*
 * A copy-on-write copy of `parent` (the current one), in the same family.
 * Only page tables are copied.  NULL when memory is out; nothing is left.
 * Locks: takes parent->lock.  Context: may sleep.
 */
__must_check struct address_space *as_fork(struct address_space *parent);

struct address_space *as_get(struct address_space *as);
/* Drop a reference; the last one unmaps everything and frees the tables.
 * Context: may sleep; not from the space's last CPU with interrupts off. */
void as_put(struct address_space *as);
/* The same where locks are held that forbid it: as_destroy_deferred() does what
 * is left to do, later and by the same thread. */
void as_put_deferred(struct address_space *as);
void as_destroy_deferred(void);

/* Run the current thread in `as` from here on (takes over the caller's
 * reference); the old space is returned for as_put(), NULL if none. */
struct address_space *as_switch_current(struct address_space *as);

/* Region that covers `va`, or NULL. */
struct region *region_find_locked(struct address_space *as, vaddr_t va)
    MUST_HOLD(as->lock);
/* First region with end > va, or NULL. */
struct region *region_find_from_locked(struct address_space *as, vaddr_t va)
    MUST_HOLD(as->lock);
struct region *region_first_locked(struct address_space *as)
    MUST_HOLD(as->lock);
struct region *region_next_locked(struct region *region);

/*
 * Map [start, start+bytes) with `prot`/`flags`, from `mapping` at page
 * `first_index` (reference taken) or anonymous (NULL).  Range is page-aligned
 * and free of regions.  Merges with neighbours where possible.
 * Returns 0, -ENOMEM.  Locks: takes as->lock itself.
 */
__must_check int as_map_fixed(struct address_space *as, vaddr_t start,
                              uint64_t bytes, uint32_t prot, uint32_t flags,
                              struct mapping *mapping, uint64_t first_index);

/* The most pages that its regions had at a time.  Locks: as as_peak_rss. */
static inline uint64_t as_peak_pages(const struct address_space *as)
{
    return MAX(as->peak_pages, as->total_pages);
}

/* The most pages that were resident at a time.  Locks: as->lock, or none for a
 * figure that may be old. */
static inline uint64_t as_peak_rss(const struct address_space *as)
{
    return MAX(as->peak_rss, as->rss_anon + as->rss_file);
}

/* The system calls on the current space; arguments checked inside.
 * Return the address, 0, or -errno as Linux does.  `mapping` (may be NULL)
 * is referenced by the new region. */
int64_t vm_mmap(struct address_space *as, vaddr_t addr, uint64_t bytes,
                uint32_t prot, uint32_t map_flags, struct mapping *mapping,
                uint64_t offset, bool may_write);
int64_t vm_munmap(struct address_space *as, vaddr_t addr, uint64_t bytes);
int64_t vm_mprotect(struct address_space *as, vaddr_t addr, uint64_t bytes,
                    uint32_t prot);
int64_t vm_brk(struct address_space *as, vaddr_t new_brk, uint64_t data_limit);
int64_t vm_mremap(struct address_space *as, vaddr_t addr, uint64_t old_bytes,
                  uint64_t new_bytes, uint32_t flags, vaddr_t new_addr);
int64_t vm_madvise(struct address_space *as, vaddr_t addr, uint64_t bytes,
                   int advice);
int64_t vm_mincore(struct address_space *as, vaddr_t addr, uint64_t bytes,
                   unsigned char __user *vec);
int64_t vm_msync(struct address_space *as, vaddr_t addr, uint64_t bytes,
                 int flags);

/* The n-th space there is, with a reference; NULL: there are not so many.  Dead
 * ones are left out. */
struct address_space *as_nth(unsigned n);

/* Write into a space that may not be the current one (exec fills the new
 * stack); pages are faulted in.  0, -EFAULT or -ENOMEM. */
__must_check int as_write(struct address_space *as, vaddr_t va,
                          const void *bytes, size_t n);

/* Recount every frame reference from page tables and mappings; prints what
 * disagrees and returns the number of complaints.  Context: the system is
 * quiet (one user thread). */
unsigned vm_audit(void);

/* Boot: zero frame, hooks into mem and sched. */
void vm_init(void);
