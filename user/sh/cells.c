/*
 * cells.c - splitting a word's characters into fields.
 *
 * IFS white space separates fields, however much of it there is; every other
 * IFS character ends a field, even an empty one, together with the white space
 * around it. Read next: glob.c.
 */
#include "cells.h"

#include <string.h>

#include "glob.h"
#include "state.h"
#include "variables.h"

/* The field under construction: its text, and the text as a pattern. */
struct field {
    struct text text, pattern;
    int started;     /* there is a field, though it may be empty */
    int has_magic;   /* an unquoted * ? or [ */
    int after_blank; /* white space just ended a field */
};

void cells_add(struct cells *cells, int c, enum cell_mark mark)
{
    text_add(&cells->characters, c);
    text_add(&cells->marks, mark);
}

void cells_add_string(struct cells *cells, const char *s, enum cell_mark mark)
{
    for (; *s; s++)
        cells_add(cells, *s, mark);
}

void cells_free(struct cells *cells)
{
    text_free(&cells->characters);
    text_free(&cells->marks);
}

static void field_add(struct field *f, int c, int quoted)
{
    f->started = 1;
    f->after_blank = 0;
    text_add(&f->text, c);
    if (quoted && strchr("*?[]\\-!^", c))
        text_add(&f->pattern, '\\');
    else if (!quoted && strchr("*?[", c))
        f->has_magic = 1;
    text_add(&f->pattern, c);
}

static void field_end(struct field *f, struct strings *list)
{
    int replaced = f->started && f->has_magic && !shell.noglob &&
                   glob_expand(f->pattern.bytes, list);
    if (f->started && !replaced)
        strings_add(list, copy_string(f->text.length ? f->text.bytes : ""));
    f->text.length = 0;
    f->pattern.length = 0;
    f->started = 0;
    f->has_magic = 0;
}

/* A separator; blank: white space. */
static void field_separate(struct field *f, int blank, struct strings *list)
{
    if (f->started) {
        field_end(f, list);
        f->after_blank = blank;
    } else if (!blank) {
        if (!f->after_blank) {
            f->started = 1; /* an empty field */
            field_end(f, list);
        }
        f->after_blank = 0;
    }
}

void cells_to_fields(const struct cells *cells, struct strings *list)
{
    const char *ifs = variable_get("IFS");
    struct field f;
    memset(&f, 0, sizeof f);
    ifs = ifs ? ifs : " \t\n";
    for (size_t i = 0; i < cells->characters.length; i++) {
        int c = (unsigned char)cells->characters.bytes[i];
        switch ((enum cell_mark)cells->marks.bytes[i]) {
        case CELL_BREAK:
            field_end(&f, list);
            f.after_blank = 0;
            break;
        case CELL_EMPTY:
            f.started = 1;
            break;
        case CELL_SPLIT:
            if (strchr(ifs, c))
                field_separate(&f, strchr(" \t\n", c) != NULL, list);
            else
                field_add(&f, c, 0);
            break;
        case CELL_PLAIN:
            field_add(&f, c, 0);
            break;
        case CELL_QUOTED:
            field_add(&f, c, 1);
            break;
        }
    }
    field_end(&f, list);
    text_free(&f.text);
    text_free(&f.pattern);
}

static char *join(const struct cells *cells, int as_pattern)
{
    struct text out = { NULL, 0, 0 };
    for (size_t i = 0; i < cells->characters.length; i++) {
        int c = (unsigned char)cells->characters.bytes[i];
        int mark = (unsigned char)cells->marks.bytes[i];
        if (mark == CELL_EMPTY)
            continue;
        if (mark == CELL_BREAK)
            c = ' ';
        if (as_pattern && mark == CELL_QUOTED)
            text_add(&out, '\\');
        text_add(&out, c);
    }
    return text_take(&out);
}

char *cells_to_string(const struct cells *cells)
{
    return join(cells, 0);
}

char *cells_to_pattern(const struct cells *cells)
{
    return join(cells, 1);
}
