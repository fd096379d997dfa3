/*
 * printf: numbers, text and floating point, compared with what the standard
 * says they look like.
 */
#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "check.h"

/* The formatted text is the expected one, and its length is returned. */
CHECK_PRINTF(2, 3)
static void is(const char *expected, const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    int length = vsnprintf(text, sizeof(text), format, args);

    va_end(args);
    CHECK(strcmp(text, expected) == 0 && (size_t)length == strlen(expected),
          "%s -> \"%s\", got \"%s\"", format, expected, text);
}

static void check_integers(void)
{
    is("0 -1 2147483647 -2147483648", "%d %i %d %d", 0, -1, INT_MAX, INT_MIN);
    is("9223372036854775807", "%ld", LONG_MAX);
    is("18446744073709551615", "%lu", ULONG_MAX);
    is("ff FF 0xff 377 0377", "%x %X %#x %o %#o", 255, 255, 255, 255, 255);
    is("   42|42   |00042|+42| 42", "%5d|%-5d|%05d|%+d|% d", 42, 42, 42, 42,
       42);
    is("  007", "%5.3d", 7);
    is("-1 255", "%hhd %hhu", (signed char)-1, (unsigned char)255);
    is("12", "%zu", (size_t)12);
    is("[   7] [7   ]", "[%*d] [%-*d]", 4, 7, 4, 7);
}

static void check_text(void)
{
    is("hello", "%s", "hello");
    is("   ab|ab   |a", "%5s|%-5s|%.1s", "ab", "ab", "ab");
    is("x%y", "%c%%%c", 'x', 'y');
    is("0x10", "%p", (void *)16);
}

static void check_fixed(void)
{
    is("0.000000 1.500000 -2.250000", "%f %f %f", 0.0, 1.5, -2.25);
    is("3.14 3 3.", "%.2f %.0f %#.0f", 3.14159, 3.14159, 3.14159);
    is("0 2 2 4", "%.0f %.0f %.0f %.0f", 0.5, 1.5, 2.5, 3.5);
    is("0.9 10.00 0.10", "%.1f %.2f %.2f", 0.95, 9.999, 0.0999);
    is("0.1000000000000000055511151231257827", "%.34f", 0.1);
    is("100000000000000000000.0", "%.1f", 1e20);
    is("2500000000000000000 36028797018963968", "%.0f %.0f", 2.5e18,
       36028797018963970.0);
    is("9999999999999999464902769475481793196872414789632", "%.0f", 1e49);
    is("    1.50|1.50    |00001.50|+1.50", "%8.2f|%-8.2f|%08.2f|%+.2f", 1.5,
       1.5, 1.5, 1.5);
    is("-0.0 inf -INF nan", "%.1f %f %F %f", -0.0, INFINITY, -INFINITY,
       (double)NAN);
}

static void check_exponents(void)
{
    is("1.000000e+00 1.234568e+05 1.00E-10", "%e %e %.2E", 1.0, 123456.789,
       1e-10);
    is("0.000000e+00 9e+99 1e+100", "%e %.0e %.0e", 0.0, 9.4e99, 9.9e99);
    is("1.7976931348623157e+308", "%.16e", DBL_MAX);
    is("4.9406564584124654e-324", "%.16e", 4.9406564584124654e-324);
    is("2.2250738585072014e-308", "%.16e", DBL_MIN);
}

static void check_general(void)
{
    is("0 1 1.5 100000 1e+06", "%g %g %g %g %g", 0.0, 1.0, 1.5, 100000.0,
       1000000.0);
    is("0.0001 1e-05 0.000123457", "%g %g %g", 0.0001, 0.00001, 0.000123456789);
    is("3.1 3.10000", "%g %#g", 3.1, 3.1);
    is("1e+01 10 9.99", "%.1g %.2g %.3g", 9.99, 9.99, 9.99);
}

/* Every double has the digits that lead back to it. */
static void check_round_trip(void)
{
    char text[64];
    int equal = 1;

    srand(7);
    for (int i = 0; i < 2000; i++) {
        double value = (double)rand() / 3 * (i % 2 ? 1e-7 : 1e5);

        snprintf(text, sizeof(text), "%.17g", value);
        double back = strtod(text, NULL);

        equal &= fabs(back - value) <= fabs(value) * DBL_EPSILON;
    }
    CHECK(equal, "%%.17g and strtod lead back");
}

static void check_limits(void)
{
    char text[8] = "xxxxxxx";
    char *memory;
    volatile size_t size = 4;

    CHECK_EQ(snprintf(NULL, 0, "%d", 1234), 4, "length without a buffer");
    CHECK_EQ(snprintf(text, size, "%s", "abcdef"), 6, "length of cut text");
    CHECK(strcmp(text, "abc") == 0 && text[4] == 'x', "cut and terminated");
    CHECK_EQ(asprintf(&memory, "%0300d", 1), 300, "asprintf");
    CHECK_EQ(strlen(memory), 300, "asprintf made room");
    free(memory);
}

int main(void)
{
    check_start();
    check_integers();
    check_text();
    check_fixed();
    check_exponents();
    check_general();
    check_round_trip();
    check_limits();
    return check_done();
}
