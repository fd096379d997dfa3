/*
 * fs/poll.h - one thread waiting on several files at once.
 *
 * A file's poll op calls poll_wait() for the queue that is woken when its
 * state changes, then says what is ready now.
 */
#pragma once

#include "sched/wait.h"

struct file;
struct poll_table; /* fs/poll.c */

/* Stand on `queue` (once per file and queue); no-op when table is NULL. */
void poll_wait(struct poll_table *table, struct wait_queue *queue);

/*
 * Events of descriptor `fd` that are ready, of `wanted` and those that are
 * always told (POLLERR, POLLHUP); POLLNVAL for a bad descriptor.  If none is
 * and `table` is not NULL, the thread then stands on the file's queues.
 */
unsigned poll_descriptor(int fd, unsigned wanted, struct poll_table *table);

/*
 * Call scan(set, table) until it returns other than 0, or the deadline has
 * passed, or a signal came.  scan looks at each descriptor of its set with
 * poll_descriptor() and counts those that are ready (or returns -errno); after
 * the first it may pass NULL on for `table`.  Deadline 0: look once.
 * Returns what scan returned, 0 after the deadline, -EINTR, -ENOMEM.
 */
__must_check int poll_until(int (*scan)(void *set, struct poll_table *table),
                            void *set, uint64_t deadline);
