/*
 * mem/poison.h - writes to free memory, found out when it is given out again.
 *
 * With CONFIG_POISON free frames and objects are filled with POISON_FREE
 * (mem/frame.h).  Context: any; nobody else knows the memory.
 */
#pragma once

#include "mem/slab.h"

struct frame;

/* Fill the 2^order frames of a block that becomes free; panic if a frame that
 * was filled has been written. */
void poison_frames(struct frame *f, unsigned order);
void poison_check_frames(struct frame *f, unsigned order);

/* The same for an object, behind the link in its first bytes. */
void poison_object(const struct slab_cache *cache, void *object);
void poison_check_object(const struct slab_cache *cache, const void *object);
