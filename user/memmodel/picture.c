/*
 * picture.c - pictures of memory as text and as SVG.
 *
 * A long history is sampled: some 20 lines of text, some 100 columns of SVG.
 * Read next: memory.h
 */
#include "picture.h"

#include <stdlib.h>
#include <string.h>

#include "common/files.h"

enum { CELLS = 40, HEIGHT = 320, TOP = 28, CURVE = 100 };

const char *picture_colour(size_t n)
{
    static const char *const colours[] = { "#4e79a7", "#f28e2b", "#59a14f",
                                           "#b07aa1", "#76b7b2", "#e15759",
                                           "#9c755f", "#edc948" };

    return colours[n % (sizeof colours / sizeof colours[0])];
}

void picture_begin(struct picture *p, const char *title, size_t steps, int svg)
{
    size_t most = svg ? 120 : 40;

    *p = (struct picture){ .svg = svg, .every = 1, .column = 8 };
    if (steps > most)
        p->every = (steps + most / 2 - 1) / (most / 2);
    if (steps <= 12)
        p->column = 40;
    if (!svg) {
        printf("%s\n%-12s %-*s %8s %8s  ext.  int.\n", title, "", CELLS + 2,
               "memory (. free, : given but not used)", "free", "largest");
        return;
    }
    size_t columns = (steps + p->every - 1) / p->every * (size_t)p->column;
    size_t width = columns < 460 ? 480 : columns + 20;
    printf("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%zu\" "
           "height=\"%d\" font-family=\"sans-serif\" font-size=\"12\">\n"
           "<title>%s</title>\n"
           "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n"
           "<text x=\"10\" y=\"18\">%s: address down, time to the right"
           "</text>\n",
           width, TOP + HEIGHT + CURVE + 40, title, title);
    printf("<rect x=\"10\" y=\"%d\" width=\"%zu\" height=\"%d\" "
           "fill=\"#eeeeee\"/>\n"
           "<text x=\"10\" y=\"%d\">free memory outside the largest hole, 0 to "
           "100 %%</text>\n",
           TOP, columns, HEIGHT, TOP + HEIGHT + CURVE + 32);
}

static char cell_of(const struct memory *m, long at, size_t *i)
{
    while (*i + 1 < m->count && m->blocks[*i + 1].start <= at)
        ++*i;
    const struct block *b = &m->blocks[*i];
    if (b->used == 0)
        return '.';
    return at - b->start < b->used ? b->owner[0] : ':';
}

void picture_bar(const struct memory *m)
{
    size_t block = 0;

    putchar('|');
    for (long i = 0; i < CELLS; i++)
        putchar(cell_of(m, (2 * i + 1) * m->size / (2 * CELLS), &block));
    putchar('|');
}

/* ---- SVG: a rectangle for each stay of a process at one place ------------- */

struct stay {
    struct block block;
    size_t since; /* column */
};

static void draw_box(const struct picture *p, size_t since, long start,
                     long size, const char *colour, const char *name)
{
    double scale = (double)HEIGHT / (double)p->size;

    printf("<rect x=\"%zu\" y=\"%.1f\" width=\"%zu\" height=\"%.1f\" "
           "fill=\"%s\" stroke=\"white\" stroke-width=\"0.5\"><title>%s"
           "</title></rect>\n",
           10 + since * (size_t)p->column, TOP + (double)start * scale,
           (p->drawn - since) * (size_t)p->column, (double)size * scale, colour,
           name);
}

static void draw_stay(const struct picture *p, const struct stay *s)
{
    const struct block *b = &s->block;
    size_t number = 0;

    for (const char *c = b->owner; *c; c++)
        number = number * 7 + (size_t)*c;
    draw_box(p, s->since, b->start, b->used, picture_colour(number), b->owner);
    if (b->size > b->used)
        draw_box(p, s->since, b->start + b->used, b->size - b->used, "#ffb0b0",
                 "given, not used");
}

static int is_same(const struct block *a, const struct block *b)
{
    return a->start == b->start && a->size == b->size && a->used == b->used &&
           strcmp(a->owner, b->owner) == 0;
}

/* Draws the stays that have ended; all of them when m is NULL. */
static void end_stays(struct picture *p, const struct memory *m)
{
    size_t kept = 0;

    for (size_t i = 0; i < p->stay_count; i++) {
        const struct stay *s = &p->stays[i];
        long at = m ? memory_find(m, s->block.owner) : -1;
        if (at >= 0 && is_same(&m->blocks[at], &s->block))
            p->stays[kept++] = *s;
        else
            draw_stay(p, s);
    }
    p->stay_count = kept;
}

static void begin_stays(struct picture *p, const struct memory *m)
{
    p->stays =
        memory_resize(p->stays, (p->stay_count + m->count) * sizeof *p->stays);
    for (size_t i = 0; i < m->count; i++) {
        const struct block *b = &m->blocks[i];
        size_t known = 0;
        while (known < p->stay_count && !is_same(&p->stays[known].block, b))
            known++;
        if (b->used && known == p->stay_count)
            p->stays[p->stay_count++] = (struct stay){ *b, p->drawn };
    }
}

static void draw_column(struct picture *p, const struct memory *m,
                        const struct figures *f)
{
    double height = f->external * CURVE / 100;

    p->size = m->size;
    end_stays(p, m);
    begin_stays(p, m);
    printf("<rect x=\"%zu\" y=\"%.1f\" width=\"%d\" height=\"%.1f\" "
           "fill=\"#888888\"/>\n",
           10 + p->drawn * (size_t)p->column,
           TOP + HEIGHT + 16 + CURVE - height, p->column, height);
}

void picture_step(struct picture *p, const struct memory *m, const char *event,
                  const char *note)
{
    struct figures f;

    if (p->step++ % p->every)
        return;
    memory_measure(m, &f);
    if (p->svg) {
        draw_column(p, m, &f);
    } else {
        printf("%-12s ", event);
        picture_bar(m);
        printf(" %8ld %8ld %3.0f %% %3.0f %%  %s\n", f.free, f.largest,
               f.external, 100.0 * (double)f.internal / (double)m->size, note);
    }
    p->drawn++;
}

void picture_end(struct picture *p)
{
    if (!p->svg)
        return;
    end_stays(p, NULL);
    free(p->stays);
    puts("</svg>");
}
