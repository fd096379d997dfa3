/*
 * lib/c/fork.h - the latches that fork() takes so that the child finds the
 * library's data whole.
 */
#pragma once

#include "latch.h"

extern struct latch libc_key_latch; /* thread_key.c */
