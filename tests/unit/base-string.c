/*
 * base/string.c against the host's functions: all small sizes, alignments and
 * overlaps.  The functions under test get other names, so that the program
 * keeps the host's own.
 */
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define memcpy  tested_memcpy
#define memmove tested_memmove
#define memset  tested_memset
#define memcmp  tested_memcmp
#define memchr  tested_memchr
#define strlen  tested_strlen
#define strnlen tested_strnlen
#define strcmp  tested_strcmp
#define strncmp tested_strncmp
#define strchr  tested_strchr
#define strrchr tested_strrchr
#define strlcpy tested_strlcpy
#include "base/string.c" /* NOLINT: the names above apply to it */
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef memchr
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp
#undef strchr
#undef strrchr
#undef strlcpy

enum { AREA = 400 };

static unsigned char area[AREA], expected[AREA], source[AREA];

static void fill(void)
{
    for (int i = 0; i < AREA; i++) {
        source[i] = (unsigned char)(i * 7 + 1);
        area[i] = expected[i] = (unsigned char)(i * 13 + 5);
    }
}

static int sizes_agree(void)
{
    for (size_t size = 0; size < 300; size++) {
        for (size_t offset = 0; offset < 9; offset++) {
            fill();
            if (tested_memcpy(area + offset, source + 3, size) != area + offset)
                return 0;
            memcpy(expected + offset, source + 3, size);
            if (memcmp(area, expected, AREA) != 0)
                return 0;
            tested_memset(area + offset, (int)size + 256, size);
            memset(expected + offset, (int)size + 256, size);
            if (memcmp(area, expected, AREA) != 0)
                return 0;
        }
    }
    return 1;
}

static int overlaps_agree(void)
{
    for (size_t size = 0; size < 200; size += size < 40 ? 1 : 13) {
        for (int shift = -60; shift <= 60; shift++) {
            unsigned char *to = area + 100 + shift;

            fill();
            if (tested_memmove(to, area + 100, size) != to)
                return 0;
            memmove(expected + 100 + shift, expected + 100, size);
            if (memcmp(area, expected, AREA) != 0)
                return 0;
        }
    }
    return 1;
}

static int sign(int n)
{
    return (n > 0) - (n < 0);
}

/* memcmp of blocks that differ in one place, or not at all. */
static int comparisons_agree(void)
{
    for (size_t size = 0; size < 40; size++) {
        for (size_t place = 0; place <= size; place++) {
            fill();
            memcpy(area, source, size);
            if (place < size)
                area[place] ^= 0x80;
            if (sign(tested_memcmp(area, source, size)) !=
                sign(memcmp(area, source, size)))
                return 0;
        }
    }
    return 1;
}

static void check_strings(void)
{
    static const char *const texts[] = { "",    "a",    "ab",   "abc",
                                         "abd", "\xff", "a\xff" };
    int compare = 1, part = 1;

    for (int i = 0; i < 7; i++) {
        for (int k = 0; k < 7; k++) {
            compare &= sign(tested_strcmp(texts[i], texts[k])) ==
                       sign(strcmp(texts[i], texts[k]));
            for (size_t n = 0; n < 4; n++)
                part &= sign(tested_strncmp(texts[i], texts[k], n)) ==
                        sign(strncmp(texts[i], texts[k], n));
        }
    }
    CHECK(compare, "strcmp agrees, bytes are unsigned");
    CHECK(part, "strncmp agrees");
    CHECK(tested_strlen("hello") == 5 && tested_strlen("") == 0, "strlen");
    CHECK(tested_strnlen("hello", 3) == 3 && tested_strnlen("hi", 9) == 2,
          "strnlen");

    const char *text = "abcabc";

    CHECK(tested_strchr(text, 'b') == text + 1, "strchr finds the first");
    CHECK(tested_strchr(text, 0) == text + 6, "strchr finds the end");
    CHECK(tested_strchr(text, 'x') == NULL, "strchr finds nothing");
    CHECK(tested_strrchr(text, 'b') == text + 4, "strrchr finds the last");
    CHECK(tested_strrchr(text, 0) == text + 6, "strrchr finds the end");
    CHECK(tested_strrchr(text, 'x') == NULL, "strrchr finds nothing");
    CHECK(tested_memchr(text, 'c', 6) == text + 2, "memchr finds the first");
    CHECK(tested_memchr(text, 'c', 2) == NULL, "memchr keeps to its count");
}

static void check_strlcpy(void)
{
    char buf[4] = "xyz";

    CHECK(tested_strlcpy(buf, "abcdef", 4) == 6 && strcmp(buf, "abc") == 0,
          "strlcpy cuts and tells the length");
    CHECK(tested_strlcpy(buf, "a", 4) == 1 && strcmp(buf, "a") == 0,
          "strlcpy of what fits");
    CHECK(tested_strlcpy(buf, "bcd", 0) == 3 && strcmp(buf, "a") == 0,
          "strlcpy without room writes nothing");
}

int main(void)
{
    CHECK(sizes_agree(), "memcpy and memset, sizes 0 to 299, any alignment");
    CHECK(overlaps_agree(), "memmove with every kind of overlap");
    CHECK(comparisons_agree(), "memcmp, a difference in any place");
    check_strings();
    check_strlcpy();
    return unit_done();
}
