/*
 * core/printk.h - the kernel log: formatted lines into a ring buffer and out
 * to the registered sink (debug console or COM1).
 */
#pragma once

#include "core/types.h"

/* Print to the log, with a time stamp at line starts.  Context: any. */
void printk(const char *format, ...) __printf(1, 2);

/* Emergency form of printk for panic: takes no lock. */
void printk_emergency(const char *format, ...) __printf(1, 2);

/* Copy up to `size` of the newest log bytes to `buf`; returns bytes copied. */
size_t printk_read_ring(char *buf, size_t size);

/* Set by x86/early console: writes bytes to the log device, polled. */
void printk_set_sink(void (*write)(const char *bytes, size_t count));

/* A second hook: dev/channel.c gets panic text as bytes for the host. */
void printk_set_panic_sink(void (*write)(const char *bytes, size_t count));
