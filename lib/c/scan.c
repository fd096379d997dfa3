/*
 * lib/c/scan.c - sscanf: reading values from text by a format.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELD_MAX = 512 }; /* characters of a number */

struct scan_spec {
    bool discard; /* * */
    int width;    /* 0: none */
    int size;     /* bytes of the target integer */
    char letter;
    const char *set, *set_end; /* of %[ */
};

/* Reads a %[ set; p stands behind the bracket.  Returns what follows it. */
static const char *parse_set(const char *p, struct scan_spec *spec)
{
    spec->set = p;
    if (*p == '^')
        p++;
    if (*p == ']')
        p++;
    while (*p != '\0' && *p != ']')
        p++;
    spec->set_end = p;
    return *p == ']' ? p + 1 : p;
}

static const char *parse_spec(const char *p, struct scan_spec *spec)
{
    *spec = (struct scan_spec){ .size = sizeof(int) };
    if (*p == '*') {
        spec->discard = true;
        p++;
    }
    while (isdigit((unsigned char)*p))
        spec->width = spec->width * 10 + (*p++ - '0');
    if (*p == 'h') {
        spec->size = p[1] == 'h' ? sizeof(char) : sizeof(short);
        p += p[1] == 'h' ? 2 : 1;
    } else if (*p == 'l' || *p == 'z' || *p == 'j' || *p == 't') {
        spec->size = sizeof(long);
        p += p[1] == 'l' ? 2 : 1;
    }
    spec->letter = *p;
    if (*p != '\0')
        p++;
    return spec->letter == '[' ? parse_set(p, spec) : p;
}

static bool is_in_set(const struct scan_spec *spec, char c)
{
    const char *p = spec->set;
    bool inverse = *p == '^';

    for (p += inverse; p < spec->set_end; p++) {
        if (p[1] == '-' && p + 2 < spec->set_end) {
            if (c >= p[0] && c <= p[2])
                return !inverse;
            p += 2;
        } else if (c == *p) {
            return !inverse;
        }
    }
    return inverse;
}

static void store_integer(void *target, int size, unsigned long value)
{
    if (size == sizeof(long))
        *(unsigned long *)target = value;
    else if (size == sizeof(int))
        *(unsigned *)target = (unsigned)value;
    else if (size == sizeof(short))
        *(unsigned short *)target = (unsigned short)value;
    else
        *(unsigned char *)target = (unsigned char)value;
}

/* Reads a number from *text, no further than the width.  False if none. */
static bool scan_number(const char **text, const struct scan_spec *spec,
                        void *target)
{
    char field[FIELD_MAX], *end;
    size_t limit = spec->width > 0 && spec->width < FIELD_MAX
                       ? (size_t)spec->width
                       : FIELD_MAX - 1;
    bool is_signed = strchr("di", spec->letter) != NULL;
    int base = spec->letter == 'i'                   ? 0
               : spec->letter == 'o'                 ? 8
               : strchr("xXp", spec->letter) != NULL ? 16
                                                     : 10;
    unsigned long value = 0;
    double real = 0;

    *(char *)mempcpy(field, *text, strnlen(*text, limit)) = '\0';
    if (strchr("feg", spec->letter) != NULL)
        real = strtod(field, &end);
    else if (is_signed)
        value = (unsigned long)strtol(field, &end, base);
    else
        value = strtoul(field, &end, base);
    if (end == field)
        return false;
    *text += end - field;
    if (target == NULL)
        return true;
    if (strchr("feg", spec->letter) == NULL)
        store_integer(target,
                      spec->letter == 'p' ? (int)sizeof(long) : spec->size,
                      value);
    else if (spec->size == sizeof(long))
        *(double *)target = real;
    else
        *(float *)target = (float)real;
    return true;
}

/* Reads %s, %c or %[.  False if not a single character fits. */
static bool scan_text(const char **text, const struct scan_spec *spec,
                      char *target)
{
    size_t limit = spec->width > 0       ? (size_t)spec->width
                   : spec->letter == 'c' ? 1
                                         : SIZE_MAX;
    size_t length = 0;

    for (; length < limit; length++) {
        char c = (*text)[length];

        if (c == '\0' || (spec->letter == 's' && isspace((unsigned char)c)) ||
            (spec->letter == '[' && !is_in_set(spec, c)))
            break;
    }
    if (length == 0 || (spec->letter == 'c' && length < limit))
        return false;
    if (target != NULL) {
        memcpy(target, *text, length);
        if (spec->letter != 'c')
            target[length] = '\0';
    }
    *text += length;
    return true;
}

static void skip_space(const char **text)
{
    while (isspace((unsigned char)**text))
        (*text)++;
}

int vsscanf(const char *text, const char *format, va_list args)
{
    const char *start = text;
    int count = 0;

    while (*format != '\0') {
        struct scan_spec spec;

        if (isspace((unsigned char)*format)) {
            skip_space(&text);
            format++;
            continue;
        }
        if (*format != '%' || format[1] == '%') {
            if (*format == '%') {
                skip_space(&text);
                format++;
            }
            if (*text != *format)
                return *text == '\0' && count == 0 ? EOF : count;
            text++;
            format++;
            continue;
        }
        format = parse_spec(format + 1, &spec);
        if (spec.letter == '\0' ||
            strchr("diuxXopcs[nfeg", spec.letter) == NULL)
            return count;
        void *target = spec.discard ? NULL : va_arg(args, void *);

        if (spec.letter == 'n') {
            if (target != NULL)
                store_integer(target, spec.size, (size_t)(text - start));
            continue;
        }
        if (strchr("c[", spec.letter) == NULL)
            skip_space(&text);
        if (*text == '\0')
            return count > 0 ? count : EOF;
        if (strchr("cs[", spec.letter) != NULL
                ? !scan_text(&text, &spec, target)
                : !scan_number(&text, &spec, target))
            return count;
        count += !spec.discard;
    }
    return count;
}

int sscanf(const char *text, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int count = vsscanf(text, format, args);

    va_end(args);
    return count;
}
