/*
 * base/format.h - printf-style formatting, without floating point.
 *
 * The core writes to any sink; snprintf-like functions and the C library's
 * stdio are built on it.  Conversions: %d i u x X o c s p %, lengths hh h l ll
 * z j t, flags - 0 + space #, width and precision as numbers or *.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One conversion as written between % and its letter. */
struct format_spec {
    bool left;        /* - */
    bool zero;        /* 0 */
    bool plus;        /* + */
    bool space;       /* space */
    bool alternate;   /* # */
    bool precise;     /* a precision was given */
    int width;        /* 0 if none */
    int precision;    /* valid if precise */
    int size;         /* bytes of an integer argument */
    bool long_double; /* length L */
    char letter;
};

/* va_list in a structure, so that a pointer to it can be passed on. */
struct format_args {
    va_list list;
};

/* Where text goes.  Derive from it by placing it first in a structure. */
struct format_sink {
    void (*write)(struct format_sink *sink, const char *text, size_t length);
    /* Converts letters unknown to the core, taking its arguments; returns
     * false for letters unknown to it too.  NULL: there are none. */
    bool (*convert)(struct format_sink *sink, const struct format_spec *spec,
                    struct format_args *args);
    size_t length; /* of all text so far, also what a full buffer dropped */
};

/* Formats to sink and returns the number of characters produced. */
int format_to_sink(struct format_sink *sink, const char *format, va_list args);

/* For convert(): writes prefix (sign, 0x), zeros, digits, padded to the
 * width that spec asks for; spec->zero puts zeros between prefix and digits. */
void format_number_text(struct format_sink *sink,
                        const struct format_spec *spec, const char *prefix,
                        size_t zeros, const char *digits, size_t length);

/* As vsnprintf and snprintf: at most size bytes are written, terminated
 * unless size is 0.  Returns the length that the whole text has. */
int base_vsnprintf(char *buf, size_t size, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));
int base_snprintf(char *buf, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
