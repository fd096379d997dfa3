/*
 * proc/text.c - see text.h.  The capacity doubles, so that building a text of
 * n bytes copies at most n more.
 */
#include "proc/text.h"

#include "abi/errno.h"
#include "base/format.h"
#include "base/string.h"
#include "mem/slab.h"

enum { TEXT_FIRST_BYTES = 512 };

static bool text_reserve(struct text *text, size_t more)
{
    size_t capacity = MAX(text->capacity, (size_t)TEXT_FIRST_BYTES);

    if (text->failed)
        return false;
    if (text->capacity - text->length >= more)
        return true;
    while (capacity - text->length < more)
        capacity *= 2;
    char *bytes = kmalloc(capacity);
    if (!bytes) {
        text->failed = true;
        return false;
    }
    if (text->length != 0)
        memcpy(bytes, text->bytes, text->length);
    kfree(text->bytes);
    text->bytes = bytes;
    text->capacity = capacity;
    return true;
}

void text_append(struct text *text, const void *bytes, size_t count)
{
    if (!text_reserve(text, count))
        return;
    memcpy(text->bytes + text->length, bytes, count);
    text->length += count;
}

void text_pad(struct text *text, size_t length)
{
    if (text->length >= length || !text_reserve(text, length - text->length))
        return;
    memset(text->bytes + text->length, ' ', length - text->length);
    text->length = length;
}

/* Formatting goes through this sink. */
struct text_sink {
    struct format_sink sink; /* first: sinks are cast to it */
    struct text *text;
};

static void sink_write(struct format_sink *sink, const char *bytes,
                       size_t count)
{
    text_append(((struct text_sink *)sink)->text, bytes, count);
}

void text_printf(struct text *text, const char *format, ...)
{
    struct text_sink sink = { .sink = { .write = sink_write }, .text = text };
    va_list args;

    va_start(args, format);
    format_to_sink(&sink.sink, format, args);
    va_end(args);
}

int text_error(const struct text *text)
{
    return text->failed ? -ENOMEM : 0;
}

void text_free(struct text *text)
{
    kfree(text->bytes);
    *text = (struct text){ 0 };
}
