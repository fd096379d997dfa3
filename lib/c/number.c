/*
 * lib/c/number.c - numbers from text, and small arithmetic of stdlib.h.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Value of a digit in any base up to 36, or 36 if it is none. */
static unsigned digit_value(char c)
{
    if (isdigit((unsigned char)c))
        return (unsigned)(c - '0');
    if (isalpha((unsigned char)c))
        return (unsigned)(tolower((unsigned char)c) - 'a') + 10;
    return 36;
}

struct parsed {
    unsigned long value; /* absolute */
    bool negative;
    bool overflow;
};

/* Skips space, sign and prefix, and settles base 0. */
static const char *parse_start(const char *p, int *base, bool *negative)
{
    while (isspace((unsigned char)*p))
        p++;
    *negative = *p == '-';
    if (*p == '-' || *p == '+')
        p++;
    if ((*base == 0 || *base == 16) && p[0] == '0' &&
        (p[1] == 'x' || p[1] == 'X') && digit_value(p[2]) < 16) {
        *base = 16;
        return p + 2;
    }
    if (*base == 0)
        *base = *p == '0' ? 8 : 10;
    return p;
}

static struct parsed parse_integer(const char *text, char **end, int base)
{
    struct parsed result = { 0 };

    if (end != NULL)
        *end = (char *)(uintptr_t)text;
    if (base < 0 || base == 1 || base > 36) {
        errno = EINVAL;
        return result;
    }
    const char *p = parse_start(text, &base, &result.negative);
    const char *first = p;

    for (; digit_value(*p) < (unsigned)base; p++) {
        if (__builtin_mul_overflow(result.value, (unsigned long)base,
                                   &result.value) ||
            __builtin_add_overflow(result.value, digit_value(*p),
                                   &result.value))
            result.overflow = true;
    }
    if (end != NULL && p > first)
        *end = (char *)(uintptr_t)p;
    return result;
}

unsigned long strtoul(const char *text, char **end, int base)
{
    struct parsed n = parse_integer(text, end, base);

    if (n.overflow) {
        errno = ERANGE;
        return ULONG_MAX;
    }
    return n.negative ? -n.value : n.value;
}

long strtol(const char *text, char **end, int base)
{
    struct parsed n = parse_integer(text, end, base);
    unsigned long limit = (unsigned long)LONG_MAX + n.negative;

    if (n.overflow || n.value > limit) {
        errno = ERANGE;
        return n.negative ? LONG_MIN : LONG_MAX;
    }
    return (long)(n.negative ? -n.value : n.value);
}

long long strtoll(const char *text, char **end, int base)
{
    return strtol(text, end, base);
}

unsigned long long strtoull(const char *text, char **end, int base)
{
    return strtoul(text, end, base);
}

intmax_t strtoimax(const char *text, char **end, int base)
{
    return strtol(text, end, base);
}

uintmax_t strtoumax(const char *text, char **end, int base)
{
    return strtoul(text, end, base);
}

int atoi(const char *text)
{
    return (int)strtol(text, NULL, 10);
}

long atol(const char *text)
{
    return strtol(text, NULL, 10);
}

long long atoll(const char *text)
{
    return strtol(text, NULL, 10);
}

/* Multiplies by a power of ten, in the wider type's precision. */
static long double scale(long double value, long exponent)
{
    long double power = 10;
    bool down = exponent < 0;

    for (unsigned long n = (unsigned long)labs(exponent); n > 0; n /= 2) {
        if (n % 2 != 0)
            value = down ? value / power : value * power;
        power *= power;
    }
    return value;
}

/* Reads an exponent such as e-12; leaves p alone if there is none. */
static long parse_exponent(const char **p)
{
    char *end;

    if (**p != 'e' && **p != 'E')
        return 0;
    if (!isdigit((unsigned char)(*p)[1]) &&
        !(((*p)[1] == '-' || (*p)[1] == '+') &&
          isdigit((unsigned char)(*p)[2])))
        return 0;
    long exponent = strtol(*p + 1, &end, 10);

    *p = end;
    return exponent > 9999 ? 9999 : exponent < -9999 ? -9999 : exponent;
}

/* Digits before and after the point; 19 are kept, the others only counted. */
static const char *parse_digits(const char *p, long double *value,
                                long *exponent)
{
    unsigned long digits = 0;
    int kept = 0;
    bool after_point = false;

    for (;; p++) {
        if (*p == '.' && !after_point) {
            after_point = true;
            continue;
        }
        if (!isdigit((unsigned char)*p))
            break;
        if (kept < 19) {
            digits = digits * 10 + (unsigned long)(*p - '0');
            kept += digits != 0;
            *exponent -= after_point;
        } else {
            *exponent += !after_point;
        }
    }
    *value = digits;
    return p;
}

double strtod(const char *text, char **end)
{
    const char *p = text;
    long double value = 0;
    long exponent = 0;

    while (isspace((unsigned char)*p))
        p++;
    bool negative = *p == '-';

    if (*p == '-' || *p == '+')
        p++;
    if (strncasecmp(p, "inf", 3) == 0) {
        value = __builtin_inf();
        p += strncasecmp(p, "infinity", 8) == 0 ? 8 : 3;
    } else if (strncasecmp(p, "nan", 3) == 0) {
        value = __builtin_nan("");
        p += 3;
    } else if (isdigit((unsigned char)*p) ||
               (*p == '.' && isdigit((unsigned char)p[1]))) {
        p = parse_digits(p, &value, &exponent);
        exponent += parse_exponent(&p);
        if (value != 0)
            value = scale(value, exponent);
        if (value > __DBL_MAX__)
            errno = ERANGE;
    } else {
        p = text;
    }
    if (end != NULL)
        *end = (char *)(uintptr_t)p;
    return (double)(negative ? -value : value);
}

float strtof(const char *text, char **end)
{
    return (float)strtod(text, end);
}

double atof(const char *text)
{
    return strtod(text, NULL);
}

int abs(int n)
{
    return n < 0 ? -n : n;
}

long labs(long n)
{
    return n < 0 ? -n : n;
}

long long llabs(long long n)
{
    return n < 0 ? -n : n;
}

div_t div(int a, int b)
{
    return (div_t){ a / b, a % b };
}

ldiv_t ldiv(long a, long b)
{
    return (ldiv_t){ a / b, a % b };
}
