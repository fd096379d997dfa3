/*
 * core/boot_option.c - words of the kernel's command line.
 */
#include "base/string.h"
#include "core/boot_info.h"

static const char *find_word(const char *word)
{
    size_t len = strlen(word);

    for (const char *p = boot_info.cmdline; *p != '\0';) {
        while (*p == ' ')
            p++;
        const char *start = p;
        while (*p != '\0' && *p != ' ')
            p++;
        if ((size_t)(p - start) >= len && memcmp(start, word, len) == 0 &&
            (word[len - 1] == '=' || (size_t)(p - start) == len))
            return start;
    }
    return NULL;
}

bool boot_option(const char *word)
{
    return find_word(word) != NULL;
}

bool boot_option_value(const char *key, char *buf, size_t size)
{
    const char *p = find_word(key);

    if (!p || size == 0)
        return false;
    p += strlen(key);
    size_t n = 0;
    while (p[n] != '\0' && p[n] != ' ' && n + 1 < size) {
        buf[n] = p[n];
        n++;
    }
    buf[n] = '\0';
    return true;
}
