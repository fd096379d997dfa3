/*
 * core/printk.c - the log: a ring of the newest bytes, and a device.
 */
#include "core/printk.h"

#include <stdarg.h>

#include "base/format.h"
#include "core/panic.h"
#include "core/spinlock.h"
#include "x86/clock.h"

enum { LINE_BYTES = 512, RING_BYTES = 32768 };

static struct spinlock lock = SPINLOCK_INIT("printk", RANK_PRINTK);
static char ring[RING_BYTES];     /* [L] */
static uint64_t ring_written;     /* [L] bytes ever */
static bool at_line_start = true; /* [L] */
static void (*sink)(const char *bytes, size_t count);
static void (*panic_sink)(const char *bytes, size_t count);

void printk_set_sink(void (*write)(const char *bytes, size_t count))
{
    sink = write;
    if (ring_written > 0 && ring_written <= RING_BYTES)
        sink(ring, ring_written);
}

void printk_set_panic_sink(void (*write)(const char *bytes, size_t count))
{
    panic_sink = write;
}

static void emit(const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ring[ring_written++ % RING_BYTES] = bytes[i];
    if (sink)
        sink(bytes, count);
}

/* One formatted message, with the time in front if it begins a line. */
static void log_text(const char *text, size_t count)
{
    char stamp[24];

    if (at_line_start) {
        uint64_t us = clock_now_ns() / NSEC_PER_USEC;
        int n = base_snprintf(stamp, sizeof(stamp), "[%5lu.%06lu] ",
                              us / 1000000, us % 1000000);
        emit(stamp, (size_t)n);
    }
    emit(text, count);
    at_line_start = count > 0 && text[count - 1] == '\n';
}

__printf(2, 0) static size_t format(char *line, const char *fmt, va_list args)
{
    int n = base_vsnprintf(line, LINE_BYTES, fmt, args);

    return n < LINE_BYTES ? (size_t)n : LINE_BYTES - 1;
}

void printk(const char *fmt, ...)
{
    char line[LINE_BYTES];
    va_list args;

    if (panic_in_progress())
        return;
    va_start(args, fmt);
    size_t n = format(line, fmt, args);
    va_end(args);
    spin_lock(&lock);
    log_text(line, n);
    spin_unlock(&lock);
}

void printk_emergency(const char *fmt, ...)
{
    char line[LINE_BYTES];
    va_list args;

    va_start(args, fmt);
    size_t n = format(line, fmt, args);
    va_end(args);
    log_text(line, n);
    if (panic_sink)
        panic_sink(line, n);
}

size_t printk_read_ring(char *buf, size_t size)
{
    spin_lock(&lock);
    uint64_t have = ring_written < RING_BYTES ? ring_written : RING_BYTES;
    size_t n = size < have ? size : (size_t)have;
    for (size_t i = 0; i < n; i++)
        buf[i] = ring[(ring_written - n + i) % RING_BYTES];
    spin_unlock(&lock);
    return n;
}
