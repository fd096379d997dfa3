#pragma once
/*
 * Pictures of memory: a line of text for each step, or one SVG in which time
 * goes to the right and addresses go down.
 */
#include "memory.h"

struct picture {
    int svg;
    size_t every; /* only every so many steps are drawn */
    size_t step, drawn;
    int column; /* its width in SVG */
    /* private, for SVG: */
    struct stay *stays; /* who has been where since when */
    size_t stay_count;
    long size; /* of memory */
};

/* The colours of SVGs, one for each n. */
const char *picture_colour(size_t n);

/* Begins a picture of so many steps. */
void picture_begin(struct picture *p, const char *title, size_t steps, int svg);

/* Draws memory after a step, with the words that say what happened. */
void picture_step(struct picture *p, const struct memory *m, const char *event,
                  const char *note);

void picture_end(struct picture *p);

/* Prints memory as |AAA..BBB:| : dots are free, colons given but not used. */
void picture_bar(const struct memory *m);
