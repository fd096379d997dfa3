/*
 * mem/reserved.c - frames that the allocator left alone at boot: the initrd.
 *
 * Idea:  a reserved frame has no holder and is in no list.  The page cache
 *        adopts the initrd's pages of file data as they are; what nobody
 *        adopted is given to the allocator afterwards.
 * Locks: none; boot, before anybody else knows the frames.
 */
#include "mem/frame_state.h"

void frame_adopt(struct frame *f, enum frame_kind kind)
{
    assert(f->kind == FRAME_RESERVED && f->refs == 0);
    frame_set_kind(f, kind);
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
