/*
 * proc/mistake.h - what a program did wrong, in words, when a fault kills it.
 */
#pragma once

#include "core/types.h"

struct trap_frame;

/*
 * A log line: the current process dies of `signal` with si_code `code` and
 * si_addr `address`, because of what *frame tells.  Lines are limited in number,
 * and what was left out is counted.
 * Context: may sleep, if the fault was one of memory; no locks held.
 */
void mistake_log(int signal, int code, uint64_t address,
                 const struct trap_frame *frame);
