/*
 * badptr.h - addresses that no system call may read from or write to.
 *
 * badptr_count() of them: kernel half, non-canonical, last page, holes,
 * PROT_NONE.  Some are made on the first call (a hole inside a mapping).
 */
#pragma once

#include <stddef.h>

size_t badptr_count(void);
void *badptr(size_t index);
const char *badptr_name(size_t index);

/* A page (read and write) that is followed by an unmapped one. */
char *badptr_page_before_hole(void);

/* A page that can only be read, filled with `fill`. */
char *badptr_read_only_page(int fill);
