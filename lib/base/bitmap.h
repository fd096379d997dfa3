/*
 * base/bitmap.h - arrays of bits in 64-bit words.
 *
 * The caller owns the array and knows its length in bits; the words are
 * BITMAP_WORDS(bits) of uint64_t.  Locks: none; the owner guards the bitmap.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BITMAP_WORDS(bits) (((bits) + 63) / 64)

static inline void bitmap_set(uint64_t *map, size_t bit)
{
    map[bit / 64] |= 1ul << (bit % 64);
}

static inline void bitmap_clear(uint64_t *map, size_t bit)
{
    map[bit / 64] &= ~(1ul << (bit % 64));
}

static inline bool bitmap_test(const uint64_t *map, size_t bit)
{
    return (map[bit / 64] >> (bit % 64)) & 1;
}

/* The first bit in [start, bits) that is 0, or that is 1; `bits` if none. */
size_t bitmap_find_first_zero_from(const uint64_t *map, size_t bits,
                                   size_t start);
size_t bitmap_find_first_set_from(const uint64_t *map, size_t bits,
                                  size_t start);
