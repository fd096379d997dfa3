/*
 * lib/c/text.c - the functions of string.h beyond those in lib/base.
 */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void *mempcpy(void *to, const void *from, size_t count)
{
    return (char *)memcpy(to, from, count) + count;
}

void *memccpy(void *to, const void *from, int byte, size_t count)
{
    const void *found = memchr(from, byte, count);

    if (found == NULL) {
        memcpy(to, from, count);
        return NULL;
    }
    return mempcpy(to, from,
                   (size_t)((const char *)found - (const char *)from) + 1);
}

void *memrchr(const void *memory, int byte, size_t count)
{
    const unsigned char *p = memory;

    while (count-- > 0)
        if (p[count] == (unsigned char)byte)
            return (void *)(uintptr_t)(p + count);
    return NULL;
}

void *memmem(const void *memory, size_t length, const void *part,
             size_t part_length)
{
    const char *p = memory;

    for (; length >= part_length; p++, length--)
        if (memcmp(p, part, part_length) == 0)
            return (void *)(uintptr_t)p;
    return NULL;
}

void explicit_bzero(void *memory, size_t count)
{
    memset(memory, 0, count);
    __asm__ volatile("" : : "r"(memory) : "memory");
}

char *stpcpy(char *to, const char *from)
{
    size_t length = strlen(from);

    memcpy(to, from, length + 1);
    return to + length;
}

char *strcpy(char *to, const char *from)
{
    stpcpy(to, from);
    return to;
}

/* Fills the rest of the count bytes with zeros. */
char *stpncpy(char *to, const char *from, size_t count)
{
    size_t length = strnlen(from, count);

    memcpy(to, from, length);
    memset(to + length, 0, count - length);
    return to + length;
}

char *strncpy(char *to, const char *from, size_t count)
{
    stpncpy(to, from, count);
    return to;
}

char *strcat(char *to, const char *from)
{
    stpcpy(to + strlen(to), from);
    return to;
}

char *strncat(char *to, const char *from, size_t count)
{
    char *end = to + strlen(to);

    *(char *)mempcpy(end, from, strnlen(from, count)) = '\0';
    return to;
}

size_t strlcat(char *to, const char *from, size_t size)
{
    size_t length = strnlen(to, size);

    return length + strlcpy(to + length, from, size - length);
}

char *strndup(const char *text, size_t limit)
{
    size_t length = strnlen(text, limit);
    char *copy = malloc(length + 1);

    if (copy != NULL)
        *(char *)mempcpy(copy, text, length) = '\0';
    return copy;
}

char *strdup(const char *text)
{
    return strndup(text, SIZE_MAX);
}

char *strchrnul(const char *text, int character)
{
    while (*text != '\0' && *text != (char)character)
        text++;
    return (char *)(uintptr_t)text;
}

char *strstr(const char *text, const char *part)
{
    size_t length = strlen(part);

    for (;; text++) {
        if (strncmp(text, part, length) == 0)
            return (char *)(uintptr_t)text;
        if (*text == '\0')
            return NULL;
    }
}

char *strcasestr(const char *text, const char *part)
{
    size_t length = strlen(part);

    for (;; text++) {
        if (strncasecmp(text, part, length) == 0)
            return (char *)(uintptr_t)text;
        if (*text == '\0')
            return NULL;
    }
}

size_t strspn(const char *text, const char *set)
{
    size_t length = 0;

    while (text[length] != '\0' && strchr(set, text[length]) != NULL)
        length++;
    return length;
}

size_t strcspn(const char *text, const char *set)
{
    size_t length = 0;

    while (text[length] != '\0' && strchr(set, text[length]) == NULL)
        length++;
    return length;
}

char *strpbrk(const char *text, const char *set)
{
    text += strcspn(text, set);
    return *text != '\0' ? (char *)(uintptr_t)text : NULL;
}

char *strtok_r(char *text, const char *separators, char **state)
{
    if (text == NULL)
        text = *state;
    if (text == NULL)
        return NULL;
    text += strspn(text, separators);
    if (*text == '\0') {
        *state = text;
        return NULL;
    }
    char *end = text + strcspn(text, separators);

    *state = *end != '\0' ? end + 1 : end;
    *end = '\0';
    return text;
}

char *strtok(char *text, const char *separators)
{
    static char *state;

    return strtok_r(text, separators, &state);
}

char *strsep(char **text, const char *separators)
{
    char *start = *text;

    if (start == NULL)
        return NULL;
    char *end = start + strcspn(start, separators);

    *text = *end != '\0' ? end + 1 : NULL;
    *end = '\0';
    return start;
}

int strcoll(const char *a, const char *b)
{
    return strcmp(a, b);
}

int strncasecmp(const char *a, const char *b, size_t count)
{
    for (; count > 0; count--, a++, b++) {
        int difference =
            tolower((unsigned char)*a) - tolower((unsigned char)*b);

        if (difference != 0)
            return difference;
        if (*a == '\0')
            break;
    }
    return 0;
}

int strcasecmp(const char *a, const char *b)
{
    return strncasecmp(a, b, SIZE_MAX);
}

void bzero(void *memory, size_t count)
{
    memset(memory, 0, count);
}

void bcopy(const void *from, void *to, size_t count)
{
    memmove(to, from, count);
}

int bcmp(const void *a, const void *b, size_t count)
{
    return memcmp(a, b, count);
}

char *index(const char *text, int character)
{
    return strchr(text, character);
}

char *rindex(const char *text, int character)
{
    return strrchr(text, character);
}

int ffs(int value)
{
    return __builtin_ffs(value);
}

int ffsl(long value)
{
    return __builtin_ffsl(value);
}
