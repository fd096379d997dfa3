/*
 * cache.c - caches and TLBs: where a block may lie, and which one has to go.
 *
 * A cache has sets of `ways` lines; a block (address / line size) may lie in
 * set block % sets only. One way is direct mapped; as many ways as lines is
 * fully associative. A TLB is the same, with pages for lines. All organisations
 * run over one trace, so that what they miss can be compared.
 * Read next: loops.c (a trace worth looking at)
 */
#include <stdlib.h>
#include <string.h>

#include "common/files.h"
#include "models.h"
#include "picture.h"
#include "trace.h"

#define SAME_OPTIONS(t)                                                        \
    "  -w, --ways N       one organisation only, and short traces step by "    \
    "step\n"                                                                   \
    "  -r, --replace HOW  lru, fifo or random only\n"                          \
    "  -t, --trace FILE   a trace: lines \"r|w|x HEX\", the address of each "  \
    "byte\n"                                                                   \
    "  -i, --hit T        time of a hit, and\n"                                \
    "  -e, --miss T       what a miss costs more (default " t ")\n"            \
    "  -s, --seed S       for random replacement (default 1)\n"                \
    "  -g, --svg          the rates as SVG, and nothing else\n"                \
    "\n"                                                                       \
    "An ADDRESS is decimal or 0x...; 22w writes. Cold misses are the first\n"  \
    "references to a block, which nothing avoids. Effective time: hit time + " \
    "miss\nrate * miss cost.\n"

const char cache_help[] =
    "Usage: memmodel cache [OPTION]... ADDRESS...\n"
    "Hit rates of caches that write back.\n"
    "\n"
    "  -l, --lines N      lines of the cache (default 64)\n"
    "  -b, --line BYTES   bytes of a line (default 64)\n" SAME_OPTIONS(
        "1 and 100");
const char tlb_help[] =
    "Usage: memmodel tlb [OPTION]... ADDRESS...\n"
    "Hit rates of translation look-aside buffers.\n"
    "\n"
    "  -l, --entries N    entries of the TLB (default 64)\n"
    "  -b, --page BYTES   bytes of a page (default 4096)\n" SAME_OPTIONS(
        "120 and 100");

enum { MOST_LINES = 4096, MOST_STEPS = 40, MOST_ROWS = 12, BAR = 20 };

enum how { LRU, FIFO, RANDOM };
static const char *const how_names[] = { "lru", "fifo", "random", NULL };

struct setup {
    long lines, line_bytes, ways, hit_time, miss_time, seed;
    int how; /* -1: all */
    int svg;
    const char *noun;
    struct trace trace;
    unsigned char *is_first; /* of each reference: nobody had its block */
    size_t cold;
};

struct line {
    unsigned long block, since; /* since: last use, or arrival for FIFO */
    int is_valid, is_dirty;
};

struct cache {
    size_t sets, ways;
    enum how how;
    struct line *lines; /* ways of set 0, ways of set 1, ... */
    unsigned long now, random;
    size_t hits, misses, write_backs;
};

/* ---- the cache ------------------------------------------------------------ */

/* The line of a set that a new block gets. */
static struct line *choose_victim(struct cache *c, struct line *set)
{
    struct line *victim = set;

    for (size_t i = 0; i < c->ways; i++)
        if (!set[i].is_valid)
            return &set[i];
    if (c->how == RANDOM)
        return &set[random_below(&c->random, (long)c->ways)];
    for (size_t i = 1; i < c->ways; i++)
        if (set[i].since < victim->since)
            victim = &set[i];
    return victim;
}

/* One reference; returns whether it hits. */
static int touch(struct cache *c, unsigned long block, int is_write)
{
    struct line *set = &c->lines[block % c->sets * c->ways];

    c->now++;
    for (size_t i = 0; i < c->ways; i++)
        if (set[i].is_valid && set[i].block == block) {
            set[i].is_dirty |= is_write;
            if (c->how == LRU)
                set[i].since = c->now;
            c->hits++;
            return 1;
        }
    struct line *victim = choose_victim(c, set);
    c->write_backs += victim->is_valid && victim->is_dirty;
    *victim = (struct line){ block, c->now, 1, is_write };
    c->misses++;
    return 0;
}

static void cache_begin(struct cache *c, const struct setup *s, long ways,
                        enum how how)
{
    *c = (struct cache){ .sets = (size_t)(s->lines / ways),
                         .ways = (size_t)ways,
                         .how = how,
                         .random = (unsigned long)s->seed };
    c->lines = memory_get((size_t)s->lines * sizeof *c->lines);
    memset(c->lines, 0, (size_t)s->lines * sizeof *c->lines);
}

static unsigned long block_of(const struct setup *s, size_t i)
{
    return s->trace.list[i].address / (unsigned long)s->line_bytes;
}

/* ---- cold misses ---------------------------------------------------------- */

/* Marks the first reference to each block, by a hash table of all blocks. */
static void find_first(struct setup *s)
{
    size_t size = 16, *slots; /* 0: free; else an index + 1 */

    while (size < 2 * s->trace.count)
        size *= 2;
    slots = memory_get(size * sizeof *slots);
    memset(slots, 0, size * sizeof *slots);
    s->is_first = memory_get(s->trace.count);
    for (size_t i = 0; i < s->trace.count; i++) {
        unsigned long block = block_of(s, i);
        size_t at = (block * 0x9e3779b97f4a7c15ul >> 20) & (size - 1);
        while (slots[at] && block_of(s, slots[at] - 1) != block)
            at = (at + 1) & (size - 1);
        s->is_first[i] = slots[at] == 0;
        s->cold += slots[at] == 0;
        if (slots[at] == 0)
            slots[at] = i + 1;
    }
    free(slots);
}

/* ---- what is shown -------------------------------------------------------- */

static void show_step(const struct setup *s, const struct cache *c, size_t i,
                      int is_hit)
{
    unsigned long block = block_of(s, i);
    const struct line *set = &c->lines[block % c->sets * c->ways];

    printf("%10lu%c %10lu %6zu %10lu  %-10s", s->trace.list[i].address,
           s->trace.list[i].is_write ? 'w' : ' ', block, block % c->sets,
           block / c->sets,
           is_hit           ? "hit"
           : s->is_first[i] ? "cold miss"
                            : "miss");
    for (size_t way = 0; way < c->ways && way < 8; way++)
        if (set[way].is_valid)
            printf(" %lu", set[way].block);
        else
            printf(" -");
    putchar('\n');
}

/* Runs the whole trace; shows each step when asked to. */
static void run(struct cache *c, const struct setup *s, int show)
{
    if (show)
        printf("%10s  %10s %6s %10s  %-10s the set then\n", "address", s->noun,
               "set", "tag", "");
    for (size_t i = 0; i < s->trace.count; i++) {
        int is_hit = touch(c, block_of(s, i), s->trace.list[i].is_write);
        if (show)
            show_step(s, c, i, is_hit);
    }
    if (show)
        putchar('\n');
}

static void name_of(const struct cache *c, char name[WORD_BYTES])
{
    if (c->ways == 1)
        snprintf(name, WORD_BYTES, "direct mapped");
    else if (c->sets == 1)
        snprintf(name, WORD_BYTES, "associative, %s", how_names[c->how]);
    else
        snprintf(name, WORD_BYTES, "%zu-way, %s", c->ways, how_names[c->how]);
}

static void show_row(const struct setup *s, const struct cache *c, size_t row)
{
    double count = (double)s->trace.count, rate = (double)c->hits / count;
    char name[WORD_BYTES];

    name_of(c, name);
    if (s->svg) {
        printf("<text x=\"10\" y=\"%zu\">%s</text><rect x=\"170\" y=\"%zu\" "
               "width=\"%.0f\" height=\"16\" fill=\"%s\"/>"
               "<text x=\"%.0f\" y=\"%zu\">%.1f %%</text>\n",
               47 + 22 * row, name, 34 + 22 * row, 300 * rate,
               picture_colour((size_t)c->how), 176 + 300 * rate, 47 + 22 * row,
               100 * rate);
        return;
    }
    printf("%-20s %5zu %9zu %9zu %9zu %9zu %5.1f %% %9.2f |", name, c->sets,
           c->hits, c->misses, s->cold, c->write_backs, 100 * rate,
           (double)s->hit_time + (1 - rate) * (double)s->miss_time);
    for (int i = 0; i < BAR; i++)
        putchar(rate * BAR >= i + 0.5 ? '#' : ' ');
    puts("|");
}

static void show_head(const struct setup *s)
{
    if (s->svg)
        printf("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"540\" "
               "height=\"270\" font-family=\"sans-serif\" font-size=\"12\">\n"
               "<title>hit rates</title>\n"
               "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n"
               "<text x=\"10\" y=\"18\">hit rates, %ld %ss of %ld bytes, %zu "
               "references</text>\n",
               s->lines, s->noun, s->line_bytes, s->trace.count);
    else
        printf("%zu references, %ld %ss of %ld bytes\n%-20s %5s %9s %9s %9s "
               "%9s %7s %9s\n",
               s->trace.count, s->lines, s->noun, s->line_bytes, "", "sets",
               "hits", "misses", "cold", "written", "rate", "time");
}

/* Fills in the organisations to compare; returns how many. */
static size_t list_ways(const struct setup *s, long ways[4])
{
    static const long few[] = { 1, 2, 4 };
    size_t count = 0;

    if (s->ways) {
        ways[0] = s->ways;
        return 1;
    }
    for (size_t i = 0; i < 3; i++)
        if (few[i] < s->lines && s->lines % few[i] == 0)
            ways[count++] = few[i];
    ways[count++] = s->lines;
    return count;
}

static void compare(const struct setup *s)
{
    long ways[4];
    size_t row = 0, count = list_ways(s, ways);

    for (size_t i = 0; i < count; i++)
        for (int how = LRU; how <= RANDOM; how++) {
            int show = s->ways && !s->svg && s->trace.count <= MOST_STEPS;
            struct cache c;
            if (s->how >= 0 ? how != s->how : ways[i] == 1 && how != LRU)
                continue;
            cache_begin(&c, s, ways[i], (enum how)how);
            run(&c, s, show);
            if (show || row == 0)
                show_head(s);
            show_row(s, &c, row++);
            free(c.lines);
        }
    if (s->svg)
        puts("</svg>");
}

/* ---- options -------------------------------------------------------------- */

static int cache_run(struct options *o, struct setup *s)
{
    const long most = 1L << MEMORY_MOST_BITS;
    const char *file = NULL;
    int letter;

    while ((letter = options_next(o, "l:b:w:r:t:i:e:s:g")) != -1) {
        if (letter == 'l')
            s->lines = input_number("lines", o->value, 1, MOST_LINES);
        else if (letter == 'b')
            s->line_bytes = input_number("bytes of a line", o->value, 1, most);
        else if (letter == 'w')
            s->ways = input_number("--ways", o->value, 1, MOST_LINES);
        else if (letter == 'r')
            s->how = input_choice("--replace", o->value, how_names);
        else if (letter == 't')
            file = o->value;
        else if (letter == 'i')
            s->hit_time = input_number("--hit", o->value, 0, most);
        else if (letter == 'e')
            s->miss_time = input_number("--miss", o->value, 0, most);
        else if (letter == 's')
            s->seed = input_number("--seed", o->value, 0, most);
        else
            s->svg = 1;
    }
    if (s->ways && s->lines % s->ways)
        input_fail("%ld %ss cannot lie in sets of %ld", s->lines, s->noun,
                   s->ways);
    if (s->ways && s->how < 0)
        s->how = LRU;
    trace_read(&s->trace, o->operands, file);
    find_first(s);
    compare(s);
    free(s->is_first);
    free(s->trace.list);
    return 0;
}

int cache_main(struct options *o)
{
    struct setup s = { .lines = 64,
                       .line_bytes = 64,
                       .hit_time = 1,
                       .miss_time = 100,
                       .seed = 1,
                       .how = -1,
                       .noun = "line" };

    return cache_run(o, &s);
}

int tlb_main(struct options *o)
{
    struct setup s = { .lines = 64,
                       .line_bytes = 4096,
                       .hit_time = 120,
                       .miss_time = 100,
                       .seed = 1,
                       .how = -1,
                       .noun = "page" };

    return cache_run(o, &s);
}
