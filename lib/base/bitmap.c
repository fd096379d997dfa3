/*
 * base/bitmap.c - searching bitmaps a word at a time.
 *
 * Both searches look for a one; the search for a zero inverts each word as it
 * reads it.  Locks: none.
 */
#include "base/bitmap.h"

static size_t find_from(const uint64_t *map, size_t bits, size_t start,
                        uint64_t invert)
{
    if (start >= bits)
        return bits;

    size_t index = start / 64;
    uint64_t word = (map[index] ^ invert) & (~0ul << (start % 64));

    while (word == 0) {
        if (++index >= BITMAP_WORDS(bits))
            return bits;
        word = map[index] ^ invert;
    }
    size_t found = index * 64 + (size_t)__builtin_ctzl(word);

    return found < bits ? found : bits;
}

size_t bitmap_find_first_zero_from(const uint64_t *map, size_t bits,
                                   size_t start)
{
    return find_from(map, bits, start, ~0ul);
}

size_t bitmap_find_first_set_from(const uint64_t *map, size_t bits,
                                  size_t start)
{
    return find_from(map, bits, start, 0);
}
