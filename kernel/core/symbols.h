/*
 * core/symbols.h - names of the kernel's functions, for panics.
 *
 * tools/kernel-symbols makes the table from the kernel as it was linked without
 * it.  It is part of the image, so that it is there however the kernel was
 * booted.  Files and lines are known to the host (tools/run).
 */
#pragma once

#include "core/types.h"

/* The function that `ip` lies in, NULL if it is none of the kernel's, with where
 * it begins and how long it is. */
const char *symbol_find(vaddr_t ip, vaddr_t *start, uint64_t *bytes);

/* " name+0x12/0x40" for an address in the kernel's text, else "".  `returns`: it
 * is a return address, and the call may be the function's last instruction. */
void symbol_format(vaddr_t ip, bool returns, char *buf, size_t size);
