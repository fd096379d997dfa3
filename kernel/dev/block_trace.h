/*
 * dev/block_trace.h - what happened to disk requests, step by step.
 *
 * Idea:  a ring of the last events, each with its time.  Off, a trace point
 *        costs one predictable branch.  /proc/diskevents shows the ring.
 */
#pragma once

#include "core/types.h"
#include "dev/block.h"

/* The steps of a request's life, in their usual order. */
enum block_event_kind {
    BLOCK_EVENT_QUEUE,     /* block_submit: it waits */
    BLOCK_EVENT_MERGE,     /* ... as part of one that waits already */
    BLOCK_EVENT_RING,      /* its descriptors are in the ring */
    BLOCK_EVENT_NOTIFY,    /* the device was told, by a register */
    BLOCK_EVENT_INTERRUPT, /* the device says that something is done */
    BLOCK_EVENT_DONE,      /* taken from the ring; error tells how it went */
    BLOCK_EVENT_KINDS
};

struct block_event {
    uint64_t time; /* clock_now_ns */
    const struct block_device *device;
    uint64_t sector;  /* of the disk; 0 for notify and interrupt */
    uint32_t sectors; /* ditto */
    uint8_t kind;     /* enum block_event_kind */
    uint8_t direction;
    int16_t error;
};

extern bool block_tracing; /* [a] */

/* Turn tracing on, with an empty ring, or off. */
void block_trace_set(bool on);

/* Copy up to `max` events, oldest first, from the `first`-th since tracing was
 * turned on; *first becomes the number of the first one that was copied (older
 * ones are lost).  Returns how many. */
unsigned block_trace_read(uint64_t *first, struct block_event *out,
                          unsigned max);

void block_trace_add(enum block_event_kind kind,
                     const struct block_device *device, uint64_t sector,
                     uint32_t sectors, unsigned direction, int error);

/* A step of one request, or of the device (`r` is NULL).  Context: any. */
static inline void block_trace(enum block_event_kind kind,
                               const struct block_device *device,
                               const struct block_request *r, uint32_t sectors)
{
    if (unlikely(block_tracing))
        block_trace_add(kind, device, r ? r->first : 0, sectors,
                        r && r->flush   ? BLOCK_FLUSHES
                        : r && r->write ? BLOCK_WRITES
                                        : BLOCK_READS,
                        r ? r->error : 0);
}
