/*
 * printf - formats its arguments: printf FORMAT [ARG]...
 *
 * The format is used again while there are arguments left. Conversions are
 * those of the C function for strings and whole numbers, and %b, a string with
 * backslash escapes.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/report.h"

static int status;
static int stopped; /* \c was met: no more output at all */

/* Writes the escape after a backslash; returns what stands after it. */
static const char *escape(const char *p, int octal_zero)
{
    static const char letters[] = "abfnrtv\\\"'";
    static const char values[] = "\a\b\f\n\r\t\v\\\"'";
    const char *found = *p ? strchr(letters, *p) : NULL;
    if (found) {
        putchar(values[found - letters]);
        return p + 1;
    }
    if (*p == 'c') {
        stopped = 1;
        return p + 1;
    }
    if (*p >= '0' && *p <= '7') {
        int value = 0, most = octal_zero && *p == '0' ? 4 : 3;
        for (; most-- && *p >= '0' && *p <= '7'; p++)
            value = value * 8 + (*p - '0');
        putchar(value & 0xff);
        return p;
    }
    putchar('\\');
    return p;
}

static void print_escaped(const char *p)
{
    while (*p && !stopped) {
        if (*p == '\\')
            p = escape(p + 1, 1);
        else
            putchar(*p++);
    }
}

static long long number(const char *text)
{
    char *end;
    if (*text == '\'' || *text == '"')
        return (unsigned char)text[1];
    errno = 0;
    long long value = *text == '-' ? strtoll(text, &end, 0)
                                   : (long long)strtoull(text, &end, 0);
    if (errno || *end || (end == text && *text)) {
        report("'%s': expected a numeric value", text);
        status = 1;
    }
    return value;
}

/* A conversion: its flags, width and precision as in C. */
struct conversion {
    int left, zero, plus, space, alternate;
    int width, precision; /* precision -1: none */
    int letter;
};

/* Reads a width or precision, which "*" takes from the arguments. */
static const char *read_size(const char *p, char ***arguments, int *size)
{
    if (*p == '*') {
        *size = **arguments ? (int)number(*(*arguments)++) : 0;
        return p + 1;
    }
    for (*size = 0; *p >= '0' && *p <= '9'; p++)
        *size = *size < 100000 ? *size * 10 + (*p - '0') : *size;
    return p;
}

static const char *read_conversion(const char *p, char ***arguments,
                                   struct conversion *c)
{
    memset(c, 0, sizeof *c);
    c->precision = -1;
    for (; *p && strchr("-0+ #", *p); p++) {
        c->left |= *p == '-';
        c->zero |= *p == '0';
        c->plus |= *p == '+';
        c->space |= *p == ' ';
        c->alternate |= *p == '#';
    }
    p = read_size(p, arguments, &c->width);
    if (c->width < 0) {
        c->left = 1;
        c->width = -c->width;
    }
    if (*p == '.')
        p = read_size(p + 1, arguments, &c->precision);
    while (*p && strchr("hlqjzt", *p))
        p++;
    c->letter = (unsigned char)*p;
    return *p ? p + 1 : p;
}

static void pad(int count, int c)
{
    while (count-- > 0)
        putchar(c);
}

static void print_string(const struct conversion *c, const char *s)
{
    int length = (int)strlen(s);
    if (c->precision >= 0 && c->precision < length)
        length = c->precision;
    pad(c->left ? 0 : c->width - length, ' ');
    printf("%.*s", length, s);
    pad(c->left ? c->width - length : 0, ' ');
}

static void print_number(const struct conversion *c, const char *argument)
{
    long long value = number(argument);
    unsigned long long size = (unsigned long long)value;
    const char *prefix = "";
    char digits[64];
    if (c->letter == 'd' || c->letter == 'i') {
        prefix = value < 0 ? "-" : c->plus ? "+" : c->space ? " " : "";
        size = value < 0 ? -size : size;
        snprintf(digits, sizeof digits, "%llu", size);
    } else if (c->letter == 'u') {
        snprintf(digits, sizeof digits, "%llu", size);
    } else if (c->letter == 'o') {
        prefix = c->alternate && size ? "0" : "";
        snprintf(digits, sizeof digits, "%llo", size);
    } else {
        prefix = !c->alternate || !size ? "" : c->letter == 'x' ? "0x" : "0X";
        snprintf(digits, sizeof digits, c->letter == 'x' ? "%llx" : "%llX",
                 size);
    }
    int length = (int)strlen(digits), head = (int)strlen(prefix), zeros = 0;
    if (c->precision > length)
        zeros = c->precision - length;
    else if (c->zero && !c->left && c->precision < 0)
        zeros = c->width - head - length;
    zeros = zeros > 0 ? zeros : 0;
    pad(c->left ? 0 : c->width - head - zeros - length, ' ');
    printf("%s", prefix);
    pad(zeros, '0');
    printf("%s", digits);
    pad(c->left ? c->width - head - zeros - length : 0, ' ');
}

static void print_conversion(const struct conversion *c, const char *argument)
{
    char one[2] = { argument ? *argument : 0, 0 };
    switch (c->letter) {
    case 's':
        print_string(c, argument ? argument : "");
        break;
    case 'c':
        print_string(c, one);
        break;
    case 'b':
        print_escaped(argument ? argument : "");
        break;
    case 'd':
    case 'i':
    case 'u':
    case 'o':
    case 'x':
    case 'X':
        print_number(c, argument ? argument : "0");
        break;
    default:
        report("%%%c: invalid conversion specification", c->letter);
        status = 1;
        stopped = 1;
    }
}

/* Goes through the format once; returns the arguments that are left. */
static char **print_format(const char *p, char **arguments)
{
    while (*p && !stopped) {
        struct conversion c;
        if (*p == '\\') {
            p = escape(p + 1, 0);
        } else if (*p != '%') {
            putchar(*p++);
        } else if (p[1] == '%') {
            putchar('%');
            p += 2;
        } else {
            p = read_conversion(p + 1, &arguments, &c);
            print_conversion(&c, *arguments);
            if (*arguments)
                arguments++;
        }
    }
    return arguments;
}

int main(int argc, char **argv)
{
    report_set_name(argv[0], "printf");
    if (argc > 1 && strcmp(argv[1], "--") == 0) {
        argc--;
        argv++;
    }
    if (argc < 2) {
        report("missing operand");
        return 1;
    }
    char **left = argv + 2, **before;
    do {
        before = left;
        left = print_format(argv[1], left);
    } while (*left && left != before && !stopped);
    return report_finish(status);
}
