/*
 * work.h - areas of memory whose every page tells what was written to it last.
 *
 * The words of a page follow from area, page and version; version 0 is a page
 * of zeroes. Usable by several threads and processes as long as each page has
 * one writer; nothing here calls the C library.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct work_area {
    char *at;
    size_t pages;
    unsigned identity;
    uint32_t *versions;     /* of each page; shared as the area is */
    volatile long failures; /* for the user of the area */
};

/* Memory that exists becomes an area; ends the test without memory. */
void work_make(struct work_area *area, unsigned identity, void *at,
               size_t pages, bool shared);

/* The next version by this writer (below 16). */
unsigned work_next(const struct work_area *area, size_t page, unsigned writer);

/* Bytes that the page should have with this version. */
void work_fill(const struct work_area *area, size_t page, unsigned version,
               void *bytes);

/* Writes the page and notes its version. */
void work_write(struct work_area *area, size_t page, unsigned version);
void work_write_all(struct work_area *area, unsigned version);

/* Whether the page holds what its version says; how many do not. */
bool work_check(const struct work_area *area, size_t page);
long work_check_all(const struct work_area *area);

uint64_t work_random(uint64_t *state);

/* From 0 to n-1, a walk that comes by each of them and jumps. */
size_t work_permute(size_t at, size_t n);
