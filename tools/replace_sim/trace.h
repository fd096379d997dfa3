/*
 * replace_sim/trace.h - a string of page references, read from a file.
 *
 * The file is text: `r`, `w` or `x` (read, write, fetch) and a page number in
 * hexadecimal on each line; `#` begins a comment.  vmtrace writes it so.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TRACE_MOST = 100 * 1000 * 1000 };

struct trace {
    size_t length;
    uint32_t *page; /* which page each reference is to: 0 .. pages - 1 */
    bool *write;
    size_t pages;     /* different pages */
    uint64_t *number; /* their page numbers, in the order of first use */
    uint32_t *next;   /* where the same page comes again; TRACE_NEVER */
};

#define TRACE_NEVER UINT32_MAX

/* Read the file, "-" is stdin.  A mistake in it ends the program with a
 * message that names the line. */
void trace_read(struct trace *trace, const char *path);

/* malloc or end of the program. */
void *memory_zeroed(size_t count, size_t size);
