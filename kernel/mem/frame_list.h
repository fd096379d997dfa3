/*
 * mem/frame_list.h - lists of frames by their 32-bit links.
 *
 * A list is the number of its first frame, 0 when empty (frame 0 is never
 * managed).  Each kind of frame is in at most one list at a time, so one pair
 * of links serves all.  Locks: the owner of the list guards it.
 */
#pragma once

#include "mem/frame.h"

static inline void frame_list_push(uint32_t *list, struct frame *f)
{
    uint32_t pfn = (uint32_t)frame_pfn(f);

    f->next = *list;
    f->prev = 0;
    if (*list != 0)
        frame_of_pfn(*list)->prev = pfn;
    *list = pfn;
}

static inline void frame_list_remove(uint32_t *list, struct frame *f)
{
    if (f->prev != 0)
        frame_of_pfn(f->prev)->next = f->next;
    else
        *list = f->next;
    if (f->next != 0)
        frame_of_pfn(f->next)->prev = f->prev;
}

/* The first frame, or NULL. */
static inline struct frame *frame_list_first(uint32_t list)
{
    return list != 0 ? frame_of_pfn(list) : NULL;
}
