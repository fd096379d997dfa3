/*
 * memory.c - growing strings, lists of strings, arenas.
 *
 * No allocation here fails visibly: without memory the shell ends with a
 * message (memory_get). Read next: ast.h.
 */
#include "memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../common/files.h"

enum { ARENA_CHUNK = 2048, ARENA_ALIGN = 16 };

struct chunk {
    struct chunk *next;
    size_t used, room;
    _Alignas(ARENA_ALIGN) char bytes[];
};

struct arena {
    struct chunk *chunks;
    int references;
};

void text_add_bytes(struct text *t, const char *bytes, size_t length)
{
    if (!t->bytes || t->length + length + 1 > t->room) {
        t->room = (t->length + length + 1) * 2 + 14;
        t->bytes = memory_resize(t->bytes, t->room);
    }
    memcpy(t->bytes + t->length, bytes, length);
    t->length += length;
    t->bytes[t->length] = 0;
}

void text_add(struct text *t, int c)
{
    char byte = (char)c;
    text_add_bytes(t, &byte, 1);
}

void text_add_string(struct text *t, const char *string)
{
    text_add_bytes(t, string, strlen(string));
}

char *text_take(struct text *t)
{
    if (!t->bytes)
        text_add_bytes(t, "", 0);
    char *bytes = t->bytes;
    memset(t, 0, sizeof *t);
    return bytes;
}

void text_free(struct text *t)
{
    free(t->bytes);
    memset(t, 0, sizeof *t);
}

void strings_add(struct strings *list, char *owned)
{
    if (list->count + 2 > list->room) {
        list->room = list->room * 2 + 6;
        list->items = memory_resize(list->items, list->room * sizeof(char *));
    }
    list->items[list->count++] = owned;
    list->items[list->count] = NULL;
}

static int compare_strings(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void strings_sort(struct strings *list, size_t first)
{
    if (list->count > first)
        qsort(list->items + first, list->count - first, sizeof(char *),
              compare_strings);
}

void strings_free(struct strings *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    memset(list, 0, sizeof *list);
}

struct arena *arena_create(void)
{
    struct arena *a = memory_get(sizeof *a);
    a->chunks = NULL;
    a->references = 1;
    return a;
}

struct arena *arena_get(struct arena *a)
{
    a->references++;
    return a;
}

void arena_put(struct arena *a)
{
    if (--a->references)
        return;
    for (struct chunk *c = a->chunks, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    free(a);
}

void *arena_alloc(struct arena *a, size_t size)
{
    size = (size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
    struct chunk *c = a->chunks;
    if (!c || c->room - c->used < size) {
        size_t room = size > ARENA_CHUNK ? size : ARENA_CHUNK;
        c = memory_get(sizeof *c + room);
        c->room = room;
        c->used = 0;
        c->next = a->chunks;
        a->chunks = c;
    }
    void *p = c->bytes + c->used;
    c->used += size;
    return memset(p, 0, size);
}

char *arena_copy(struct arena *a, const char *bytes, size_t length)
{
    char *copy = arena_alloc(a, length + 1);
    if (length)
        memcpy(copy, bytes, length);
    return copy;
}

char *copy_string(const char *string)
{
    size_t size = strlen(string) + 1;
    return memcpy(memory_get(size), string, size);
}
