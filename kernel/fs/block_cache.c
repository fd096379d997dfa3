/*
 * fs/block_cache.c - the page cache of a disk or partition.
 *
 * 1 Idea      A mapping (vm/mapping.c) whose missing pages are read from the
 *             device.  write() copies into the pages and writes them through,
 *             so its error reaches the writer and a page is as the disk has it,
 *             but for what stores through shared mappings change.
 * 2 States    Nobody records such stores: from an mmap of a file that is open
 *             for writing until a sync finds no mapping left, every cached page
 *             counts as changed (mapping.maybe_dirty) and is written by each sync.
 * 3 Locking   cache->lock around batches, writes and syncs; mapping->lock
 *             inside.  A page fault fills a page under mapping->lock alone.
 * 4 Failure   A page that cannot be read does not come into the cache: -EIO or
 *             SIGBUS, and the next use tries again.  A page that could
 *             not be written is read again, if nobody maps it.
 * 5 Elsewhere Linux writes back later, from a dirty bit for each page.  Disk
 *             and partition have separate caches there too.
 */
#include "fs/block_cache.h"

#include "abi/errno.h"
#include "base/string.h"
#include "core/panic.h"
#include "mem/slab.h"
#include "sched/sched.h"

enum { LOW_MEMORY_PART = 8 }; /* free frames: drop below 1/8 */

static struct spinlock flush_lock = SPINLOCK_INIT("flusher", RANK_FS_LEAF);
static struct wait_queue flush_queue;
static bool flush_wanted; /* [flush_lock] */

static uint64_t cache_bytes(const struct block_cache *cache)
{
    return cache->device->sectors * SECTOR_BYTES;
}

static struct block_cache *cache_of(struct mapping *m)
{
    return container_of(m, struct block_cache, mapping);
}

/* Bytes of page `index` that the device has. */
static uint32_t page_bytes(const struct block_cache *cache, uint64_t index)
{
    uint64_t start = index << PAGE_SHIFT;

    return (uint32_t)MIN(PAGE_SIZE, cache_bytes(cache) - start);
}

/* ---- batches ------------------------------------------------------------- */

static void batch_done(struct block_request *r)
{
    struct block_cache *cache = r->owner;

    spin_lock(&cache->done_lock);
    cache->left--;
    spin_unlock(&cache->done_lock);
    wake_up_all(&cache->ready);
}

/* Bytes [from, to) of page `index`, which is `frame`; its reference goes to the
 * batch. */
static void batch_add(struct block_cache *cache, struct frame *frame,
                      uint64_t index, uint32_t from, uint32_t to, bool write)
    MUST_HOLD(cache->lock)
{
    cache->pages[cache->count] = frame;
    cache->requests[cache->count++] = (struct block_request){
        .device = cache->device,
        .sector = ((index << PAGE_SHIFT) + from) / SECTOR_BYTES,
        .page = frame_phys(frame) + from,
        .bytes = to - from,
        .write = write,
        .done = batch_done,
        .owner = cache,
    };
}

/* Submit all of the batch and wait for them; errors are in the requests. */
static void batch_run(struct block_cache *cache) MUST_HOLD(cache->lock)
{
    unsigned n = cache->count;

    cache->left = n;
    block_plug(cache->device);
    for (unsigned i = 0; i < n; i++)
        block_submit(&cache->requests[i]);
    block_unplug(cache->device);
    spin_lock(&cache->done_lock);
    /* Uninterruptible: the device has our pages. */
    (void)wait_event(&cache->ready, cache->left == 0, &cache->done_lock,
                     WAIT_UNINTERRUPTIBLE, WAIT_FOREVER);
    spin_unlock(&cache->done_lock);
}

/* Drop the frames of the batch; the error of the first that failed. */
static int batch_end(struct block_cache *cache) MUST_HOLD(cache->lock)
{
    int err = 0;

    for (unsigned i = 0; i < cache->count; i++) {
        err = err ? err : cache->requests[i].error;
        frame_put(cache->pages[i]);
    }
    cache->count = 0;
    return err;
}

/* ---- reading ------------------------------------------------------------- */

static int fill_page(struct mapping *m, uint64_t index, struct frame *frame)
{
    struct block_cache *cache = cache_of(m);
    int err =
        block_transfer(cache->device, (index << PAGE_SHIFT) / SECTOR_BYTES,
                       frame_phys(frame), page_bytes(cache, index), false);

    return err ? -EIO : 0;
}

/* Read the missing ones of up to BLOCK_BATCH pages. */
static void read_window(struct block_cache *cache, uint64_t index,
                        unsigned count) MUST_HOLD(cache->lock)
{
    struct frame *cached[BLOCK_BATCH];

    mapping_peek_cached(&cache->mapping, index, count, cached);
    for (unsigned i = 0; i < count; i++) {
        if (cached[i]) {
            frame_put(cached[i]);
            continue;
        }
        struct frame *frame = frame_alloc_zeroed(FRAME_MAPPING);
        if (frame)
            batch_add(cache, frame, index + i, 0, page_bytes(cache, index + i),
                      false);
    }
    batch_run(cache);
    for (unsigned i = 0; i < cache->count; i++) {
        const struct block_request *r = &cache->requests[i];
        uint64_t at = r->sector * SECTOR_BYTES >> PAGE_SHIFT;
        if (r->error != 0)
            continue;
        frame_get(cache->pages[i]); /* for the mapping; a fault was faster? */
        if (mapping_add_frame(&cache->mapping, at, cache->pages[i]) != 0)
            frame_put(cache->pages[i]);
    }
    (void)batch_end(cache); /* a page that is missing is tried again alone */
}

void block_cache_read_ahead(struct block_cache *cache, uint64_t index,
                            uint64_t count)
{
    uint64_t end = (cache_bytes(cache) + PAGE_SIZE - 1) >> PAGE_SHIFT;

    if (index >= end)
        return;
    end = MIN(end, index + count);
    if (frame_count(FRAME_FREE) < frame_total() / LOW_MEMORY_PART)
        block_cache_drop(cache);
    mutex_lock(&cache->lock);
    while (index < end) {
        unsigned n = (unsigned)MIN(end - index, (uint64_t)BLOCK_BATCH);
        read_window(cache, index, n);
        index += n;
    }
    mutex_unlock(&cache->lock);
}

/* ---- writing ------------------------------------------------------------- */

/* A page of which every byte comes from `uio` need not be read first.  NULL:
 * the source is not present, or memory is out; nothing was taken then. */
static struct frame *new_page(struct block_cache *cache, struct uio *uio,
                              uint64_t index)
{
    struct uio before = *uio;
    uint32_t n = page_bytes(cache, index);
    struct frame *frame = frame_alloc_zeroed(FRAME_MAPPING);

    if (!frame)
        return NULL;
    if (uio_copy_from_nofault(uio, frame_bytes(frame), n) == n) {
        frame_get(frame);
        if (mapping_add_frame(&cache->mapping, index, frame) == 0)
            return frame;
        frame_put(frame); /* it came into the cache meanwhile */
    }
    *uio = before;
    frame_put(frame);
    return NULL;
}

/* Copy into the page at `offset` and put it into the batch; bytes, or -errno.
 * 0: the source is not present. */
static int64_t write_page(struct block_cache *cache, struct uio *uio,
                          uint64_t offset) MUST_HOLD(cache->lock)
{
    uint64_t index = offset >> PAGE_SHIFT;
    uint32_t unit = block_unit_bytes(cache->device);
    uint32_t from = (uint32_t)(offset % PAGE_SIZE);
    uint32_t bytes = page_bytes(cache, index);
    size_t n = MIN(bytes - from, uio->left);
    struct frame *frame;

    mapping_peek_cached(&cache->mapping, index, 1, &frame);
    if (!frame && n == bytes) {
        frame = new_page(cache, uio, index);
        if (frame) {
            batch_add(cache, frame, index, 0, bytes, true);
            return (int64_t)n;
        }
    }
    if (!frame) {
        int err = mapping_get_frame(&cache->mapping, index, true, &frame);
        if (err)
            return err;
    }
    size_t copied =
        uio_copy_from_nofault(uio, (char *)frame_bytes(frame) + from, n);
    if (copied == 0) {
        frame_put(frame);
        return 0;
    }
    uint32_t end = from + (uint32_t)copied;
    batch_add(cache, frame, index, ALIGN_DOWN(from, unit), ALIGN_UP(end, unit),
              true);
    return (int64_t)copied;
}

/* Of `done` bytes that were to be written from `offset` on: those before the
 * first request that failed; or its error. */
static int64_t count_written(const struct block_cache *cache, uint64_t offset,
                             int64_t done) MUST_HOLD(cache->lock)
{
    for (unsigned i = 0; i < cache->count; i++) {
        const struct block_request *r = &cache->requests[i];
        uint64_t start = r->sector * SECTOR_BYTES;
        if (r->error == 0)
            continue;
        return start > offset ? (int64_t)(start - offset) : -EIO;
    }
    return done;
}

/* Pages that could not be written show what the disk has, unless some program
 * maps them.  A page that cannot be read either keeps the new bytes. */
static void read_back_failed(struct block_cache *cache) MUST_HOLD(cache->lock)
{
    for (unsigned i = 0; i < cache->count; i++) {
        const struct block_request *r = &cache->requests[i];
        if (r->error == 0 ||
            __atomic_load_n(&cache->mapped, __ATOMIC_ACQUIRE) != 0)
            continue;
        if (block_transfer(cache->device, r->sector, r->page, r->bytes, false))
            break;
    }
}

/* One batch.  Bytes written; 0: the source is not present; -errno. */
static int64_t write_batch(struct block_cache *cache, struct uio *uio,
                           uint64_t offset) MUST_HOLD(cache->lock)
{
    int64_t n = 0, done = 0;

    while (cache->count < BLOCK_BATCH && uio->left > 0 &&
           offset + (uint64_t)done < cache_bytes(cache)) {
        n = write_page(cache, uio, offset + (uint64_t)done);
        if (n <= 0)
            break;
        done += n;
    }
    if (cache->count == 0)
        return n;
    batch_run(cache);
    done = count_written(cache, offset, done);
    read_back_failed(cache);
    return batch_end(cache) == 0 || done > 0 ? done : -EIO;
}

int64_t block_cache_write(struct block_cache *cache, struct uio *uio,
                          uint64_t offset)
{
    uint64_t size = cache_bytes(cache), start = offset;
    int64_t n = 0;

    if (uio->left == 0)
        return 0;
    if (offset >= size)
        return -ENOSPC;
    while (n >= 0 && uio->left > 0 && offset < size) {
        size_t want = MIN(uio->left, BLOCK_BATCH * PAGE_SIZE);
        size_t before = uio->left;
        if (uio_fault_in_source(uio, want) == 0) {
            n = -EFAULT;
            break;
        }
        mutex_lock(&cache->lock);
        n = write_batch(cache, uio, offset);
        mutex_unlock(&cache->lock);
        offset += n > 0 ? (uint64_t)n : 0;
        if (n >= 0 && (size_t)n < before - uio->left)
            n = -EIO; /* not all that was taken has been written */
        sched_point();
    }
    return offset > start ? (int64_t)(offset - start) : n;
}

/* ---- syncing and dropping ------------------------------------------------ */

/* Write the cached pages from *index on, as many as a batch takes. */
static int sync_window(struct block_cache *cache, uint64_t *index)
    MUST_HOLD(cache->lock)
{
    struct frame *cached[BLOCK_BATCH];
    uint64_t end = (cache_bytes(cache) + PAGE_SIZE - 1) >> PAGE_SHIFT;
    unsigned n = (unsigned)MIN(end - *index, (uint64_t)BLOCK_BATCH);

    mapping_peek_cached(&cache->mapping, *index, n, cached);
    for (unsigned i = 0; i < n; i++) {
        if (!cached[i])
            continue;
        frame_clear_flags(cached[i], FRAME_F_DIRTY);
        batch_add(cache, cached[i], *index + i, 0,
                  page_bytes(cache, *index + i), true);
    }
    *index += n;
    batch_run(cache);
    return batch_end(cache);
}

/* All was written that had changed when there were `mmaps`: is it all clean,
 * because nobody maps it?  Then pages may be dropped again. */
static void note_synced(struct block_cache *cache, uint64_t mmaps)
{
    spin_lock(&cache->done_lock);
    if (mmaps == cache->mmaps)
        __atomic_store_n(&cache->mapping.maybe_dirty, false, __ATOMIC_RELEASE);
    spin_unlock(&cache->done_lock);
}

void block_cache_note_mmap(struct block_cache *cache)
{
    spin_lock(&cache->done_lock);
    cache->mmaps++;
    __atomic_store_n(&cache->mapping.maybe_dirty, true, __ATOMIC_RELEASE);
    spin_unlock(&cache->done_lock);
}

int block_cache_sync(struct block_cache *cache)
{
    int result = 0;

    if (!__atomic_load_n(&cache->mapping.maybe_dirty, __ATOMIC_ACQUIRE))
        return 0;
    mutex_lock(&cache->lock);
    uint64_t index = 0,
             mmaps = __atomic_load_n(&cache->mmaps, __ATOMIC_ACQUIRE);
    bool unmapped = __atomic_load_n(&cache->mapped, __ATOMIC_ACQUIRE) == 0;
    while ((index = mapping_next_cached(&cache->mapping, index)) !=
           UINT64_MAX) {
        int err = sync_window(cache, &index);
        result = result ? result : err;
        sched_point();
    }
    /* To a disk that has gone nothing will ever be written. */
    if (unmapped && (result == 0 || result == -ENODEV))
        note_synced(cache, mmaps);
    mutex_unlock(&cache->lock);
    return result ? -EIO : 0;
}

void block_cache_drop(struct block_cache *cache)
{
    mutex_lock(&cache->lock);
    mutex_lock(&cache->mapping.lock);
    if (!__atomic_load_n(&cache->mapping.maybe_dirty, __ATOMIC_ACQUIRE))
        mapping_drop_unused_locked(&cache->mapping);
    mutex_unlock(&cache->mapping.lock);
    mutex_unlock(&cache->lock);
}

void block_cache_sync_all(void)
{
    struct block_device *d;

    for (unsigned i = 0; (d = block_nth(i)) != NULL; i++) {
        struct block_cache *cache = block_cache_of(d);
        if (!cache || d->read_only)
            continue;
        (void)block_cache_sync(cache); /* sync() tells no errors */
        if (d->counts[BLOCK_WRITES].completed != 0)
            (void)block_flush(d);
    }
}

void block_cache_drop_all(void)
{
    const struct block_device *d;

    for (unsigned i = 0; (d = block_nth(i)) != NULL; i++)
        if (d->cache)
            block_cache_drop(d->cache);
}

/* After the last unmapping: what was changed is written, and the pages go if no
 * file is open either. */
static void flusher(void *unused)
{
    struct block_device *d;

    for (;;) {
        spin_lock(&flush_lock);
        /* Uninterruptible: a kernel thread gets no signals. */
        (void)wait_event(&flush_queue, flush_wanted, &flush_lock,
                         WAIT_UNINTERRUPTIBLE, WAIT_FOREVER);
        flush_wanted = false;
        spin_unlock(&flush_lock);
        for (unsigned i = 0; (d = block_nth(i)) != NULL; i++) {
            struct block_cache *cache = block_cache_of(d);
            if (!cache || !__atomic_exchange_n(&cache->sync_wanted, false,
                                               __ATOMIC_ACQ_REL))
                continue;
            (void)block_cache_sync(cache); /* nobody is left to be told */
            if (__atomic_load_n(&cache->files, __ATOMIC_ACQUIRE) == 0)
                block_cache_drop(cache);
        }
    }
}

/* ---- the mapping --------------------------------------------------------- */

static void get_mapping(struct mapping *m)
{
    __atomic_fetch_add(&cache_of(m)->mapped, 1, __ATOMIC_RELAXED);
}

/* as->lock may be held, so the writing is left to the flusher. */
static void put_mapping(struct mapping *m)
{
    struct block_cache *cache = cache_of(m);

    if (__atomic_sub_fetch(&cache->mapped, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    __atomic_store_n(&cache->sync_wanted, true, __ATOMIC_RELEASE);
    spin_lock(&flush_lock);
    flush_wanted = true;
    spin_unlock(&flush_lock);
    wake_up_all(&flush_queue);
}

static size_t describe_mapping(struct mapping *m, char *buf, size_t size)
{
    char path[5 + BLOCK_NAME_BYTES] = "/dev/";

    strlcpy(path + 5, cache_of(m)->device->name, BLOCK_NAME_BYTES);
    return strlcpy(buf, path, size);
}

static int sync_mapping(struct mapping *m)
{
    struct block_cache *cache = cache_of(m);

    return cache->device->read_only ? 0 : block_cache_sync(cache);
}

static const struct mapping_ops cache_mapping_ops = {
    .slow = true,
    .get = get_mapping,
    .put = put_mapping,
    .fill = fill_page,
    .sync = sync_mapping,
    .describe = describe_mapping,
};

void block_cache_init(void)
{
    struct block_device *d;

    wait_queue_init(&flush_queue);
    for (unsigned i = 0; (d = block_nth(i)) != NULL; i++) {
        struct block_cache *cache = kmalloc_zeroed(sizeof(*cache));
        if (!cache)
            panic("no memory for the cache of %s", d->name);
        mapping_init(&cache->mapping, &cache_mapping_ops,
                     d->sectors * SECTOR_BYTES);
        cache->device = d;
        mutex_init(&cache->lock, "block cache", RANK_INODE);
        spinlock_init(&cache->done_lock, "block batch", RANK_FS_LEAF);
        wait_queue_init(&cache->ready);
        d->cache = cache;
    }
    if (block_nth(0) && !thread_create_kernel("flusher", flusher, NULL))
        panic("no memory for the flusher");
}
