/*
 * trace.c - references by hand or from a file.
 *
 * Read next: cache.c
 */
#include "trace.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/files.h"

enum { MOST_REFERENCES = 1 << 21 };

static unsigned long parse_address(const char *word, const char *text, int base)
{
    char *end;

    errno = 0;
    unsigned long address = strtoul(text, &end, base);
    if (!isxdigit((unsigned char)text[0]) || *end || errno)
        input_fail("'%s' is no address", word);
    return address;
}

static void add(struct trace *t, unsigned long address, int is_write)
{
    static const size_t first = 1024;

    if (t->count == MOST_REFERENCES)
        input_fail("more than %d references", MOST_REFERENCES);
    if (t->count == 0 || (t->count >= first && !(t->count & (t->count - 1))))
        t->list = memory_resize(t->list, (t->count ? 2 * t->count : first) *
                                             sizeof *t->list);
    t->list[t->count++] =
        (struct reference){ address, (unsigned char)is_write };
}

/* "22" or "22w", in decimal, or in hexadecimal with 0x. */
static void add_typed(struct trace *t, const char *word)
{
    char text[WORD_BYTES];
    int base = strncmp(word, "0x", 2) == 0 ? 16 : 10;
    size_t length = strlen(word);
    int is_marked = strchr("rwx", word[length - 1]) != NULL;

    snprintf(text, sizeof text, "%.*s", (int)(length - (is_marked ? 1 : 0)),
             word);
    add(t, parse_address(word, text, base), word[length - 1] == 'w');
}

static void read_words(struct trace *t, struct words *words)
{
    char word[WORD_BYTES], address[WORD_BYTES];

    while (words_next(words, word)) {
        if (word[1] || !strchr("rwx", word[0])) {
            add_typed(t, word);
            continue;
        }
        if (!words_next(words, address))
            input_fail("'%s' at the end: its address is missing", word);
        add(t, parse_address(address, address, 16), word[0] == 'w');
    }
}

void trace_read(struct trace *t, char **operands, const char *file)
{
    struct words words = { 0 };

    *t = (struct trace){ 0 };
    if (file) {
        words.file = fopen(file, "r");
        if (!words.file)
            input_fail("%.80s: %s", file, strerror(errno));
        read_words(t, &words);
        fclose(words.file);
    }
    words = (struct words){ .operands = operands };
    read_words(t, &words);
    if (t->count == 0)
        input_fail("there are no references");
}
