/*
 * memory.c - memory as a row of blocks: cut, joined, given, measured.
 *
 * An array kept by address: neighbours are neighbours, which is all that
 * joining holes needs. Real allocators keep lists of holes inside the holes.
 * Read next: contiguous.c, buddy.c
 */
#include "memory.h"

#include <stdlib.h>
#include <string.h>

#include "common/files.h"

void memory_begin(struct memory *m, long size)
{
    m->size = size;
    m->count = 1;
    m->blocks = memory_get(sizeof *m->blocks);
    m->blocks[0] = (struct block){ .size = size };
}

void memory_end(struct memory *m)
{
    free(m->blocks);
}

void memory_split(struct memory *m, size_t i, long size)
{
    if (size == m->blocks[i].size)
        return;
    m->blocks = memory_resize(m->blocks, (m->count + 1) * sizeof *m->blocks);
    struct block *b = &m->blocks[i];
    memmove(b + 1, b, (m->count - i) * sizeof *b);
    m->count++;
    b[0].size = size;
    b[1].start += size;
    b[1].size -= size;
}

void memory_join(struct memory *m, size_t i)
{
    struct block *b = &m->blocks[i];

    b->size += b[1].size;
    memmove(b + 1, b + 2, (m->count - i - 2) * sizeof *b);
    m->count--;
}

void memory_give(struct memory *m, size_t i, const char *owner, long used)
{
    m->blocks[i].used = used;
    snprintf(m->blocks[i].owner, NAME_BYTES, "%s", owner);
}

long memory_find(const struct memory *m, const char *owner)
{
    for (size_t i = 0; i < m->count; i++)
        if (m->blocks[i].used && strcmp(m->blocks[i].owner, owner) == 0)
            return (long)i;
    return -1;
}

void memory_measure(const struct memory *m, struct figures *f)
{
    memset(f, 0, sizeof *f);
    for (size_t i = 0; i < m->count; i++) {
        const struct block *b = &m->blocks[i];
        if (b->used) {
            f->owners++;
            f->used += b->used;
            f->internal += b->size - b->used;
        } else if (b->size) {
            f->holes++;
            f->free += b->size;
            f->largest = b->size > f->largest ? b->size : f->largest;
        }
    }
    if (f->free)
        f->external = 100.0 * (double)(f->free - f->largest) / (double)f->free;
}
