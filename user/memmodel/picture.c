/*
 * picture.c - pictures of memory as text and as SVG.
 *
 * A long history is sampled: some 20 lines of text, some 100 columns of SVG.
 * Read next: memory.h
 */
#include "picture.h"

#include <string.h>

enum { CELLS = 40, COLUMN = 8, HEIGHT = 320, TOP = 28, CURVE = 100 };

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

    *p = (struct picture){ .svg = svg, .every = 1 };
    if (steps > most)
        p->every = (steps + most / 2 - 1) / (most / 2);
    if (!svg) {
        printf("%s\n%-12s %-*s %8s %8s  ext.  int.\n", title, "", CELLS + 2,
               "memory (. free, : given but not used)", "free", "largest");
        return;
    }
    size_t width = (steps / p->every + 1) * COLUMN + 20;
    width = width < 480 ? 480 : width;
    printf("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%zu\" "
           "height=\"%d\" font-family=\"sans-serif\" font-size=\"12\">\n"
           "<title>%s</title>\n"
           "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n"
           "<text x=\"10\" y=\"18\">%s: address down, time to the right"
           "</text>\n",
           width, TOP + HEIGHT + CURVE + 40, title, title);
    printf("<text x=\"10\" y=\"%d\">free memory outside the largest hole, 0 to "
           "100 %%</text>\n",
           TOP + HEIGHT + CURVE + 32);
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

static void draw_box(const struct memory *m, long start, long size, size_t x,
                     const char *colour, const char *owner)
{
    double scale = (double)HEIGHT / (double)m->size;

    printf("<rect x=\"%zu\" y=\"%.1f\" width=\"%d\" height=\"%.1f\" "
           "fill=\"%s\"><title>%s</title></rect>\n",
           x, TOP + (double)start * scale, COLUMN, (double)size * scale, colour,
           owner);
}

/* One column: owners in colour, what they do not use in pale red. */
static void draw_column(struct picture *p, const struct memory *m,
                        const struct figures *f)
{
    size_t x = 10 + p->drawn * COLUMN;

    draw_box(m, 0, m->size, x, "#eeeeee", "free");
    for (size_t i = 0; i < m->count; i++) {
        const struct block *b = &m->blocks[i];
        size_t number = 0;
        if (b->used == 0)
            continue;
        for (const char *c = b->owner; *c; c++)
            number = number * 7 + (size_t)*c;
        draw_box(m, b->start, b->used, x, picture_colour(number), b->owner);
        if (b->size > b->used)
            draw_box(m, b->start + b->used, b->size - b->used, x, "#ffb0b0",
                     "given, not used");
    }
    double height = f->external * CURVE / 100;
    printf("<rect x=\"%zu\" y=\"%.1f\" width=\"%d\" height=\"%.1f\" "
           "fill=\"#888888\"/>\n",
           x, TOP + HEIGHT + 16 + CURVE - height, COLUMN, height);
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
    if (p->svg)
        puts("</svg>");
}
