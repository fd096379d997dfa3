/* links: lib/base/bitmap.c */
/*
 * base/bitmap.c: single bits, and searches from every start in bitmaps of
 * lengths around the size of a word.
 */
#include "base/bitmap.h"

#include <string.h>

#include "unit.h"

static size_t slow_find(const uint64_t *map, size_t bits, size_t start,
                        bool wanted)
{
    while (start < bits && bitmap_test(map, start) != wanted)
        start++;
    return start < bits ? start : bits;
}

static int searches_agree(const uint64_t *map)
{
    for (size_t bits = 1; bits <= 192; bits += bits < 130 ? 1 : 31)
        for (size_t start = 0; start <= bits; start++)
            if (bitmap_find_first_zero_from(map, bits, start) !=
                    slow_find(map, bits, start, false) ||
                bitmap_find_first_set_from(map, bits, start) !=
                    slow_find(map, bits, start, true))
                return 0;
    return 1;
}

int main(void)
{
    uint64_t map[BITMAP_WORDS(192)] = { 0 };

    CHECK(BITMAP_WORDS(1) == 1 && BITMAP_WORDS(64) == 1 &&
              BITMAP_WORDS(65) == 2,
          "words for a number of bits");
    CHECK(searches_agree(map), "searches in an empty bitmap");
    bitmap_set(map, 0);
    bitmap_set(map, 63);
    bitmap_set(map, 64);
    bitmap_set(map, 130);
    CHECK(map[0] == ((1ul << 63) | 1) && map[1] == 1 && map[2] == 4,
          "bits are where they belong");
    CHECK(bitmap_test(map, 63) && !bitmap_test(map, 62), "test");
    CHECK(searches_agree(map), "searches among a few bits");
    bitmap_clear(map, 63);
    CHECK(map[0] == 1, "clear");
    memset(map, 0xff, sizeof(map));
    CHECK(searches_agree(map), "searches in a full bitmap");
    bitmap_clear(map, 127);
    CHECK(bitmap_find_first_zero_from(map, 192, 0) == 127 &&
              bitmap_find_first_zero_from(map, 192, 128) == 192 &&
              bitmap_find_first_zero_from(map, 100, 0) == 100,
          "the only free bit");
    return unit_done();
}
