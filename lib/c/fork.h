/*
 * lib/c/fork.h - the latches that fork() takes so that the child finds the
 * library's data whole, and what it does in the child, holding them.
 */
#pragma once

#include "latch.h"

extern struct latch libc_exit_latch;        /* exit.c */
extern struct latch libc_streams_latch;     /* stream_open.c */
extern struct latch libc_environment_latch; /* environment.c */
extern struct latch libc_key_latch;         /* thread_key.c */
extern struct latch libc_malloc_latch;      /* malloc.c */

/* Nobody but the caller can be in exit(). */
void exit_fork_child(void);

/* Nobody but the caller can hold a stream. */
void stream_fork_child(void);
