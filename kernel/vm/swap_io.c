/*
 * vm/swap_io.c - moving pages between the swap cache and the disk.
 *
 * 1 Idea      A fixed number of requests, made at compile time: to get a page out
 *             no memory may be needed.  A page that is read brings its
 *             neighbours along, which most likely went out together with it.
 * 2 Waiting   Who reads waits for READING to end, who writes for all of its
 *             batch.  A request holds a reference on its frame; the disk's
 *             interrupt drops it.
 * 3 Failure   A read that fails marks the frame FAILED: everybody who waits for
 *             it gets -EIO, and it leaves the cache.  After a write that failed
 *             the frame is dirty again, and stays.
 */
#include "abi/errno.h"
#include "core/counter.h"
#include "core/panic.h"
#include "core/trace.h"
#include "sched/wait.h"
#include "vm/pool.h"
#include "vm/swap_area.h"
#include "x86/clock.h"

enum { IOS = 64, CLUSTER = 8, PAGE_SECTORS = PAGE_SIZE / SECTOR_BYTES };
enum { PATIENCE_NS = 10000000 };

struct swap_io {
    struct block_request request;
    struct swap_batch *batch; /* NULL: a read */
    struct list_node link;    /* [io_lock] in free_ios */
};

static struct swap_io ios[IOS];
static struct spinlock io_lock = SPINLOCK_INIT("swap requests", RANK_SWAP_IO);
static struct list_node free_ios; /* [io_lock] */
static uint64_t finished;         /* [io_lock] requests so far */
static unsigned unreserved = IOS; /* [io_lock] free ones not spoken for */
static struct wait_queue io_free, page_done; /* a request, a page is ready */

/* Requests are reserved for all that is to be submitted together, before the
 * first: who has some does not wait for more. */
static void reserve_ios(unsigned n)
{
    spin_lock(&io_lock);
    /* Uninterruptible: the disk answers, be it with an error. */
    (void)wait_event(&io_free, unreserved >= n, &io_lock, WAIT_UNINTERRUPTIBLE,
                     WAIT_FOREVER);
    unreserved -= n;
    spin_unlock(&io_lock);
}

static void unreserve_ios(unsigned n)
{
    spin_lock(&io_lock);
    unreserved += n;
    spin_unlock(&io_lock);
    wake_up_all(&io_free);
}

/* One of those that the caller has reserved. */
static struct swap_io *get_io(void)
{
    spin_lock(&io_lock);
    struct swap_io *io = list_first_entry(&free_ios, struct swap_io, link);
    list_remove(&io->link);
    spin_unlock(&io_lock);
    return io;
}

/* What the request was for is done: let its frame say so. */
static void settle_frame(struct frame *f, const struct block_request *request)
    MUST_HOLD(io_lock);
static void settle_frame(struct frame *f, const struct block_request *request)
{
    if (request->error)
        frame_set_flags(f, request->write ? FRAME_F_DIRTY : FRAME_F_FAILED);
    frame_clear_flags(f, request->write ? FRAME_F_WRITING : FRAME_F_READING);
}

/* All that is waited for changes under io_lock, or a wake-up could be lost. */
static void io_done(struct block_request *request)
{
    struct swap_io *io = container_of(request, struct swap_io, request);
    struct frame *f = frame_of_phys(request->page);

    spin_lock(&io_lock);
    settle_frame(f, request);
    spin_unlock(&io_lock);
    frame_put(f); /* before the batch, which asks who else holds it */
    spin_lock(&io_lock);
    if (io->batch)
        io->batch->pending--;
    finished++;
    unreserved++;
    list_add_tail(&free_ios, &io->link);
    spin_unlock(&io_lock);
    wake_up_all(&io_free);
    wake_up_all(&page_done);
}

static void submit(struct frame *f, swap_entry_t entry, bool write,
                   struct swap_batch *batch)
{
    struct swap_io *io = get_io();
    struct block_device *device = swap_areas[swap_area_of(entry)].device;

    frame_get(f);
    io->batch = batch;
    io->request = (struct block_request){
        .device = device,
        .sector = (uint64_t)swap_slot_of(entry) * PAGE_SECTORS,
        .page = frame_phys(f),
        .bytes = PAGE_SIZE,
        .write = write,
        .done = io_done,
    };
    counter_add(write ? COUNTER_SWAP_OUT : COUNTER_SWAP_IN, 1);
    if (write)
        trace(SWAP_OUT, frame_pfn(f), entry);
    else
        trace(SWAP_IN, frame_pfn(f), entry);
    block_submit(&io->request);
}

/* ---- out ------------------------------------------------------------------ */

static void plug_areas(void (*plug)(struct block_device *device))
{
    for (unsigned i = 0; i < SWAP_AREAS; i++)
        if (swap_areas[i].device)
            plug(swap_areas[i].device);
}

void swap_batch_begin(struct swap_batch *batch, unsigned count)
{
    batch->pending = 0;
    batch->reserved = count;
    reserve_ios(count);
    plug_areas(block_plug);
}

void swap_write(struct swap_batch *batch, struct frame *f)
{
    assert(batch->reserved != 0);
    swap_entry_t entry = swap_cache_begin_write(f);
    if (entry == 0)
        return;
    batch->reserved--;
    spin_lock(&io_lock);
    batch->pending++;
    spin_unlock(&io_lock);
    submit(f, entry, true, batch);
}

void swap_batch_finish(struct swap_batch *batch)
{
    plug_areas(block_unplug);
    unreserve_ios(batch->reserved);
    spin_lock(&io_lock);
    /* Uninterruptible: the requests refer to the batch. */
    (void)wait_event(&page_done, batch->pending == 0, &io_lock,
                     WAIT_UNINTERRUPTIBLE, WAIT_FOREVER);
    spin_unlock(&io_lock);
}

void swap_wait_for_progress(void)
{
    uint64_t deadline = clock_now_ns() + PATIENCE_NS;

    spin_lock(&io_lock);
    uint64_t before = finished;
    /* Uninterruptible: it is short. */
    (void)wait_event(&page_done, finished != before, &io_lock,
                     WAIT_UNINTERRUPTIBLE, deadline);
    spin_unlock(&io_lock);
}

bool swap_io_is_quiet(void)
{
    return __atomic_load_n(&unreserved, __ATOMIC_SEQ_CST) == IOS;
}

/* ---- in ------------------------------------------------------------------- */

/* Start to read one slot.  0, -ENOMEM, -ENOENT, -EEXIST. */
static int start_read(swap_entry_t entry)
{
    struct frame *f = frame_alloc(0, FRAME_SWAP);

    if (!f)
        return -ENOMEM;
    int err = swap_cache_add_reading(entry, f);
    if (err == 0) {
        pool_add(NULL, f, false);
        submit(f, entry, false, NULL);
    }
    frame_put(f);
    return err;
}

/* Read the slot, and those around it that are in use while memory is not
 * short. */
static int read_cluster(swap_entry_t entry)
{
    swap_entry_t first = entry & ~(swap_entry_t)(CLUSTER - 1);
    struct block_device *device = swap_areas[swap_area_of(entry)].device;

    if (!device)
        return -ENOENT;
    unsigned started = 1;
    reserve_ios(CLUSTER);
    block_plug(device);
    int err = start_read(entry);
    if (err != 0)
        started = 0;
    for (swap_entry_t e = first; err == 0 && e < first + CLUSTER; e++)
        if (e != entry && !frame_is_low())
            started += start_read(e) == 0;
    block_unplug(device);
    unreserve_ios(CLUSTER - started);
    return err;
}

static int wait_for_flags(struct frame *f, uint8_t flags)
{
    spin_lock(&io_lock);
    int err = wait_event(&page_done, !frame_has_flags(f, flags), &io_lock,
                         WAIT_KILLABLE, WAIT_FOREVER);
    spin_unlock(&io_lock);
    return err;
}

static int read_until(swap_entry_t entry, uint8_t flags, struct frame **out)
{
    struct frame *f;
    int err;

    while ((f = swap_cache_find(entry)) == NULL) {
        err = read_cluster(entry);
        if (err != 0 && err != -EEXIST)
            return err;
    }
    err = wait_for_flags(f, flags);
    if (err == 0 && frame_has_flags(f, FRAME_F_FAILED)) {
        err = -EIO;
        swap_cache_drop(f);
    }
    if (err != 0) {
        frame_put(f);
        return err;
    }
    *out = f;
    return 0;
}

int swap_read(swap_entry_t entry, struct frame **out)
{
    return read_until(entry, FRAME_F_READING, out);
}

int swap_read_idle(swap_entry_t entry, struct frame **out)
{
    return read_until(entry, FRAME_F_READING | FRAME_F_WRITING, out);
}

void swap_prefetch(swap_entry_t entry)
{
    struct frame *f = swap_cache_find(entry);

    if (f)
        frame_put(f);
    else
        (void)(read_cluster(entry) == 0);
}

void swap_init(void)
{
    wait_queue_init(&io_free);
    wait_queue_init(&page_done);
    list_init(&free_ios);
    for (unsigned i = 0; i < IOS; i++)
        list_add_tail(&free_ios, &ios[i].link);
    swap_cache_init();
}
