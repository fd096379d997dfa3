/*
 * buddy.c - blocks of powers of two: a large one splits into two buddies, and
 * two free buddies join again.
 *
 * The buddy of a block of size s at address a is at a ^ s: finding it takes no
 * search, which is the point of it. The price is internal fragmentation.
 * Read next: memory.c, contiguous.c
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "models.h"
#include "picture.h"

const char buddy_help[] =
    "Usage: memmodel buddy [OPTION]... +NAME:SIZE... -NAME...\n"
    "       memmodel buddy [OPTION]... --random N\n"
    "Gives out blocks of powers of two and draws each step.\n"
    "\n"
    "  -m, --memory SIZE   all of memory, a power of two (default 1024)\n"
    "  -u, --unit SIZE     the smallest block, a power of two (default 1)\n"
    "  -n, --random N      N made-up requests and releases\n"
    "  -s, --seed S        other ones (default 1)\n"
    "  -g, --svg           the picture as SVG, and nothing else\n"
    "\n"
    "Of the free blocks that are large enough the smallest is taken, of "
    "several\n"
    "the one with the lowest address. What does not fit is refused.\n";

enum { NOTE = 256, SHORT = 40 };

struct buddy {
    struct memory memory;
    long unit;
    char note[NOTE];
    size_t requests, refused, splits, joins;
    long asked, given; /* sizes, together */
};

static void __attribute__((format(printf, 2, 3)))
add_note(struct buddy *b, const char *format, ...)
{
    size_t length = strlen(b->note);
    va_list args;

    va_start(args, format);
    vsnprintf(b->note + length, NOTE - length, format, args);
    va_end(args);
}

/* The smallest free block of at least size, or -1. */
static long find_free(const struct memory *m, long size)
{
    long found = -1;

    for (size_t i = 0; i < m->count; i++) {
        const struct block *block = &m->blocks[i];
        if (block->used == 0 && block->size >= size &&
            (found < 0 || block->size < m->blocks[found].size))
            found = (long)i;
    }
    return found;
}

static void request(struct buddy *b, const struct event *e)
{
    struct memory *m = &b->memory;
    long size = b->unit;

    while (size < e->size)
        size *= 2;
    b->requests++;
    long i = find_free(m, size);
    if (i < 0) {
        b->refused++;
        add_note(b, "no free block of %ld: refused", size);
        return;
    }
    while (m->blocks[i].size > size) {
        add_note(b, "split %ld, ", m->blocks[i].size);
        memory_split(m, (size_t)i, m->blocks[i].size / 2);
        b->splits++;
    }
    memory_give(m, (size_t)i, e->name, e->size);
    b->asked += e->size;
    b->given += size;
    add_note(b, "%s gets %ld at %ld, %ld unused", e->name, size,
             m->blocks[i].start, size - e->size);
}

/* The index of the free buddy of block i, or -1. */
static long free_buddy(const struct memory *m, long i)
{
    const struct block *block = &m->blocks[i];
    long address = block->start ^ block->size;
    long other = address > block->start ? i + 1 : i - 1;

    if (other < 0 || other >= (long)m->count ||
        m->blocks[other].start != address || m->blocks[other].used ||
        m->blocks[other].size != block->size)
        return -1;
    return other;
}

static void release(struct buddy *b, const struct event *e)
{
    struct memory *m = &b->memory;
    long other, i = memory_find(m, e->name);

    if (i < 0) {
        add_note(b, "it was refused");
        return;
    }
    m->blocks[i].used = 0;
    add_note(b, "%ld at %ld is free", m->blocks[i].size, m->blocks[i].start);
    while ((other = free_buddy(m, i)) >= 0) {
        i = i < other ? i : other;
        memory_join(m, (size_t)i);
        b->joins++;
        add_note(b, ", joins to %ld", m->blocks[i].size);
    }
}

/* The blocks in words, under the picture. */
static void show_blocks(const struct memory *m)
{
    printf("%-12s", "");
    for (size_t i = 0; i < m->count; i++) {
        const struct block *block = &m->blocks[i];
        if (block->used)
            printf(" %s:%ld", block->owner, block->size);
        else
            printf(" %ld", block->size);
    }
    putchar('\n');
}

static void show_summary(const struct buddy *b)
{
    printf("\n%zu requests, %zu refused, %zu splits, %zu joins; asked for %ld, "
           "given %ld: %.1f %% internal fragmentation\n",
           b->requests, b->refused, b->splits, b->joins, b->asked, b->given,
           b->given ? 100.0 * (double)(b->given - b->asked) / (double)b->given
                    : 0.0);
}

static void run(struct buddy *b, const struct events *events, int svg)
{
    char text[WORD_BYTES];
    struct picture p;

    picture_begin(&p, "buddies", events->count, svg);
    for (size_t i = 0; i < events->count; i++) {
        const struct event *e = &events->list[i];
        b->note[0] = '\0';
        if (e->size)
            request(b, e);
        else
            release(b, e);
        event_text(e, text);
        picture_step(&p, &b->memory, text, b->note);
        if (!svg && events->count <= SHORT)
            show_blocks(&b->memory);
    }
    picture_end(&p);
    if (!svg)
        show_summary(b);
}

static long power_of_two(const char *what, const char *text)
{
    long n = input_number(what, text, 1, 1L << MEMORY_MOST_BITS);

    if (n & (n - 1))
        input_fail("%s: %ld is no power of two", what, n);
    return n;
}

int buddy_main(struct options *o)
{
    struct buddy b = { .unit = 1 };
    struct events events;
    long memory = 1024, random = 0, seed = 1;
    int letter, svg = 0;

    while ((letter = options_next(o, "+m:u:n:s:g")) != -1) {
        if (letter == 'm')
            memory = power_of_two("--memory", o->value);
        else if (letter == 'u')
            b.unit = power_of_two("--unit", o->value);
        else if (letter == 'n')
            random = input_number("--random", o->value, 1, 10000);
        else if (letter == 's')
            seed = input_number("--seed", o->value, 0, 1L << 40);
        else
            svg = 1;
    }
    if (b.unit > memory)
        input_fail("a unit of %ld is more than all memory, %ld", b.unit,
                   memory);
    if (random && o->count)
        input_fail("--random makes up the requests; '%.40s' is one more",
                   o->operands[0]);
    if (random)
        events_make(&events, (size_t)random, seed, memory);
    else
        events_read(&events, o->operands, 1L << MEMORY_MOST_BITS);
    memory_begin(&b.memory, memory);
    run(&b, &events, svg);
    memory_end(&b.memory);
    free(events.list);
    return 0;
}
