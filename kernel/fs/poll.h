/*
 * fs/poll.h - one thread waiting on several files at once.
 *
 * A file's poll op calls poll_wait() for the queue that is woken when its
 * state changes, then says what is ready now.
 */
#pragma once

#include "sched/wait.h"

struct poll_table; /* fs/poll.c */

/* Stand on `queue` (once per file and queue); no-op when table is NULL. */
void poll_wait(struct poll_table *table, struct wait_queue *queue);
