#pragma once
/*
 * Memory of the shell: growing strings, lists of strings, and arenas.
 */
#include <stddef.h>

/* A string that grows. All zero is an empty one. */
struct text {
    char *bytes; /* NUL-terminated once something was added */
    size_t length, room;
};

/* Each adds at the end. */
void text_add(struct text *t, int c);
void text_add_bytes(struct text *t, const char *bytes, size_t length);
void text_add_string(struct text *t, const char *string);

/* Returns the string, which the caller frees, and leaves t empty. */
char *text_take(struct text *t);

void text_free(struct text *t);

/* A list of strings, each owned by the list. All zero is an empty one. */
struct strings {
    char **items; /* NULL-terminated once something was added */
    size_t count, room;
};

/* Adds a string; the list frees it later. */
void strings_add(struct strings *list, char *owned);

/* Sorts items from `first` on by byte values. */
void strings_sort(struct strings *list, size_t first);

void strings_free(struct strings *list);

/*
 * An arena: objects that live and die together (a syntax tree). Counted: a
 * function that was defined keeps the tree it stands in.
 */
struct arena;

/* Returns an arena with one reference. */
struct arena *arena_create(void);

/* One reference more, or less; the last one frees everything in it. */
struct arena *arena_get(struct arena *a);
void arena_put(struct arena *a);

/* Returns zeroed memory that lives as long as the arena. */
void *arena_alloc(struct arena *a, size_t size);

/* Returns a NUL-terminated copy of the bytes. */
char *arena_copy(struct arena *a, const char *bytes, size_t length);

/* Returns a copy of the string that the caller frees. */
char *copy_string(const char *string);
