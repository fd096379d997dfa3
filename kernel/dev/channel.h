/*
 * dev/channel.h - the framed channel to tools/run, over a virtio console or COM2.
 */
#pragma once

#include "core/types.h"
#include "sched/wait.h"

/* Set up the device and greet the host.  Called once, when a command is to be run
 * (or self-tests); without it all functions here do nothing. */
void channel_enable(void);
bool channel_is_enabled(void);

/* Send `count` bytes as frames of `type` ('o', 'e', ...).  Context: may sleep
 * while the host is slow; a thread that is killed then sends no more. */
void channel_write(char type, const void *bytes, size_t count);

/* Wait until the host has everything that was sent.  Context: may sleep. */
void channel_finish(void);

/* The command's wait status; the last frame. */
void channel_send_exit(int32_t status);

/* One line of a self-test, or to the log when there is no channel. */
void verdict_line(const char *text);

/*
 * Bytes of standard input into kernel memory: waits for at least one.
 * Returns the number, 0 at end of file, -EINTR, -EAGAIN (`wait` false).
 */
__must_check int64_t channel_read(void *buf, size_t count, bool wait);

/* Is input (or its end) there?  And the queue that is woken when it comes. */
bool channel_input_ready(void);
struct wait_queue *channel_input_queue(void);
