/*
 * proc/procfs_pagemap.c - /proc/PID/pagemap, /proc/kpagecount and kpageflags:
 * memory page by page, as Linux's admin-guide/mm/pagemap.rst has it.
 *
 * Idea:   arrays of 64-bit words, made as they are read: pagemap has one for
 *         each page of the address space (which frame), the other two one for
 *         each frame of the machine (how often mapped; what it is).  Where a
 *         page is in memory is told to uid 0 alone.
 * Locks:  as->lock for some entries at a time; frames are read as they are.
 */
#include "abi/errno.h"
#include "proc/procfs.h"
#include "sched/sched.h"
#include "vm/fault.h"
#include "vm/table.h"

enum { CHUNK_WORDS = 64 };

/* Words of pagemap; the number of the frame is in bits 0 to 54. */
#define PAGEMAP_EXCLUSIVE (1ul << 56) /* nobody else maps it */
#define PAGEMAP_FILE      (1ul << 61) /* or shared memory */
#define PAGEMAP_SWAPPED   (1ul << 62) /* area in bits 0 to 4, slot above */
#define PAGEMAP_PRESENT   (1ul << 63)

enum { PAGEMAP_AREA_BITS = 5 };

/* Bits of kpageflags. */
enum {
    KPAGE_DIRTY = 4,
    KPAGE_SLAB = 7,
    KPAGE_WRITEBACK = 8,
    KPAGE_BUDDY = 10,
    KPAGE_MMAP = 11,
    KPAGE_ANON = 12,
    KPAGE_SWAPCACHE = 13,
    KPAGE_SWAPBACKED = 14,
    KPAGE_NOPAGE = 20,
    KPAGE_ZERO_PAGE = 24,
    KPAGE_PGTABLE = 26,
};

/* Where the words come from: those of [first, first + count) into out[]. */
struct word_source {
    void (*get)(const struct word_source *source, uint64_t first,
                unsigned count, uint64_t *out);
    uint64_t end; /* words in all */
    struct address_space *as;
    bool show_frames;
};

/* Read from any multiple of 8 on, in multiples of 8. */
static int64_t read_words(const struct word_source *source, struct uio *uio,
                          uint64_t *offset)
{
    uint64_t words[CHUNK_WORDS];
    int64_t total = 0;

    if (*offset % sizeof(words[0]) != 0 || uio->left % sizeof(words[0]) != 0)
        return -EINVAL;
    while (uio->left > 0 && *offset / sizeof(words[0]) < source->end) {
        uint64_t first = *offset / sizeof(words[0]);
        uint64_t left = MIN(uio->left / sizeof(words[0]), source->end - first);
        unsigned count = (unsigned)MIN(left, (uint64_t)CHUNK_WORDS);
        source->get(source, first, count, words);
        size_t done = uio_copy_to(uio, words, count * sizeof(words[0]));
        *offset += done;
        total += (int64_t)done;
        if (done < count * sizeof(words[0]))
            return total != 0 ? total : -EFAULT;
        if (thread_current()->flags & THREAD_KILLED)
            break;
        sched_point();
    }
    return total;
}

/* ---- pagemap ------------------------------------------------------------- */

static uint64_t word_of_swapped(swap_entry_t entry, bool show)
{
    uint64_t slot = swap_slot_of(entry);

    if (!show)
        return PAGEMAP_SWAPPED;
    return PAGEMAP_SWAPPED | swap_area_of(entry) | slot << PAGEMAP_AREA_BITS;
}

static uint64_t word_of_entry(pte_t pte, bool show_frames)
{
    uint64_t word = 0;

    if (pte_is_swap(pte))
        return word_of_swapped(pte_swap_entry(pte), show_frames);
    if (!pte_has_frame(pte))
        return 0;
    const struct frame *f = pte_frame(pte);
    word = PAGEMAP_PRESENT;
    if (show_frames)
        word |= frame_pfn(f);
    if (f->kind != FRAME_ANON && f->kind != FRAME_MAPPING)
        return word; /* the zero page */
    if (f->kind == FRAME_MAPPING)
        word |= PAGEMAP_FILE;
    if (proc_frame_mappers(f) == 1)
        word |= PAGEMAP_EXCLUSIVE;
    return word;
}

static void get_entries(const struct word_source *source, uint64_t first,
                        unsigned count, uint64_t *out)
{
    mutex_lock(&source->as->lock);
    for (unsigned i = 0; i < count; i++) {
        pte_t *pte = table_find(source->as, (first + i) << PAGE_SHIFT);
        out[i] = pte ? word_of_entry(*pte, source->show_frames) : 0;
    }
    mutex_unlock(&source->as->lock);
}

int64_t proc_read_pagemap(const struct proc_ref *ref, struct uio *uio,
                          uint64_t *offset)
{
    struct word_source source = {
        .get = get_entries,
        .end = USER_END >> PAGE_SHIFT,
        .show_frames = process_current()->credentials.euid == 0,
    };
    int err = proc_check_access(ref); /* it may have executed a program */

    if (err == 0)
        err = proc_ref_space(ref, &source.as);
    if (err != 0 || !source.as)
        return err == -ESRCH ? 0 : err;
    int64_t result = read_words(&source, uio, offset);
    as_put(source.as);
    return result;
}

/* ---- frames -------------------------------------------------------------- */

static void get_counts(const struct word_source *source, uint64_t first,
                       unsigned count, uint64_t *out)
{
    for (unsigned i = 0; i < count; i++) {
        const struct frame *f =
            frame_pfn_valid(first + i) ? frame_of_pfn(first + i) : NULL;
        out[i] = 0;
        if (f && (f->kind == FRAME_ANON || f->kind == FRAME_MAPPING))
            out[i] = proc_frame_mappers(f);
    }
}

static uint64_t flags_of(const struct frame *f)
{
    uint64_t flags = 0;

    if (f == zero_frame)
        return 1ul << KPAGE_ZERO_PAGE;
    switch (f->kind) {
    case FRAME_FREE:
        return 1ul << KPAGE_BUDDY;
    case FRAME_SLAB:
        return 1ul << KPAGE_SLAB;
    case FRAME_TABLE:
        return 1ul << KPAGE_PGTABLE;
    case FRAME_ANON:
        flags = 1ul << KPAGE_ANON | 1ul << KPAGE_SWAPBACKED;
        break;
    case FRAME_MAPPING:
    case FRAME_SWAP:
        break;
    default:
        return 0;
    }
    if (frame_has_flags(f, FRAME_F_SWAP_CACHE))
        flags |= 1ul << KPAGE_SWAPCACHE | 1ul << KPAGE_SWAPBACKED;
    if (frame_has_flags(f, FRAME_F_DIRTY))
        flags |= 1ul << KPAGE_DIRTY;
    if (frame_has_flags(f, FRAME_F_WRITING))
        flags |= 1ul << KPAGE_WRITEBACK;
    if (proc_frame_mappers(f) > 0)
        flags |= 1ul << KPAGE_MMAP;
    return flags;
}

static void get_flags(const struct word_source *source, uint64_t first,
                      unsigned count, uint64_t *out)
{
    for (unsigned i = 0; i < count; i++)
        out[i] = frame_pfn_valid(first + i) ? flags_of(frame_of_pfn(first + i))
                                            : 1ul << KPAGE_NOPAGE;
}

int64_t proc_read_kpagecount(const struct proc_ref *ref, struct uio *uio,
                             uint64_t *offset)
{
    struct word_source source = { .get = get_counts, .end = frame_pfn_end() };

    return read_words(&source, uio, offset);
}

int64_t proc_read_kpageflags(const struct proc_ref *ref, struct uio *uio,
                             uint64_t *offset)
{
    struct word_source source = { .get = get_flags, .end = frame_pfn_end() };

    return read_words(&source, uio, offset);
}
