/*
 * contiguous.c - each process lies in one piece: partitions and fits.
 *
 * Fixed partitions waste what their process does not need (internal
 * fragmentation); variable ones leave holes that are together large enough for
 * a process and each too small (external). Who does not fit waits, and is
 * tried again after each release; compaction moves all processes together.
 * Read next: memory.c, buddy.c
 */
#include <stdlib.h>
#include <string.h>

#include "common/files.h"
#include "models.h"
#include "picture.h"

const char contiguous_help[] =
    "Usage: memmodel contiguous [OPTION]... +NAME:SIZE... -NAME...\n"
    "       memmodel contiguous [OPTION]... --random N\n"
    "Gives processes memory in one piece, draws it, and compares the fits.\n"
    "\n"
    "  -m, --memory SIZE   all of memory, free (default 1024)\n"
    "  -x, --fixed LIST    fixed partitions instead, such as 100,500,200\n"
    "  -o, --holes LIST    variable partitions, and only these holes are free\n"
    "  -f, --fit FIT       first, best, worst or next: the one that is drawn\n"
    "  -c, --compact       move processes together when one does not fit\n"
    "  -n, --random N      N made-up requests and releases\n"
    "  -s, --seed S        other ones (default 1)\n"
    "  -g, --svg           the picture as SVG, and nothing else\n"
    "\n"
    "A process that does not fit waits until it does. The figures:\n"
    "  ext.   external fragmentation: free memory outside the largest hole\n"
    "  int.   internal fragmentation: given but not used, of all memory\n"
    "  looked at   holes for one request, on average\n";

enum { MOST_PARTS = 256, SHORT = 24 };

enum fit { FIRST, BEST, WORST, NEXT, FITS };
static const char *const fit_names[] = { "first", "best", "worst", "next",
                                         NULL };

struct setup {
    long memory, parts[MOST_PARTS];
    size_t count; /* of parts */
    int fixed, compact, svg;
    enum fit fit;
    struct events events;
};

/* Where a request went: into a hole, or it had to wait (hole 0). */
struct place {
    long hole, start;
};

struct run {
    const struct setup *setup;
    enum fit fit;
    struct memory memory;
    long next_at;        /* next fit goes on here */
    size_t *waiting;     /* indices of events, oldest first */
    size_t queue_length; /* of waiting */
    struct place *places;
    char note[96];
    /* for the table */
    size_t placed, waited, searches, looked_at;
    long moved;
    double external, internal, holes, owners;
};

/* ---- the fits ------------------------------------------------------------- */

/* Is block a better than b for this fit? */
static int is_better(enum fit fit, const struct block *a, const struct block *b)
{
    return (fit == BEST && a->size < b->size) ||
           (fit == WORST && a->size > b->size);
}

/* The hole for a request of `need`, or -1. */
static long choose(struct run *r, long need)
{
    const struct memory *m = &r->memory;
    size_t from = 0;
    long found = -1;

    while (r->fit == NEXT && from + 1 < m->count &&
           m->blocks[from].start + m->blocks[from].size <= r->next_at)
        from++;
    r->searches++;
    for (size_t n = 0; n < m->count; n++) {
        size_t i = (from + n) % m->count;
        const struct block *b = &m->blocks[i];
        if (b->used || b->size == 0)
            continue;
        r->looked_at++;
        if (b->size < need)
            continue;
        if (found < 0 || is_better(r->fit, b, &m->blocks[found]))
            found = (long)i;
        if (r->fit == FIRST || r->fit == NEXT)
            break;
    }
    return found;
}

/* ---- what happens --------------------------------------------------------- */

/* Slides all processes to address 0; one hole is left. */
static void compact(struct run *r)
{
    struct memory *m = &r->memory;
    size_t kept = 0;
    long at = 0, moved = 0;

    for (size_t i = 0; i < m->count; i++) {
        struct block b = m->blocks[i];
        if (b.used == 0)
            continue;
        moved += b.start == at ? 0 : b.size;
        b.start = at;
        at += b.size;
        m->blocks[kept++] = b;
    }
    if (at < m->size) /* kept < count: there was a hole */
        m->blocks[kept++] = (struct block){ .start = at, .size = m->size - at };
    m->count = kept;
    r->moved += moved;
    r->next_at = at;
    snprintf(r->note, sizeof r->note, "compaction moved %ld", moved);
}

/* Adds "A at 100" or "A waits" to the note. */
static void note(struct run *r, const char *name, const char *what, long at)
{
    size_t length = strlen(r->note);
    char number[WORD_BYTES] = "";

    if (at >= 0)
        snprintf(number, sizeof number, " %ld", at);
    snprintf(r->note + length, sizeof r->note - length, "%s%s %s%s",
             length ? ", " : "", name, what, number);
}

/* Finds a place for a request; returns 0 when there is none. */
static int place(struct run *r, size_t event)
{
    const struct event *e = &r->setup->events.list[event];
    struct memory *m = &r->memory;
    struct figures f;
    long i = choose(r, e->size);

    memory_measure(m, &f);
    if (i < 0 && r->setup->compact && f.free >= e->size) {
        compact(r);
        i = choose(r, e->size);
    }
    if (i < 0)
        return 0;
    struct block *b = &m->blocks[i];
    if (r->places[event].start >= 0) /* at once */
        r->places[event] = (struct place){ b->size, b->start };
    if (!r->setup->fixed)
        memory_split(m, (size_t)i, e->size);
    memory_give(m, (size_t)i, e->name, e->size);
    b = &m->blocks[i];
    r->next_at = b->start + b->size;
    r->placed++;
    note(r, e->name, "at", b->start);
    return 1;
}

static void take_from_queue(struct run *r, size_t i)
{
    r->queue_length--;
    memmove(r->waiting + i, r->waiting + i + 1,
            (r->queue_length - i) * sizeof *r->waiting);
}

static int is_hole(const struct memory *m, size_t i)
{
    return i < m->count && m->blocks[i].used == 0 && m->blocks[i].size;
}

/* Frees a process's memory, or takes it from those who wait. */
static void release(struct run *r, const char *name)
{
    struct memory *m = &r->memory;
    long i = memory_find(m, name);

    if (i < 0) {
        for (size_t n = r->queue_length; n-- > 0;)
            if (!strcmp(r->setup->events.list[r->waiting[n]].name, name))
                take_from_queue(r, n);
        note(r, name, "gave up waiting", -1);
        return;
    }
    m->blocks[i].used = 0;
    if (!r->setup->fixed && is_hole(m, (size_t)i + 1))
        memory_join(m, (size_t)i);
    if (!r->setup->fixed && i > 0 && is_hole(m, (size_t)i - 1))
        memory_join(m, (size_t)i - 1);
    for (size_t n = 0; n < r->queue_length;)
        if (place(r, r->waiting[n]))
            take_from_queue(r, n);
        else
            n++;
}

static void step(struct run *r, size_t event)
{
    const struct event *e = &r->setup->events.list[event];
    struct figures f;

    r->note[0] = '\0';
    if (e->size == 0) {
        release(r, e->name);
    } else if (!place(r, event)) {
        r->waiting[r->queue_length++] = event;
        r->places[event].start = -1;
        r->waited++;
        note(r, e->name, "waits", -1);
    }
    memory_measure(&r->memory, &f);
    r->external += f.external;
    r->internal += 100.0 * (double)f.internal / (double)r->memory.size;
    r->holes += (double)f.holes;
    r->owners += (double)f.owners;
}

/* ---- a run ---------------------------------------------------------------- */

/* Partitions lie side by side. Between holes is memory of others, of which
 * nothing is drawn: an owned block without size, which keeps them apart. */
static void lay_out(struct memory *m, const struct setup *s)
{
    memory_begin(m, s->memory);
    if (s->count == 0)
        return;
    free(m->blocks);
    m->blocks = memory_get(2 * s->count * sizeof *m->blocks);
    m->count = 0;
    m->size = 0;
    for (size_t i = 0; i < s->count; i++) {
        m->blocks[m->count++] =
            (struct block){ .start = m->size, .size = s->parts[i] };
        m->size += s->parts[i];
        if (!s->fixed)
            m->blocks[m->count++] = (struct block){ .start = m->size };
    }
}

static void run_begin(struct run *r, const struct setup *s, enum fit fit)
{
    size_t count = s->events.count;

    *r = (struct run){ .setup = s, .fit = fit };
    r->waiting = memory_get(count * sizeof *r->waiting);
    r->places = memory_get(count * sizeof *r->places);
    memset(r->places, 0, count * sizeof *r->places);
    lay_out(&r->memory, s);
}

static void run_end(struct run *r)
{
    memory_end(&r->memory);
    free(r->waiting);
    free(r->places);
}

static void draw(const struct setup *s)
{
    char title[64], text[WORD_BYTES];
    struct picture p;
    struct run r;

    snprintf(title, sizeof title, "%s, %s fit",
             s->fixed ? "fixed partitions" : "variable partitions",
             fit_names[s->fit]);
    picture_begin(&p, title, s->events.count, s->svg);
    run_begin(&r, s, s->fit);
    for (size_t i = 0; i < s->events.count; i++) {
        step(&r, i);
        event_text(&s->events.list[i], text);
        picture_step(&p, &r.memory, text, r.note);
    }
    picture_end(&p);
    run_end(&r);
}

/* Which hole each request got, a column for each fit. */
static void show_places(const struct setup *s, const struct run *runs)
{
    char text[WORD_BYTES];

    printf("\nsize and address of the hole that is taken\n%-12s", "");
    for (int fit = 0; fit < FITS; fit++)
        printf(" %16s", fit_names[fit]);
    putchar('\n');
    for (size_t i = 0; i < s->events.count; i++) {
        if (s->events.list[i].size == 0)
            continue;
        event_text(&s->events.list[i], text);
        printf("%-12s", text);
        for (int fit = 0; fit < FITS; fit++) {
            const struct place *at = &runs[fit].places[i];
            snprintf(text, sizeof text, "%ld at %ld", at->hole, at->start);
            printf(" %16s", at->start < 0 ? "waits" : text);
        }
        putchar('\n');
    }
}

static void show_table(const struct setup *s, const struct run *runs)
{
    double steps = (double)s->events.count;

    printf("\n%-6s %7s %7s %7s %7s %9s %7s %7s %7s %10s\n", "fit", "placed",
           "waited", "waiting", "holes", "processes", "ext.", "int.", "moved",
           "looked at");
    for (int fit = 0; fit < FITS; fit++) {
        const struct run *r = &runs[fit];
        printf("%-6s %7zu %7zu %7zu %7.1f %9.1f %5.1f %% %5.1f %% %7ld "
               "%10.1f\n",
               fit_names[fit], r->placed, r->waited, r->queue_length,
               r->holes / steps, r->owners / steps, r->external / steps,
               r->internal / steps, r->moved,
               (double)r->looked_at / (double)(r->searches ? r->searches : 1));
    }
}

static void compare(const struct setup *s)
{
    struct run runs[FITS];

    for (int fit = 0; fit < FITS; fit++) {
        run_begin(&runs[fit], s, (enum fit)fit);
        for (size_t i = 0; i < s->events.count; i++)
            step(&runs[fit], i);
    }
    if (s->events.count <= SHORT)
        show_places(s, runs);
    show_table(s, runs);
    for (int fit = 0; fit < FITS; fit++)
        run_end(&runs[fit]);
}

static void set_option(struct setup *s, int letter, const char *value)
{
    const long most = 1L << MEMORY_MOST_BITS;

    if (letter == 'm')
        s->memory = input_number("--memory", value, 1, most);
    else if (letter == 'f')
        s->fit = (enum fit)input_choice("--fit", value, fit_names);
    else if (letter == 'c')
        s->compact = 1;
    else if (letter == 'g')
        s->svg = 1;
    else if (letter == 'x' || letter == 'o') {
        s->count = input_list(letter == 'x' ? "--fixed" : "--holes", value,
                              s->parts, MOST_PARTS);
        s->fixed = letter == 'x';
    }
}

int contiguous_main(struct options *o)
{
    struct setup s = { .memory = 1024 };
    long random = 0, seed = 1;
    int letter;

    while ((letter = options_next(o, "+m:x:o:f:cn:s:g")) != -1) {
        if (letter == 'n')
            random = input_number("--random", o->value, 1, 10000);
        else if (letter == 's')
            seed = input_number("--seed", o->value, 0, 1L << 40);
        else
            set_option(&s, letter, o->value);
    }
    if (s.fixed && s.compact)
        input_fail("fixed partitions cannot be compacted");
    if (random && o->count)
        input_fail("--random makes up the requests; '%.40s' is one more",
                   o->operands[0]);
    for (size_t i = 0; i < s.count; i++)
        s.memory = i ? s.memory + s.parts[i] : s.parts[0];
    if (random)
        events_make(&s.events, (size_t)random, seed, s.memory);
    else
        events_read(&s.events, o->operands, 1L << MEMORY_MOST_BITS);
    draw(&s);
    if (!s.svg)
        compare(&s);
    free(s.events.list);
    return 0;
}
