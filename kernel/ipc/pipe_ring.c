/*
 * ipc/pipe_ring.c - the bytes of a pipe.
 *
 * Idea:   positions count bytes and wrap at the size of the ring, a power of
 *         two; a page comes with the first byte that needs it.  When the last
 *         byte is read the ring starts again at 0 and keeps one page, so that
 *         small messages need no allocation.  A page that is used at both ends
 *         (the ring is nearly full and has wrapped) is the one case that
 *         ring_resize() must take apart.
 * Locks:  none: the caller holds the pipe's.
 * Next:   ipc/pipe.c.
 */
#include "ipc/pipe_ring.h"

#include "abi/errno.h"
#include "base/string.h"
#include "core/trace.h"
#include "mem/slab.h"

static void publish(uint32_t *field, uint32_t value)
{
    __atomic_store_n(field, value, __ATOMIC_RELAXED);
}

void ring_init(struct pipe_ring *ring)
{
    ring->bytes = PIPE_PAGES * PAGE_SIZE;
    ring->pages = ring->first_pages;
}

/* Free the pages, and the array unless it is the first. */
static void free_pages(struct pipe_ring *ring)
{
    for (uint32_t i = 0; ring->page_count > 0; i++) {
        if (!ring->pages[i])
            continue;
        frame_free(ring->pages[i], 0);
        ring->pages[i] = NULL;
        ring->page_count--;
    }
    if (ring->pages != ring->first_pages)
        kfree(ring->pages);
}

void ring_destroy(struct pipe_ring *ring)
{
    free_pages(ring);
}

static char *ring_at(const struct pipe_ring *ring, uint32_t position)
{
    return (char *)frame_bytes(ring->pages[position / PAGE_SIZE]) +
           position % PAGE_SIZE;
}

/* Bytes, at most n, from `position` to the end of its page. */
static uint32_t piece(uint32_t position, size_t n)
{
    return (uint32_t)MIN(n, PAGE_SIZE - position % PAGE_SIZE);
}

uint32_t ring_reserve(struct pipe_ring *ring, uint32_t n)
{
    uint32_t tail = ring->head + ring->used;

    for (uint32_t done = 0; done < n; done += piece(tail + done, n - done)) {
        uint32_t page = (tail + done) % ring->bytes / PAGE_SIZE;
        if (ring->pages[page])
            continue;
        ring->pages[page] = frame_alloc(0, FRAME_KERNEL);
        if (!ring->pages[page])
            return done;
        ring->page_count++;
    }
    return n;
}

uint32_t ring_fill(struct pipe_ring *ring, struct uio *uio, uint32_t n)
{
    uint32_t tail = ring->head + ring->used;
    uint32_t done = 0;

    while (done < n) {
        uint32_t at = (tail + done) % ring->bytes;
        uint32_t chunk = piece(at, n - done);
        size_t copied = uio_copy_from_nofault(uio, ring_at(ring, at), chunk);
        done += (uint32_t)copied;
        if (copied < chunk)
            break;
    }
    return done;
}

void ring_publish(struct pipe_ring *ring, uint32_t n)
{
    publish(&ring->used, ring->used + n);
    trace(PIPE_WRITE, ring, n, ring->used);
}

uint32_t ring_drain(struct pipe_ring *ring, struct uio *uio, size_t n)
{
    uint32_t done = 0;

    n = MIN(n, (size_t)ring->used);
    while (done < n) {
        uint32_t chunk = piece(ring->head, n - done);
        uint32_t copied = (uint32_t)uio_copy_to_nofault(
            uio, ring_at(ring, ring->head), chunk);
        ring->head = (ring->head + copied) % ring->bytes;
        publish(&ring->used, ring->used - copied);
        done += copied;
        if (copied < chunk)
            break;
    }
    trace(PIPE_READ, ring, done, ring->used);
    return done;
}

void ring_rewind(struct pipe_ring *ring)
{
    struct frame *kept = ring->pages[0];

    ring->head = 0;
    if (ring->page_count == (kept ? 1 : 0))
        return;
    for (uint32_t i = 1; ring->page_count > (kept ? 1 : 0); i++) {
        if (!ring->pages[i])
            continue;
        if (kept) {
            frame_free(ring->pages[i], 0);
            ring->page_count--;
        } else {
            kept = ring->pages[i];
        }
        ring->pages[i] = NULL;
    }
    ring->pages[0] = kept;
}

/*
 * Put the pages in use, `span` of them from that of the first byte on, at the
 * start of `pages`.  If the last is also the first, its front part moves to
 * the page `extra`.
 */
static void move_pages(struct pipe_ring *ring, struct frame **pages,
                       uint32_t span, struct frame *extra)
{
    uint32_t old_pages = ring->bytes / PAGE_SIZE;
    uint32_t first = ring->head / PAGE_SIZE;

    for (uint32_t i = 0; i < MIN(span, old_pages); i++) {
        uint32_t from = (first + i) % old_pages;
        pages[i] = ring->pages[from];
        ring->pages[from] = NULL;
        ring->page_count--;
    }
    if (extra) {
        memcpy(frame_bytes(extra), frame_bytes(pages[0]),
               ring->head % PAGE_SIZE);
        pages[old_pages] = extra;
    }
}

int ring_resize(struct pipe_ring *ring, uint32_t bytes)
{
    uint32_t skip = ring->used > 0 ? ring->head % PAGE_SIZE : 0;
    uint32_t span = (skip + ring->used + PAGE_SIZE - 1) / PAGE_SIZE;
    struct frame *extra = NULL;

    if (span > bytes / PAGE_SIZE)
        return -EBUSY;
    struct frame **pages = kmalloc_zeroed(bytes / PAGE_SIZE * sizeof(*pages));
    if (!pages)
        return -ENOMEM;
    if (span > ring->bytes / PAGE_SIZE) {
        extra = frame_alloc(0, FRAME_KERNEL);
        if (!extra) {
            kfree(pages);
            return -ENOMEM;
        }
    }
    move_pages(ring, pages, span, extra);
    free_pages(ring);
    ring->pages = pages;
    ring->page_count = span;
    ring->head = skip;
    publish(&ring->bytes, bytes);
    return 0;
}
