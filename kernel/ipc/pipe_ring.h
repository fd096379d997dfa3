/*
 * ipc/pipe_ring.h - the bytes of a pipe: a ring of pages, without any lock.
 */
#pragma once

#include "mem/frame.h"
#include "vm/uio.h"

enum { PIPE_PAGES = 16 }; /* of a new pipe, as on Linux */

/* Guarded by the pipe's lock; [a] is also read without it. */
struct pipe_ring {
    uint32_t head;        /* position of the first byte */
    uint32_t used;        /* [a] bytes to be read */
    uint32_t bytes;       /* [a] size of the ring, a power of two of pages */
    uint32_t page_count;  /* pages that are there */
    struct frame **pages; /* NULL where there is none */
    struct frame *first_pages[PIPE_PAGES]; /* where `pages` points at first */
};

/* An empty ring of PIPE_PAGES pages, in zeroed memory. */
void ring_init(struct pipe_ring *ring);
/* Free all pages. */
void ring_destroy(struct pipe_ring *ring);

static inline uint32_t ring_used(const struct pipe_ring *ring)
{
    return __atomic_load_n(&ring->used, __ATOMIC_RELAXED);
}
static inline uint32_t ring_bytes(const struct pipe_ring *ring)
{
    return __atomic_load_n(&ring->bytes, __ATOMIC_RELAXED);
}
static inline uint32_t ring_room(const struct pipe_ring *ring)
{
    return ring_bytes(ring) - ring_used(ring);
}

/* Pages for `n` bytes behind those in use; as many bytes as have one. */
uint32_t ring_reserve(struct pipe_ring *ring, uint32_t n);
/* Copy n bytes (which have pages) behind those in use, with page faults off.
 * Bytes copied; ring_publish() makes them readable. */
uint32_t ring_fill(struct pipe_ring *ring, struct uio *uio, uint32_t n);
void ring_publish(struct pipe_ring *ring, uint32_t n);
/* Copy up to n of the bytes in use to the uio, with page faults off, and give
 * them up.  Bytes copied. */
uint32_t ring_drain(struct pipe_ring *ring, struct uio *uio, size_t n);
/* Start an empty ring again at 0, with one page. */
void ring_rewind(struct pipe_ring *ring);

/* Make the ring `bytes` large, a power of two of pages.  0, -ENOMEM, or -EBUSY
 * if the pages in use do not fit. */
__must_check int ring_resize(struct pipe_ring *ring, uint32_t bytes);
