/*
 * strtol and its relatives, sscanf, the environment, dates.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "check.h"

struct row {
    const char *text;
    int base;
    long value;
    int used; /* characters */
    int error;
};

static const struct row rows[] = {
    { "0", 10, 0, 1, 0 },
    { "  -42x", 10, -42, 5, 0 },
    { "+7", 10, 7, 2, 0 },
    { "0x1F", 0, 31, 4, 0 },
    { "0x1F", 16, 31, 4, 0 },
    { "0x", 16, 0, 1, 0 },
    { "017", 0, 15, 3, 0 },
    { "09", 0, 0, 1, 0 },
    { "zz", 36, 1295, 2, 0 },
    { "102", 2, 2, 2, 0 },
    { "", 10, 0, 0, 0 },
    { "- 1", 10, 0, 0, 0 },
    { "9223372036854775807", 10, LONG_MAX, 19, 0 },
    { "9223372036854775808", 10, LONG_MAX, 19, ERANGE },
    { "-9223372036854775808", 10, LONG_MIN, 20, 0 },
    { "-9223372036854775809", 10, LONG_MIN, 20, ERANGE },
    { "99999999999999999999999", 10, LONG_MAX, 23, ERANGE },
};

static void check_integers(void)
{
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        const struct row *row = &rows[i];
        char *end;

        errno = 0;
        long value = strtol(row->text, &end, row->base);

        CHECK(value == row->value && end - row->text == row->used &&
                  errno == row->error,
              "strtol(\"%s\", %d)", row->text, row->base);
    }
    errno = 0;
    CHECK(strtoul("18446744073709551615", NULL, 10) == ULONG_MAX && errno == 0,
          "the largest unsigned number");
    CHECK(strtoul("18446744073709551616", NULL, 10) == ULONG_MAX &&
              errno == ERANGE,
          "one more");
    CHECK(strtoul("-1", NULL, 10) == ULONG_MAX, "a negative unsigned number");
    CHECK_EQ(atoi(" 12abc"), 12, "atoi");
}

static void check_reals(void)
{
    char *end;

    CHECK(strtod("1.5", NULL) == 1.5, "1.5");
    CHECK(strtod("-0.25e2x", &end) == -25.0 && *end == 'x', "-0.25e2");
    CHECK(strtod(".5e", &end) == 0.5 && *end == 'e', "no exponent after e");
    CHECK(strtod("1e400", NULL) > 1e308, "infinity by overflow");
    CHECK(strtod("x", &end) == 0 && *end == 'x', "no number");
    CHECK(strtod("123456789012345678901234567890", NULL) ==
              1.2345678901234568e29,
          "more digits than fit");
}

static void check_scanning(void)
{
    int a, b, used;
    char word[16], set[16], c;
    unsigned long hex;

    CHECK_EQ(sscanf("12 -7 rest", "%d %d%n", &a, &b, &used), 2, "two numbers");
    CHECK(a == 12 && b == -7 && used == 5, "their values");
    CHECK_EQ(sscanf("key = ab:c", " %15[a-z] = %15[^:]:%c", word, set, &c), 3,
             "sets and characters");
    CHECK(strcmp(word, "key") == 0 && strcmp(set, "ab") == 0 && c == 'c',
          "their values");
    CHECK_EQ(sscanf("ffffffff80000000-x", "%lx-%s", &hex, word), 2, "hex");
    CHECK(hex == 0xffffffff80000000ul, "its value");
    CHECK_EQ(sscanf("5 x", "%d %d", &a, &b), 1, "stops at what does not fit");
    CHECK_EQ(sscanf("", "%d", &a), EOF, "nothing to read");
    CHECK_EQ(sscanf("1 2 3", "%*d %d", &a), 1, "one is left out");
    CHECK_EQ(a, 2, "the second one");
    CHECK_EQ(sscanf("123456", "%3d%d", &a, &b), 2, "width");
    CHECK(a == 123 && b == 456, "their values");
}

static void check_environment(void)
{
    char name[32];
    int all = 1;

    CHECK(getenv("NOT_THERE") == NULL, "an unknown variable");
    CHECK_EQ(setenv("COLOUR", "red", 0), 0, "set");
    CHECK_EQ(setenv("COLOUR", "blue", 0), 0, "do not overwrite");
    CHECK(strcmp(getenv("COLOUR"), "red") == 0, "the old value stays");
    setenv("COLOUR", "blue", 1);
    CHECK(strcmp(getenv("COLOUR"), "blue") == 0, "overwrite");
    CHECK_EQ(unsetenv("COLOUR"), 0, "unset");
    CHECK(getenv("COLOUR") == NULL, "it is gone");
    CHECK_ERRNO(setenv("A=B", "x", 1), EINVAL, "a bad name");
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "VARIABLE_%d", i);
        setenv(name, name + 9, 1);
    }
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "VARIABLE_%d", i);
        all &= getenv(name) != NULL && atoi(getenv(name)) == i;
    }
    CHECK(all, "a hundred variables");
}

static void check_dates(void)
{
    static const struct {
        time_t seconds;
        const char *text;
    } dates[] = {
        { 0, "1970-01-01 00:00:00 Thu 001" },
        { 951782400, "2000-02-29 00:00:00 Tue 060" },
        { 1709164799, "2024-02-28 23:59:59 Wed 059" },
        { 4102444800, "2100-01-01 00:00:00 Fri 001" },
        { -1, "1969-12-31 23:59:59 Wed 365" },
    };
    char text[64];

    for (size_t i = 0; i < ARRAY_LENGTH(dates); i++) {
        struct tm tm;

        gmtime_r(&dates[i].seconds, &tm);
        strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %a %j", &tm);
        CHECK(strcmp(text, dates[i].text) == 0, "%s", dates[i].text);
        CHECK_EQ(timegm(&tm), dates[i].seconds, "and back");
    }
}

int main(void)
{
    check_start();
    check_integers();
    check_reals();
    check_scanning();
    check_environment();
    check_dates();
    return check_done();
}
