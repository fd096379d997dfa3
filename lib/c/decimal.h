/*
 * lib/c/decimal.h - exact decimal digits of a floating-point number.
 */
#pragma once

#include <stddef.h>

enum {
    DECIMAL_INTEGER_WORDS = 36, /* 324 digits: below 2^1024 */
    DECIMAL_WORDS = 156,        /* and 1080 behind the point: 2^-1074 */
    DECIMAL_DIGITS = DECIMAL_WORDS * 9,
};

/* value = 0.DDDD... times ten to the power of point, without zeros at either
 * end; zero has no digits. */
struct decimal {
    char digits[DECIMAL_DIGITS]; /* '0' to '9' */
    size_t length;
    int point;
};

/* All digits of a finite value that is not negative. */
void decimal_from_double(struct decimal *d, double value);

/* Rounds to count digits (0 or fewer leave 0 or 1 of them), half to even;
 * d->length is at most count afterwards. */
void decimal_round(struct decimal *d, long count);
