/*
 * dev/block_trace.c - the ring of disk events.
 *
 * Idea:  events are numbered from 0; number n lies in slot n mod EVENTS.
 * Locks: trace_lock, below all others that a trace point may hold.
 */
#include "dev/block_trace.h"

#include "core/spinlock.h"
#include "x86/clock.h"

enum { EVENTS = 512 };

bool block_tracing;

static struct spinlock trace_lock =
    SPINLOCK_INIT("block trace", RANK_DISK_TRACE);
static struct block_event events[EVENTS]; /* [trace_lock] */
static uint64_t event_count;              /* [trace_lock] */

void block_trace_set(bool on)
{
    spin_lock(&trace_lock);
    if (on)
        event_count = 0;
    __atomic_store_n(&block_tracing, on, __ATOMIC_RELAXED);
    spin_unlock(&trace_lock);
}

void block_trace_add(enum block_event_kind kind,
                     const struct block_device *device, uint64_t sector,
                     uint32_t sectors, unsigned direction, int error)
{
    spin_lock(&trace_lock);
    events[event_count++ % EVENTS] = (struct block_event){
        .time = clock_now_ns(),
        .device = device,
        .sector = sector,
        .sectors = sectors,
        .kind = (uint8_t)kind,
        .direction = (uint8_t)direction,
        .error = (int16_t)error,
    };
    spin_unlock(&trace_lock);
}

unsigned block_trace_read(uint64_t *first, struct block_event *out,
                          unsigned max)
{
    unsigned n = 0;

    spin_lock(&trace_lock);
    if (event_count > EVENTS && *first < event_count - EVENTS)
        *first = event_count - EVENTS;
    while (n < max && *first + n < event_count) {
        out[n] = events[(*first + n) % EVENTS];
        n++;
    }
    spin_unlock(&trace_lock);
    return n;
}
