/*
 * lib/c/decimal.c - doubles in decimal, exactly.
 *
 * Idea: a double is a 53-bit integer times a power of two.  The integer is
 *       put into an array of words of nine decimal digits with a point in the
 *       middle and doubled or halved as often as needed, several bits at a
 *       time.  Halving a finite decimal fraction ends, so nothing is lost.
 */
#include "decimal.h"

#include <stdint.h>
#include <string.h>

enum {
    WORD_LIMIT = 1000000000, /* words hold 0 .. WORD_LIMIT - 1 */
    LEFT_BITS = 29,          /* so that word << bits + carry fits */
    RIGHT_BITS = 9,          /* WORD_LIMIT is divisible by 2^9 */
};

static void multiply_by_power(uint32_t *words, int bits)
{
    uint64_t carry = 0;

    for (int i = DECIMAL_INTEGER_WORDS - 1; i >= 0; i--) {
        carry += (uint64_t)words[i] << bits;
        words[i] = (uint32_t)(carry % WORD_LIMIT);
        carry /= WORD_LIMIT;
    }
}

/* Returns the index behind the last word that is not zero. */
static int divide_by_power(uint32_t *words, int end, int bits)
{
    uint32_t remainder = 0;

    for (int i = DECIMAL_INTEGER_WORDS - 2; i < end || remainder != 0; i++) {
        uint32_t word = words[i];

        words[i] = (word >> bits) + remainder * (WORD_LIMIT >> bits);
        remainder = word & ((1u << bits) - 1);
        if (i >= end)
            end = i + 1;
    }
    return end;
}

/* Writes the words as digits, from the first one that is not zero. */
static void write_digits(struct decimal *d, const uint32_t *words, int end)
{
    int first = 0;

    while (first < end && words[first] == 0)
        first++;
    d->length = 0;
    d->point = (DECIMAL_INTEGER_WORDS - first) * 9;
    for (int i = first; i < end; i++) {
        uint32_t word = words[i];

        for (int k = 8; k >= 0; k--, word /= 10)
            d->digits[d->length + (size_t)k] = (char)('0' + word % 10);
        d->length += 9;
    }
    size_t zeros = 0;

    while (zeros < d->length && d->digits[zeros] == '0')
        zeros++;
    memmove(d->digits, d->digits + zeros, d->length - zeros);
    d->length -= zeros;
    d->point -= (int)zeros;
    while (d->length > 0 && d->digits[d->length - 1] == '0')
        d->length--;
}

void decimal_from_double(struct decimal *d, double value)
{
    uint32_t words[DECIMAL_WORDS] = { 0 };
    uint64_t bits;
    int end = DECIMAL_INTEGER_WORDS;

    memcpy(&bits, &value, sizeof(bits));
    uint64_t mantissa = bits & ((1ul << 52) - 1);
    int exponent = (int)(bits >> 52 & 0x7ff);

    if (exponent == 0)
        exponent = 1; /* a subnormal number: no hidden bit */
    else
        mantissa |= 1ul << 52;
    exponent -= 1075; /* bias 1023, and 52 bits behind the point */

    words[end - 1] = (uint32_t)(mantissa % WORD_LIMIT);
    words[end - 2] = (uint32_t)(mantissa / WORD_LIMIT);
    while (exponent > 0) {
        int step = exponent < LEFT_BITS ? exponent : LEFT_BITS;

        multiply_by_power(words, step);
        exponent -= step;
    }
    while (exponent < 0) {
        int step = -exponent < RIGHT_BITS ? -exponent : RIGHT_BITS;

        end = divide_by_power(words, end, step);
        exponent += step;
    }
    write_digits(d, words, end);
    if (d->length == 0)
        d->point = 0;
}

static int rounds_up(const struct decimal *d, size_t count)
{
    if (d->digits[count] != '5')
        return d->digits[count] > '5';
    if (d->length > count + 1)
        return 1; /* more than half: trailing zeros were cut off */
    return count > 0 && (d->digits[count - 1] - '0') % 2 != 0;
}

void decimal_round(struct decimal *d, long count)
{
    if (count < 0) {
        d->length = 0;
        return;
    }
    if ((size_t)count >= d->length)
        return;
    int up = rounds_up(d, (size_t)count);

    /* Nines become zeros, and zeros at the end go. */
    d->length = (size_t)count;
    while (d->length > 0 && d->digits[d->length - 1] == (up ? '9' : '0'))
        d->length--;
    if (!up)
        return;
    if (d->length > 0) {
        d->digits[d->length - 1]++;
        return;
    }
    d->digits[0] = '1';
    d->length = 1;
    d->point++;
}
