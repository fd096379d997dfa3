/*
 * core/panic_words.h - exceptions in words.
 */
#pragma once

#include "core/types.h"

struct trap_frame;

/* "page fault", "system call", "interrupt 240". */
const char *exception_name(uint64_t vector);

/* What went wrong at an exception in kernel mode: a kind of mistake and what it
 * was about.  `address`: CR2 at a page fault. */
void exception_explain(const struct trap_frame *frame, vaddr_t address,
                       char *buf, size_t size);

/* The first general register whose value is no address at all (bits 47 to 63
 * differ), for the general-protection fault that its use leads to: its name, and
 * *value; NULL: none. */
const char *exception_bad_register(const struct trap_frame *frame,
                                   uint64_t *value);
