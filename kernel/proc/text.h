/*
 * proc/text.h - a string that grows while it is printed to.
 *
 * The contents of /proc files are built with it.  Running out of memory is
 * noted in the text and reported once, by text_error(), so that printing needs
 * no checks.  Locks: none; the text belongs to whoever prints.
 */
#pragma once

#include "core/types.h"

struct text {
    char *bytes;     /* kmalloc'ed, NULL while empty */
    size_t length;   /* used */
    size_t capacity; /* allocated */
    bool failed;     /* memory ran out: bytes are missing */
};

/* A struct text of zeroes is an empty text. */
void text_printf(struct text *text, const char *format, ...) __printf(2, 3);
void text_append(struct text *text, const void *bytes, size_t count);

/* Append spaces until the text is `length` long (nothing if it is longer). */
void text_pad(struct text *text, size_t length);

/* 0, or -ENOMEM if anything is missing. */
__must_check int text_error(const struct text *text);

/* Free the bytes; the text is empty again. */
void text_free(struct text *text);
