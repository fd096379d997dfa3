/* links: lib/base/format.c */
/*
 * base/format.c against the host's snprintf: every combination of flags,
 * widths and precisions for each conversion that it knows.
 */
#include "base/format.h"

#include <limits.h>
#include <string.h>

#include "unit.h"

#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wformat-truncation"
#endif

static const char *const flags[] = { "",   "-",  "0",  "+",  " ",  "#",
                                     "-0", "+0", "#0", "-#", "+-", " 0" };
static const char *const sizes[] = { "",   "1",   "5",   "12",  ".0", ".1",
                                     ".3", "8.3", "3.8", "2.0", "." };

static void show(const char *format, const char *got, const char *wanted)
{
    printf("# %%%s: got \"%s\", expected \"%s\"\n", format + 1, got, wanted);
}

/* One format with one argument of any type. */
#define AGREE(format, value)                                                   \
    __extension__({                                                            \
        char got_[64], wanted_[64];                                            \
        int length_ = base_snprintf(got_, sizeof(got_), format, value);        \
        int equal_ =                                                           \
            length_ == snprintf(wanted_, sizeof(wanted_), format, value) &&    \
            strcmp(got_, wanted_) == 0;                                        \
        if (!equal_)                                                           \
            show(format, got_, wanted_);                                       \
        equal_;                                                                \
    })

static const long values[] = { 0,
                               1,
                               -1,
                               7,
                               42,
                               255,
                               -128,
                               65535,
                               INT_MAX,
                               INT_MIN,
                               1234567890123,
                               LONG_MAX,
                               LONG_MIN };

enum { VALUES = sizeof(values) / sizeof(values[0]) };

static int integers_agree(const char *flag, const char *size)
{
    static const char *const lengths[] = { "hh", "h", "", "l", "z", "j", "t" };
    int equal = 1;

    for (int l = 0; l < 7; l++) {
        for (const char *letter = "diuxXo"; *letter != '\0'; letter++) {
            char format[32];

            snprintf(format, sizeof(format), "%%%s%s%s%c", flag, size,
                     lengths[l], *letter);
            for (int i = 0; i < VALUES; i++)
                equal &= l < 3 ? AGREE(format, (int)values[i])
                               : AGREE(format, values[i]);
        }
    }
    return equal;
}

static int texts_agree(const char *flag, const char *size)
{
    char format[32];
    int equal = 1;

    if (strpbrk(flag, "0+# ") != NULL)
        return 1; /* undefined for %s and %c */
    snprintf(format, sizeof(format), "%%%s%ss", flag, size);
    equal &= AGREE(format, "") & AGREE(format, "hello");
    if (strchr(size, '.') == NULL) {
        snprintf(format, sizeof(format), "%%%s%sc", flag, size);
        equal &= AGREE(format, 'x');
        snprintf(format, sizeof(format), "%%%s%sp", flag, size);
        equal &= AGREE(format, (void *)0xabc123);
    }
    return equal;
}

static void check_rest(void)
{
    char buf[16];

    CHECK(base_snprintf(buf, sizeof(buf), "%d%%", 50) == 3 &&
              strcmp(buf, "50%") == 0,
          "percent sign");
    CHECK(base_snprintf(buf, 4, "%s", "abcdef") == 6 && strcmp(buf, "abc") == 0,
          "a full buffer: cut, terminated, whole length returned");
    CHECK(base_snprintf(NULL, 0, "%d", 12345) == 5, "no buffer at all");
    buf[0] = 'x';
    CHECK(base_snprintf(buf, 1, "abc") == 3 && buf[0] == '\0',
          "room for the terminator only");
    CHECK(base_snprintf(buf, sizeof(buf), "%*d|%-*d", 4, 1, 3, 2) == 8 &&
              strcmp(buf, "   1|2  ") == 0,
          "width as argument");
    CHECK(base_snprintf(buf, sizeof(buf), "%*d", -4, 1) == 4 &&
              strcmp(buf, "1   ") == 0,
          "negative width means left");
    CHECK(base_snprintf(buf, sizeof(buf), "%.*s", 2, "abc") == 2 &&
              strcmp(buf, "ab") == 0,
          "precision as argument");
    CHECK(base_snprintf(buf, sizeof(buf), "%.*s", -1, "abc") == 3,
          "negative precision means none");
    const char *volatile nothing = NULL;
    const char *format = "%y %";

    CHECK(base_snprintf(buf, sizeof(buf), "%s", nothing) == 6 &&
              strcmp(buf, "(null)") == 0,
          "NULL as a string");
    CHECK(base_snprintf(buf, sizeof(buf), "%.3s", (char[]){ 'a', 'b', 'c' }) ==
              3,
          "a string without end, read as far as the precision");
    CHECK(base_snprintf(buf, sizeof(buf), format, 1) == 4 &&
              strcmp(buf, "%y %") == 0,
          "unknown conversions stand as they are");
}

int main(void)
{
    int integers = 1, texts = 1;

    for (size_t f = 0; f < sizeof(flags) / sizeof(flags[0]); f++) {
        for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
            integers &= integers_agree(flags[f], sizes[s]);
            texts &= texts_agree(flags[f], sizes[s]);
        }
    }
    CHECK(integers, "integers in all flags, widths, precisions and lengths");
    CHECK(texts, "strings, characters and pointers");
    check_rest();
    return unit_done();
}
