#pragma once
/*
 * A word while it is expanded: characters, each with a mark that says how it
 * came about, for splitting and pattern matching are decided by that.
 */
#include "memory.h"

enum cell_mark {
    CELL_PLAIN,  /* stood unquoted in the word */
    CELL_QUOTED, /* quoted: never special */
    CELL_SPLIT,  /* result of an unquoted expansion: split at IFS */
    CELL_BREAK,  /* no character: the end of a field of "$@" */
    CELL_EMPTY,  /* no character: "", which makes a field even if alone */
};

struct cells {
    struct text characters, marks;
};

void cells_add(struct cells *cells, int c, enum cell_mark mark);
void cells_add_string(struct cells *cells, const char *s, enum cell_mark mark);
void cells_free(struct cells *cells);

/* Splits at IFS and breaks; expands file names; adds the fields to the list. */
void cells_to_fields(const struct cells *cells, struct strings *list);

/* All characters as one string; breaks become spaces. The caller frees it. */
char *cells_to_string(const struct cells *cells);

/* The same with a backslash before each quoted character. */
char *cells_to_pattern(const struct cells *cells);
