/*
 * base/string.c - memory and string functions.
 *
 * Idea:  big blocks move by the string instructions, which today's CPUs run
 *        at full width and which need no vector registers (the kernel has
 *        none); small ones by words, with a last word that may overlap the
 *        one before instead of a loop over the left-over bytes.
 * Locks: none.
 */
#include "base/string.h"

#include <stdint.h>

enum {
    WORD = sizeof(uint64_t),
    REP_MIN_BYTES = 128, /* from here on rep movsq/stosq pays its start-up */
};

/* A word anywhere in memory, whatever object it belongs to. */
typedef uint64_t __attribute__((may_alias, aligned(1))) word_t;

/* Copies upwards; right for overlap too if `to` is below `from`. */
static void copy_up(unsigned char *to, const unsigned char *from, size_t count)
{
    if (count < WORD) {
        while (count--)
            *to++ = *from++;
        return;
    }
    word_t *last = (word_t *)(to + count - WORD);
    uint64_t tail = *(const word_t *)(from + count - WORD);
    size_t words = (count - 1) / WORD;

    if (count >= REP_MIN_BYTES) {
        __asm__ volatile("rep movsq"
                         : "+D"(to), "+S"(from), "+c"(words)
                         :
                         : "memory");
    } else {
        for (; words > 0; words--, to += WORD, from += WORD)
            *(word_t *)to = *(const word_t *)from;
    }
    *last = tail;
}

/* Copies downwards; right for overlap too if `to` is above `from`. */
static void copy_down(unsigned char *to, const unsigned char *from,
                      size_t count)
{
    for (; count >= WORD; count -= WORD)
        *(word_t *)(to + count - WORD) = *(const word_t *)(from + count - WORD);
    while (count--)
        to[count] = from[count];
}

void *memcpy(void *restrict to, const void *restrict from, size_t count)
{
    copy_up(to, from, count);
    return to;
}

void *memmove(void *to, const void *from, size_t count)
{
    /* Unsigned: also true when `to` lies below `from`. */
    if ((uintptr_t)to - (uintptr_t)from >= count)
        copy_up(to, from, count);
    else
        copy_down(to, from, count);
    return to;
}

void *memset(void *to, int byte, size_t count)
{
    unsigned char *p = to;

    if (count < WORD) {
        while (count--)
            *p++ = (unsigned char)byte;
        return to;
    }
    uint64_t pattern = (unsigned char)byte * 0x0101010101010101ul;
    word_t *last = (word_t *)(p + count - WORD);
    size_t words = (count - 1) / WORD;

    if (count >= REP_MIN_BYTES) {
        __asm__ volatile("rep stosq"
                         : "+D"(p), "+c"(words)
                         : "a"(pattern)
                         : "memory");
    } else {
        for (; words > 0; words--, p += WORD)
            *(word_t *)p = pattern;
    }
    *last = pattern;
    return to;
}

int memcmp(const void *a, const void *b, size_t count)
{
    const unsigned char *p = a, *q = b;

    for (; count >= WORD; count -= WORD, p += WORD, q += WORD)
        if (*(const word_t *)p != *(const word_t *)q)
            break;
    for (; count > 0; count--, p++, q++)
        if (*p != *q)
            return *p - *q;
    return 0;
}

void *memchr(const void *memory, int byte, size_t count)
{
    const unsigned char *p = memory;

    for (; count > 0; count--, p++)
        if (*p == (unsigned char)byte)
            return (void *)(uintptr_t)p;
    return NULL;
}

size_t strlen(const char *text)
{
    const char *p = text;

    while (*p != '\0')
        p++;
    return (size_t)(p - text);
}

size_t strnlen(const char *text, size_t limit)
{
    size_t length = 0;

    while (length < limit && text[length] != '\0')
        length++;
    return length;
}

int strcmp(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, size_t count)
{
    for (; count > 0; count--, a++, b++) {
        if (*a != *b)
            return (unsigned char)*a - (unsigned char)*b;
        if (*a == '\0')
            break;
    }
    return 0;
}

char *strchr(const char *text, int character)
{
    for (; *text != (char)character; text++)
        if (*text == '\0')
            return NULL;
    return (char *)(uintptr_t)text;
}

char *strrchr(const char *text, int character)
{
    const char *found = NULL;

    do {
        if (*text == (char)character)
            found = text;
    } while (*text++ != '\0');
    return (char *)(uintptr_t)found;
}

size_t strlcpy(char *to, const char *from, size_t size)
{
    size_t length = strlen(from);

    if (size > 0) {
        size_t part = length < size ? length : size - 1;

        memcpy(to, from, part);
        to[part] = '\0';
    }
    return length;
}
