/*
 * thread_block.h - calls in which a thread sleeps until somebody ends it.
 */
#pragma once

enum { THREAD_BLOCKS = 12 };

/* Once in the process that will block: makes what the calls sleep on, a child
 * among them, which ends with the process. */
void thread_block_prepare(void);

/* Makes call `kind` (below THREAD_BLOCKS); returns if a signal cut it short. */
void thread_block(long kind);
