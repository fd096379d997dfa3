/*
 * base/format.c - the core of all printf-like functions.
 *
 * Idea:  format_to_sink() copies plain text and reads conversions one by one
 *        into a struct format_spec; each kind of conversion has a function
 *        that turns its argument into text.
 * Locks: none; all state is in the caller's sink.
 */
#include "base/format.h"

#include "base/string.h"

enum { DIGITS_MAX = 22 }; /* 64 bits in octal */

static const char *parse_spec(const char *p, struct format_spec *spec,
                              struct format_args *args);
static bool convert_one(struct format_sink *sink,
                        const struct format_spec *spec,
                        struct format_args *args);

static void put(struct format_sink *sink, const char *text, size_t length)
{
    sink->write(sink, text, length);
    sink->length += length;
}

static void put_repeated(struct format_sink *sink, char c, size_t count)
{
    char block[16];

    memset(block, c, sizeof(block));
    while (count > 0) {
        size_t part = count < sizeof(block) ? count : sizeof(block);

        put(sink, block, part);
        count -= part;
    }
}

int format_to_sink(struct format_sink *sink, const char *format, va_list args)
{
    struct format_args copy;
    size_t before = sink->length;

    va_copy(copy.list, args);
    while (*format != '\0') {
        const char *plain = format;

        while (*format != '\0' && *format != '%')
            format++;
        if (format > plain)
            put(sink, plain, (size_t)(format - plain));
        if (*format == '\0')
            break;

        struct format_spec spec;
        const char *start = format;

        format = parse_spec(format + 1, &spec, &copy);
        if (!convert_one(sink, &spec, &copy)) {
            /* Unknown: show it as it stands. */
            put(sink, start, (size_t)(format - start));
        }
    }
    va_end(copy.list);
    return (int)(sink->length - before);
}

/* Reads a number, or * for an argument; leaves p behind it. */
static int parse_number(const char **p, struct format_args *args)
{
    int n = 0;

    if (**p == '*') {
        (*p)++;
        return va_arg(args->list, int);
    }
    for (; **p >= '0' && **p <= '9'; (*p)++)
        if (n < 100000000)
            n = n * 10 + (**p - '0');
    return n;
}

static const char *parse_flags(const char *p, struct format_spec *spec)
{
    for (;; p++) {
        if (*p == '-')
            spec->left = true;
        else if (*p == '0')
            spec->zero = true;
        else if (*p == '+')
            spec->plus = true;
        else if (*p == ' ')
            spec->space = true;
        else if (*p == '#')
            spec->alternate = true;
        else
            return p;
    }
}

static const char *parse_length(const char *p, struct format_spec *spec)
{
    spec->size = sizeof(int);
    switch (*p) {
    case 'h':
        spec->size = p[1] == 'h' ? sizeof(char) : sizeof(short);
        return p[1] == 'h' ? p + 2 : p + 1;
    case 'l':
        spec->size = sizeof(long);
        return p[1] == 'l' ? p + 2 : p + 1;
    case 'z':
    case 'j':
    case 't':
        spec->size = sizeof(long);
        return p + 1;
    case 'L':
        spec->long_double = true;
        return p + 1;
    default:
        return p;
    }
}

/* p stands behind the %; returns the place behind the conversion. */
static const char *parse_spec(const char *p, struct format_spec *spec,
                              struct format_args *args)
{
    *spec = (struct format_spec){ 0 };
    p = parse_flags(p, spec);
    spec->width = parse_number(&p, args);
    if (spec->width < 0) {
        spec->left = true;
        spec->width = -spec->width;
    }
    if (*p == '.') {
        p++;
        spec->precision = parse_number(&p, args);
        spec->precise = spec->precision >= 0;
    }
    p = parse_length(p, spec);
    spec->letter = *p;
    return *p == '\0' ? p : p + 1;
}

static int64_t get_signed(const struct format_spec *spec,
                          struct format_args *args)
{
    switch (spec->size) {
    case sizeof(char):
        return (signed char)va_arg(args->list, int);
    case sizeof(short):
        return (short)va_arg(args->list, int);
    case sizeof(int):
        return va_arg(args->list, int);
    default:
        return va_arg(args->list, long);
    }
}

static uint64_t get_unsigned(const struct format_spec *spec,
                             struct format_args *args)
{
    switch (spec->size) {
    case sizeof(char):
        return (unsigned char)va_arg(args->list, unsigned);
    case sizeof(short):
        return (unsigned short)va_arg(args->list, unsigned);
    case sizeof(int):
        return va_arg(args->list, unsigned);
    default:
        return va_arg(args->list, unsigned long);
    }
}

void format_number_text(struct format_sink *sink,
                        const struct format_spec *spec, const char *prefix,
                        size_t zeros, const char *digits, size_t length)
{
    size_t prefix_length = strlen(prefix);
    size_t total = prefix_length + zeros + length;
    size_t pad = (size_t)spec->width > total ? spec->width - total : 0;

    if (spec->zero && !spec->left) {
        zeros += pad;
        pad = 0;
    }
    if (!spec->left)
        put_repeated(sink, ' ', pad);
    put(sink, prefix, prefix_length);
    put_repeated(sink, '0', zeros);
    put(sink, digits, length);
    if (spec->left)
        put_repeated(sink, ' ', pad);
}

static void convert_integer(struct format_sink *sink, struct format_spec spec,
                            uint64_t value, unsigned base, const char *prefix)
{
    const char *symbols =
        spec.letter == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    char digits[DIGITS_MAX];
    size_t length = 0;

    for (; value > 0; value /= base)
        digits[DIGITS_MAX - ++length] = symbols[value % base];

    size_t wanted = spec.precise ? (size_t)spec.precision : 1;

    if (base == 8 && spec.alternate && wanted <= length)
        wanted = length + 1;
    if (spec.precise)
        spec.zero = false;
    format_number_text(sink, &spec, prefix,
                       wanted > length ? wanted - length : 0,
                       digits + DIGITS_MAX - length, length);
}

static void convert_signed(struct format_sink *sink,
                           const struct format_spec *spec, int64_t value)
{
    const char *sign = spec->plus ? "+" : spec->space ? " " : "";

    if (value < 0)
        convert_integer(sink, *spec, -(uint64_t)value, 10, "-");
    else
        convert_integer(sink, *spec, (uint64_t)value, 10, sign);
}

static void convert_hex(struct format_sink *sink,
                        const struct format_spec *spec, uint64_t value)
{
    const char *prefix = spec->letter == 'X' ? "0X" : "0x";

    if (!spec->alternate || value == 0)
        prefix = "";
    convert_integer(sink, *spec, value, 16, prefix);
}

static void convert_text(struct format_sink *sink, struct format_spec spec,
                         const char *text)
{
    if (text == NULL)
        text = "(null)";
    spec.zero = false;
    format_number_text(sink, &spec, "", 0, text,
                       spec.precise ? strnlen(text, (size_t)spec.precision)
                                    : strlen(text));
}

static void convert_character(struct format_sink *sink, struct format_spec spec,
                              char c)
{
    spec.zero = false;
    format_number_text(sink, &spec, "", 0, &c, 1);
}

static bool convert_one(struct format_sink *sink,
                        const struct format_spec *spec,
                        struct format_args *args)
{
    switch (spec->letter) {
    case 'd':
    case 'i':
        convert_signed(sink, spec, get_signed(spec, args));
        return true;
    case 'u':
        convert_integer(sink, *spec, get_unsigned(spec, args), 10, "");
        return true;
    case 'o':
        convert_integer(sink, *spec, get_unsigned(spec, args), 8, "");
        return true;
    case 'x':
    case 'X':
        convert_hex(sink, spec, get_unsigned(spec, args));
        return true;
    case 'p':
        convert_integer(sink, *spec,
                        (uintptr_t)va_arg(args->list, const void *), 16, "0x");
        return true;
    case 'c':
        convert_character(sink, *spec, (char)va_arg(args->list, int));
        return true;
    case 's':
        convert_text(sink, *spec, va_arg(args->list, const char *));
        return true;
    case '%':
        put(sink, "%", 1);
        return true;
    default:
        return sink->convert != NULL && sink->convert(sink, spec, args);
    }
}

struct buffer_sink {
    struct format_sink sink;
    char *buf;
    size_t size;
};

static void buffer_write(struct format_sink *sink, const char *text,
                         size_t length)
{
    struct buffer_sink *b = (struct buffer_sink *)sink;

    if (sink->length < b->size) {
        size_t room = b->size - sink->length;

        memcpy(b->buf + sink->length, text, length < room ? length : room);
    }
}

int base_vsnprintf(char *buf, size_t size, const char *format, va_list args)
{
    struct buffer_sink b = {
        .sink = { .write = buffer_write },
        .buf = buf,
        .size = size > 0 ? size - 1 : 0, /* room for the terminator */
    };
    int length = format_to_sink(&b.sink, format, args);

    if (size > 0)
        buf[(size_t)length < size ? (size_t)length : size - 1] = '\0';
    return length;
}

int base_snprintf(char *buf, size_t size, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int length = base_vsnprintf(buf, size, format, args);

    va_end(args);
    return length;
}
