/*
 * replace_sim/trace.c - reads a trace: numbers the pages in the order of their
 * first use, by a hash table with open addressing, and notes for each reference
 * where its page comes next.
 */
#include "trace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    FILE *file;
    const char *path;
    unsigned long line;
};

/* Page numbers to positions in trace->number, plus 1. */
struct table {
    uint32_t *slots;
    size_t size; /* a power of two */
};

void *memory_zeroed(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size);

    if (!memory) {
        fprintf(stderr, "out of memory\n");
        exit(2);
    }
    return memory;
}

static void *enlarge(void *old, size_t count, size_t size)
{
    void *memory = realloc(old, count * size);

    if (!memory) {
        fprintf(stderr, "out of memory\n");
        exit(2);
    }
    return memory;
}

__attribute__((noreturn)) static void complain(const struct reader *r,
                                               const char *what)
{
    fprintf(stderr, "%s:%lu: %s\n", r->path, r->line, what);
    exit(2);
}

static uint32_t *slot_of(const struct trace *t, const struct table *table,
                         uint64_t number)
{
    size_t i = (number * 0x9e3779b97f4a7c15ull) >> 20;

    for (;; i++) {
        uint32_t *slot = &table->slots[i & (table->size - 1)];
        if (*slot == 0 || t->number[*slot - 1] == number)
            return slot;
    }
}

static void grow_table(struct trace *t, struct table *table)
{
    free(table->slots);
    table->size = table->size ? table->size * 2 : 1024;
    table->slots = memory_zeroed(table->size, sizeof(*table->slots));
    t->number = enlarge(t->number, table->size / 2, sizeof(*t->number));
    for (size_t i = 0; i < t->pages; i++)
        *slot_of(t, table, t->number[i]) = (uint32_t)i + 1;
}

static uint32_t page_of_number(struct trace *t, struct table *table,
                               uint64_t number)
{
    if (t->pages >= table->size / 2)
        grow_table(t, table);

    uint32_t *slot = slot_of(t, table, number);

    if (*slot == 0) {
        t->number[t->pages++] = number;
        *slot = (uint32_t)t->pages;
    }
    return *slot - 1;
}

static int skip_blanks(const struct reader *r, int c)
{
    while (c == ' ' || c == '\t' || c == '\r')
        c = getc_unlocked(r->file);
    return c;
}

/* To the end of the line; only a comment may stand there. */
static void end_line(const struct reader *r, int c)
{
    c = skip_blanks(r, c);
    if (c != '#' && c != '\n' && c != EOF)
        complain(r, "more than one reference in a line");
    while (c != '\n' && c != EOF)
        c = getc_unlocked(r->file);
}

static int digit_value(int c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static uint64_t read_number(const struct reader *r)
{
    int c = skip_blanks(r, getc_unlocked(r->file));
    uint64_t number = 0;
    int digits = 0;

    for (; digit_value(c) >= 0; digits++) {
        if (number >> 60)
            complain(r, "the page number has more than 64 bits");
        number = number << 4 | (uint64_t)digit_value(c);
        c = getc_unlocked(r->file);
    }
    if (digits == 0)
        complain(r, "no hexadecimal page number after r, w or x");
    end_line(r, c);
    return number;
}

static void add_reference(struct trace *t, struct table *table, bool write,
                          uint64_t number)
{
    if ((t->length & (t->length - 1)) == 0) {
        size_t room = t->length ? t->length * 2 : 1;
        t->page = enlarge(t->page, room, sizeof(*t->page));
        t->write = enlarge(t->write, room, sizeof(*t->write));
    }
    t->page[t->length] = page_of_number(t, table, number);
    t->write[t->length++] = write;
}

static void note_next(struct trace *t)
{
    uint32_t *later = memory_zeroed(t->pages, sizeof(*later));

    memset(later, 0xff, t->pages * sizeof(*later));
    t->next = memory_zeroed(t->length, sizeof(*t->next));
    for (size_t i = t->length; i-- != 0;) {
        t->next[i] = later[t->page[i]];
        later[t->page[i]] = (uint32_t)i;
    }
    free(later);
}

void trace_read(struct trace *t, const char *path)
{
    bool is_stdin = strcmp(path, "-") == 0;
    struct reader r = { is_stdin ? stdin : fopen(path, "r"), path, 1 };
    struct table table = { NULL, 0 };
    int c;

    if (!r.file) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        exit(2);
    }
    memset(t, 0, sizeof(*t));
    for (; (c = skip_blanks(&r, getc_unlocked(r.file))) != EOF; r.line++) {
        if (c == '#' || c == '\n') {
            end_line(&r, c);
            continue;
        }
        if (c != 'r' && c != 'w' && c != 'x')
            complain(&r, "a line begins with r, w, x or #");
        if (t->length == TRACE_MOST)
            complain(&r, "more than 100 million references");
        add_reference(t, &table, c == 'w', read_number(&r));
    }
    if (ferror(r.file))
        complain(&r, strerror(errno));
    if (!is_stdin)
        fclose(r.file);
    free(table.slots);
    note_next(t);
}
