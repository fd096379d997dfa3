/*
 * mem/poison.c - see poison.h.
 */
#include "mem/poison.h"

#include "base/string.h"
#include "mem/frame.h"
#include "x86/string_ops.h"

enum { PAGE_WORDS = PAGE_SIZE / sizeof(uint64_t) };

void poison_frames(struct frame *f, unsigned order)
{
    for (unsigned i = 0; i < 1u << order; i++) {
        x86_stosq(frame_bytes(&f[i]), POISON_FREE, PAGE_WORDS);
        f[i].flags |= FRAME_F_POISONED;
    }
}

void poison_check_frames(struct frame *f, unsigned order)
{
    for (unsigned i = 0; i < 1u << order; i++) {
        const uint64_t *words = frame_bytes(&f[i]);
        if (!(f[i].flags & FRAME_F_POISONED))
            continue;
        for (unsigned w = 0; w < PAGE_WORDS; w++)
            if (words[w] != POISON_FREE)
                panic("free frame %#lx was written: %#lx at byte %u",
                      frame_pfn(&f[i]), words[w], w * 8);
        f[i].flags &= (uint8_t)~FRAME_F_POISONED;
    }
}

void poison_object(const struct slab_cache *cache, void *object)
{
    memset((char *)object + sizeof(void *), POISON_FREE & 0xff,
           cache->object_bytes - sizeof(void *));
}

void poison_check_object(const struct slab_cache *cache, const void *object)
{
    const unsigned char *bytes = object;

    for (uint32_t i = sizeof(void *); i < cache->object_bytes; i++)
        if (bytes[i] != (POISON_FREE & 0xff))
            panic("free object %p of cache %s was written: %#x at byte %u",
                  object, cache->name, bytes[i], i);
}
