/*
 * segments.c - a segment table: base, limit and rights.
 *
 * A logical address is a segment and an offset. The offset must be below the
 * limit, the access among the rights; then the physical address is base +
 * offset, and else the processor traps: to the kernel a fault, not an address.
 * Read next: cache.c (what pages cost), kernel/x86/gdt.c (segments of today)
 */
#include <stdlib.h>
#include <string.h>

#include "models.h"
#include "picture.h"

const char segments_help[] =
    "Usage: memmodel segments [OPTION]... SEGMENT,OFFSET[r|w|x]...\n"
    "Translates logical addresses by a segment table.\n"
    "\n"
    "  -t, --table LIST   BASE:LIMIT[:RIGHTS],... with rights such as rx or "
    "rw\n"
    "                     (default "
    "219:600:rx,2300:14:rw,90:100:rw,1327:580:r,\n"
    "                     1952:96:rw)\n"
    "  -g, --svg          the map of memory as SVG, and nothing else\n"
    "\n"
    "An access is a read unless a letter says write or execute.\n";

enum { MOST_SEGMENTS = 36 };

/* Bits of rights; the letters stand in the same order. */
enum right { READ = 1, WRITE = 2, EXECUTE = 4 };
static const char letters[] = "rwx";

struct segment {
    long base, limit;
    unsigned rights;
};

struct table {
    struct segment segments[MOST_SEGMENTS];
    size_t count;
};

static unsigned right_of(char letter)
{
    const char *found = letter ? strchr(letters, letter) : NULL;

    return found ? 1u << (found - letters) : 0;
}

/* Cuts text at the first mark; returns what follows it, or NULL. */
static char *cut(char *text, char mark)
{
    char *found = strchr(text, mark);

    if (found)
        *found++ = '\0';
    return found;
}

static struct segment parse_segment(char *text)
{
    const long most = 1L << MEMORY_MOST_BITS;
    struct segment s = { .rights = READ | WRITE | EXECUTE };
    char *limit = cut(text, ':');
    char *rights = limit ? cut(limit, ':') : NULL;

    if (!limit)
        input_fail("--table: '%.40s' is not BASE:LIMIT[:RIGHTS]", text);
    s.base = input_number("--table: base", text, 0, most);
    s.limit = input_number("--table: limit", limit, 0, most);
    for (s.rights = rights ? 0 : s.rights; rights && *rights; rights++) {
        if (!right_of(*rights) && *rights != '-')
            input_fail("--table: '%c' is no right; there are r, w, x and -",
                       *rights);
        s.rights |= right_of(*rights);
    }
    return s;
}

static void parse_table(struct table *t, const char *list)
{
    char *copy = strdup(list);

    t->count = 0;
    for (char *next, *text = copy; text; text = next) {
        next = cut(text, ',');
        if (t->count == MOST_SEGMENTS)
            input_fail("--table: more than %d segments", MOST_SEGMENTS);
        t->segments[t->count++] = parse_segment(text);
    }
    free(copy);
}

static void show_rights(unsigned rights)
{
    for (int i = 0; i < 3; i++)
        putchar(rights & (1u << i) ? letters[i] : '-');
}

static void show_table(const struct table *t)
{
    printf("segment        base       limit  rights\n");
    for (size_t i = 0; i < t->count; i++) {
        const struct segment *s = &t->segments[i];
        printf("%7zu %11ld %11ld  ", i, s->base, s->limit);
        show_rights(s->rights);
        putchar('\n');
    }
}

/* ---- the map -------------------------------------------------------------- */

static int by_base(const void *a, const void *b)
{
    const struct block *x = a, *y = b;

    return (x->start > y->start) - (x->start < y->start);
}

/* Segments as blocks of memory; returns 0 when some overlap: these share. */
static int make_map(const struct table *t, struct memory *m)
{
    struct block blocks[MOST_SEGMENTS];
    size_t count = 0;
    long end = 0;

    for (size_t i = 0; i < t->count; i++) {
        const struct segment *s = &t->segments[i];
        struct block *b = &blocks[count];
        if (s->limit == 0)
            continue;
        *b = (struct block){ .start = s->base, .size = s->limit };
        b->owner[0] = (char)(i < 10 ? '0' + i : 'a' + (i - 10));
        end = s->base + s->limit > end ? s->base + s->limit : end;
        count++;
    }
    qsort(blocks, count, sizeof blocks[0], by_base);
    memory_begin(m, end ? end : 1);
    for (size_t i = 0; i < count; i++) {
        size_t at = m->count - 1; /* what is left, to the end */
        const struct block *rest = &m->blocks[at];
        long gap = blocks[i].start - rest->start;
        if (gap < 0 || rest->used)
            return 0;
        if (gap)
            memory_split(m, at++, gap);
        memory_split(m, at, blocks[i].size);
        memory_give(m, at, blocks[i].owner, blocks[i].size);
    }
    return 1;
}

static void show_map(const struct table *t, int svg)
{
    struct picture p;
    struct memory m;
    int apart = make_map(t, &m);

    if (svg) {
        if (!apart)
            input_fail("segments overlap: there is no picture of that");
        picture_begin(&p, "segments", 1, 1);
        picture_step(&p, &m, "", "");
        picture_end(&p);
    } else if (apart) {
        printf("\nmemory up to %ld, each segment by its number\n", m.size);
        picture_bar(&m);
        putchar('\n');
    } else {
        printf("\nsome segments share memory\n");
    }
    memory_end(&m);
}

/* ---- translation ---------------------------------------------------------- */

static void translate(const struct table *t, char *word)
{
    char logical[WORD_BYTES];
    size_t length = strlen(word);
    unsigned right = right_of(word[length - 1]);

    snprintf(logical, sizeof logical, "%s", word);
    if (right)
        word[length - 1] = '\0';
    else
        right = READ;
    char *offset_text = cut(word, ',');
    if (!offset_text)
        input_fail("'%s' is not SEGMENT,OFFSET[r|w|x]", logical);
    long number = input_number(logical, word, 0, 1L << MEMORY_MOST_BITS);
    long offset = input_number(logical, offset_text, 0, 1L << 62);

    printf("%-16s ", logical);
    if (number >= (long)t->count) {
        printf("fault: there is no segment %ld\n", number);
        return;
    }
    const struct segment *s = &t->segments[number];
    if (offset >= s->limit) {
        printf("fault: limit, %ld is not below %ld\n", offset, s->limit);
    } else if (!(s->rights & right)) {
        printf("fault: protection, segment %ld is ", number);
        show_rights(s->rights);
        putchar('\n');
    } else {
        printf("%ld + %ld = %ld\n", s->base, offset, s->base + offset);
    }
}

int segments_main(struct options *o)
{
    struct words words;
    struct table t;
    char word[WORD_BYTES];
    int letter, svg = 0;

    parse_table(&t, "219:600:rx,2300:14:rw,90:100:rw,1327:580:r,1952:96:rw");
    while ((letter = options_next(o, "t:g")) != -1) {
        if (letter == 't')
            parse_table(&t, o->value);
        else
            svg = 1;
    }
    if (!svg)
        show_table(&t);
    show_map(&t, svg);
    if (svg)
        return 0;
    words = (struct words){ .operands = o->operands };
    putchar('\n');
    while (words_next(&words, word))
        translate(&t, word);
    return 0;
}
