/*
 * lib/c/print_float.c - %f, %e and %g.
 *
 * The digits are exact (decimal.c); here they are rounded to the precision
 * and laid out.  The layout of a number is at most: digits before the point,
 * the point, digits behind it, exponent.
 */
#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "decimal.h"
#include "print.h"

enum { PRECISION_MAX = 1100 }; /* no double has more digits behind the point */

struct layout {
    char text[DECIMAL_DIGITS + PRECISION_MAX + 16];
    size_t length;
};

static void append(struct layout *out, char c)
{
    out->text[out->length++] = c;
}

/* The digit with the given weight; zero outside of those that are there. */
static char digit_at(const struct decimal *d, long index)
{
    return index >= 0 && (size_t)index < d->length ? d->digits[index] : '0';
}

static void lay_out_fixed(struct layout *out, const struct decimal *d,
                          long precision, bool keep_point)
{
    if (d->length == 0 || d->point <= 0)
        append(out, '0');
    for (long i = 0; d->length > 0 && i < d->point; i++)
        append(out, digit_at(d, i));
    if (precision > 0 || keep_point)
        append(out, '.');
    for (long i = 0; i < precision; i++)
        append(out, digit_at(d, d->point + i));
}

static void lay_out_exponent(struct layout *out, const struct decimal *d,
                             long precision, bool keep_point, char letter)
{
    int exponent = d->length > 0 ? d->point - 1 : 0;
    unsigned size = (unsigned)(exponent < 0 ? -exponent : exponent);

    append(out, digit_at(d, 0));
    if (precision > 0 || keep_point)
        append(out, '.');
    for (long i = 1; i <= precision; i++)
        append(out, digit_at(d, i));
    append(out, letter);
    append(out, exponent < 0 ? '-' : '+');
    if (size >= 100)
        append(out, (char)('0' + size / 100));
    append(out, (char)('0' + size / 10 % 10));
    append(out, (char)('0' + size % 10));
}

/* %g: the shorter of both forms, without zeros at the end. */
static void lay_out_general(struct layout *out, struct decimal *d,
                            long precision, bool keep, char exponent_letter)
{
    if (precision == 0)
        precision = 1;
    decimal_round(d, precision);
    long exponent = d->length > 0 ? d->point - 1 : 0;
    long wanted = keep ? precision : (long)d->length;

    if (wanted == 0)
        wanted = 1;
    if (exponent < -4 || exponent >= precision) {
        lay_out_exponent(out, d, wanted - 1, keep, exponent_letter);
    } else {
        long behind = wanted - 1 - exponent;

        lay_out_fixed(out, d, behind > 0 ? behind : 0, keep);
    }
}

static void lay_out(struct layout *out, const struct format_spec *spec,
                    double value)
{
    struct decimal d;
    long precision = spec->precise ? spec->precision : 6;
    bool is_upper = isupper((unsigned char)spec->letter);

    if (precision > PRECISION_MAX)
        precision = PRECISION_MAX;
    decimal_from_double(&d, value);
    out->length = 0;
    switch (tolower((unsigned char)spec->letter)) {
    case 'f':
        decimal_round(&d, d.point + precision);
        lay_out_fixed(out, &d, precision, spec->alternate);
        break;
    case 'e':
        decimal_round(&d, precision + 1);
        lay_out_exponent(out, &d, precision, spec->alternate,
                         is_upper ? 'E' : 'e');
        break;
    default:
        lay_out_general(out, &d, precision, spec->alternate,
                        is_upper ? 'E' : 'e');
        break;
    }
}

bool print_convert_float(struct format_sink *sink,
                         const struct format_spec *spec,
                         struct format_args *args)
{
    struct format_spec plain = *spec;
    struct layout out;

    if (spec->letter == '\0' || strchr("fFeEgG", spec->letter) == NULL)
        return false;
    double value = spec->long_double ? (double)va_arg(args->list, long double)
                                     : va_arg(args->list, double);
    const char *sign = spec->plus ? "+" : spec->space ? " " : "";

    if (__builtin_signbit(value)) {
        sign = "-";
        value = -value;
    }
    if (__builtin_isfinite(value)) {
        lay_out(&out, spec, value);
        format_number_text(sink, spec, sign, 0, out.text, out.length);
        return true;
    }
    const char *name = __builtin_isnan(value) ? "nan" : "inf";

    if (isupper((unsigned char)spec->letter))
        name = __builtin_isnan(value) ? "NAN" : "INF";
    plain.zero = false;
    format_number_text(sink, &plain, sign, 0, name, 3);
    return true;
}
