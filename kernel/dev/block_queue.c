/*
 * dev/block_queue.c - the queue of requests that every disk has.
 *
 * 1 Idea      A request waits until the device has room.  Meanwhile requests
 *             for the sectors right behind or before it, in the same direction,
 *             are chained to it; the device then gets the chain as one.
 * 2 States    A head is in disk->waiting, then in disk->running (the device
 *             has it), then in a list of finished ones on the stack of whoever
 *             finished it, from where done() is called.  The parts of a chain
 *             hang on the head by `next` and are in no list.
 * 3 Locking   disk->lock, in interrupts too; done() is called without it, so
 *             that it may submit the next request.
 * 4 Failure   A chain that fails is taken apart and its parts tried alone: each
 *             has its own verdict.  A device that stops answering (it says so
 *             in an interrupt, or a timer looks while it works) is stopped for
 *             good and all requests fail: nobody waits for ever.
 * 5 Elsewhere Linux's block layer has a queue per CPU, schedulers that sort by
 *             sector or share by owner, and time-outs.
 */
#include "dev/block_queue.h"

#include "abi/errno.h"
#include "core/panic.h"
#include "core/printk.h"
#include "dev/block_trace.h"
#include "x86/clock.h"
#include "x86/cpu.h"

enum {
    MERGE_LOOKS = 32, /* waiting heads that a new request is held against */
    PLUG_REQUESTS_MAX = 64, /* that a plug holds back */
    WATCHDOG_MS = 250,
};

/* ---- counting ------------------------------------------------------------ */

/* What a partition does, its disk does: the next device to count for. */
static struct block_device *next_counted(const struct block_device *d)
{
    struct block_device *whole = &d->disk->devices[0];

    return d == whole ? NULL : whole;
}

static void count_queued(struct block_request *r)
{
    r->queued_at = clock_now_ns();
    for (struct block_device *d = r->device; d; d = next_counted(d))
        if (d->in_flight++ == 0)
            d->busy_since = r->queued_at;
}

static void count_done(const struct block_request *r)
{
    uint64_t now = clock_now_ns();

    for (struct block_device *d = r->device; d; d = next_counted(d)) {
        struct block_counts *c = &d->counts[block_direction(r)];
        c->ns += now - r->queued_at;
        if (r->error == 0)
            c->sectors += r->bytes / SECTOR_BYTES;
        else
            c->failed++;
        if (--d->in_flight == 0)
            d->busy_ns += now - d->busy_since;
    }
}

/* ---- the end of a request ------------------------------------------------ */

static void finish_locked(struct disk *disk, struct block_request *head,
                          int error, struct list_node *finished)
    MUST_HOLD(disk->lock)
{
    list_remove(&head->link);
    for (struct block_request *r = head; r; r = r->next) {
        r->error = error;
        count_done(r);
        block_trace(BLOCK_EVENT_DONE, r->device, r, r->bytes / SECTOR_BYTES);
    }
    for (struct block_device *d = head->device; d; d = next_counted(d))
        d->counts[block_direction(head)].completed++;
    list_add_tail(finished, &head->link);
}

void disk_call_done(struct list_node *finished)
{
    while (!list_is_empty(finished)) {
        struct block_request *r =
            list_first_entry(finished, struct block_request, link);
        list_remove(&r->link);
        while (r) {
            struct block_request *next = r->next; /* done() may free r */
            r->done(r);
            r = next;
        }
    }
}

/* ---- waiting and merging ------------------------------------------------- */

static void make_head(struct block_request *r)
{
    r->next = NULL;
    r->last = r;
    r->parts = 1;
    r->sectors = r->bytes / SECTOR_BYTES;
}

static bool may_merge(const struct disk *disk, const struct block_request *head,
                      const struct block_request *r)
{
    return head->device == r->device && head->write == r->write &&
           !head->flush && !head->alone && head->parts < disk->max_parts;
}

/* Chain `r` to `head` if it goes on where head ends, or ends where it begins.
 */
static bool merge_locked(struct disk *disk, struct block_request *head,
                         struct block_request *r) MUST_HOLD(disk->lock)
{
    if (!may_merge(disk, head, r))
        return false;
    if (head->first + head->sectors == r->first) {
        head->last->next = r;
        head->last = r;
        head->sectors += r->sectors;
        head->parts++;
        return true;
    }
    if (r->first + r->sectors != head->first)
        return false;
    r->next = head; /* the new one heads the chain, in head's place */
    r->last = head->last;
    r->sectors += head->sectors;
    r->parts = (uint16_t)(head->parts + 1);
    list_add_before(&head->link, &r->link);
    list_remove(&head->link);
    return true;
}

static void enqueue_locked(struct disk *disk, struct block_request *r)
    MUST_HOLD(disk->lock)
{
    struct list_node *at = disk->waiting.prev;

    for (unsigned i = 0; i < MERGE_LOOKS && at != &disk->waiting && !r->flush;
         i++, at = at->prev) {
        if (!merge_locked(disk, list_entry(at, struct block_request, link), r))
            continue;
        for (struct block_device *d = r->device; d; d = next_counted(d))
            d->counts[block_direction(r)].merged++;
        block_trace(BLOCK_EVENT_MERGE, r->device, r, r->bytes / SECTOR_BYTES);
        return;
    }
    list_add_tail(&disk->waiting, &r->link);
    disk->waiting_count++;
    block_trace(BLOCK_EVENT_QUEUE, r->device, r, r->sectors);
}

/* ---- starting ------------------------------------------------------------ */

/* Must `head` wait, because the disk was made slow? */
static bool is_delayed_locked(struct disk *disk,
                              const struct block_request *head)
    MUST_HOLD(disk->lock)
{
    uint64_t due = head->queued_at + disk->delay_ns;

    if (disk->delay_ns == 0 || clock_now_ns() >= due)
        return false;
    timer_arm(&disk->delay, due);
    return true;
}

void disk_run_locked(struct disk *disk, struct list_node *finished)
{
    bool started = false;

    while (disk->running_count < disk->max_running &&
           !list_is_empty(&disk->waiting)) {
        struct block_request *head =
            list_first_entry(&disk->waiting, struct block_request, link);
        if (is_delayed_locked(disk, head))
            break;
        list_remove(&head->link);
        disk->waiting_count--;
        list_add_tail(&disk->running, &head->link);
        disk->running_count++;
        if (unlikely(block_fault_hits_locked(disk, head))) {
            disk_complete_locked(disk, head, -EIO, finished);
            continue;
        }
        disk->work.chains++;
        disk->work.requests += head->parts;
        disk->ops->start(disk, head);
        block_trace(BLOCK_EVENT_RING, head->device, head, head->sectors);
        started = true;
    }
    if (!started)
        return;
    disk->ops->notify(disk);
    if (!timer_is_armed(&disk->watchdog))
        timer_arm(&disk->watchdog,
                  clock_now_ns() + WATCHDOG_MS * NSEC_PER_MSEC);
}

/* The parts of a chain go back to the head of the queue, in their order, each
 * for itself. */
static void take_apart_locked(struct disk *disk, struct block_request *head)
    MUST_HOLD(disk->lock)
{
    struct list_node *place = disk->waiting.next;

    list_remove(&head->link);
    while (head) {
        struct block_request *next = head->next;
        make_head(head);
        head->alone = true;
        list_add_before(place, &head->link);
        disk->waiting_count++;
        head = next;
    }
}

void disk_complete_locked(struct disk *disk, struct block_request *head,
                          int error, struct list_node *finished)
{
    disk->running_count--;
    if (error != 0 && head->parts > 1 && !disk->gone)
        take_apart_locked(disk, head);
    else
        finish_locked(disk, head, error, finished);
}

void disk_lose_locked(struct disk *disk, struct list_node *finished)
{
    if (!disk->gone)
        disk->ops->stop(disk);
    disk->gone = true;
    list_move_all(&disk->running, &disk->waiting);
    while (!list_is_empty(&disk->running))
        finish_locked(
            disk, list_first_entry(&disk->running, struct block_request, link),
            -EIO, finished);
    disk->running_count = 0;
    disk->waiting_count = 0;
}

/* ---- from above ---------------------------------------------------------- */

static int check_request(const struct block_request *r)
{
    const struct block_device *d = r->device;
    uint64_t unit = d->disk->unit_bytes;

    if (r->flush)
        return 0;
    if (r->bytes == 0 || r->bytes % unit != 0 ||
        r->sector * SECTOR_BYTES % unit != 0 ||
        r->page % PAGE_SIZE + r->bytes > PAGE_SIZE)
        return -EINVAL;
    if (r->sector > d->sectors ||
        r->bytes / SECTOR_BYTES > d->sectors - r->sector)
        return -ENXIO;
    return r->write && d->read_only ? -EROFS : 0;
}

static bool is_plugged_locked(const struct disk *disk) MUST_HOLD(disk->lock)
{
    return disk->plugger == thread_current() &&
           disk->waiting_count < PLUG_REQUESTS_MAX;
}

static void run_disk(struct disk *disk)
{
    struct list_node finished = LIST_INIT(finished);

    spin_lock(&disk->lock);
    disk_run_locked(disk, &finished);
    spin_unlock(&disk->lock);
    disk_call_done(&finished);
}

void block_submit(struct block_request *r)
{
    struct disk *disk = r->device->disk;
    struct list_node finished = LIST_INIT(finished);
    int err = check_request(r);

    r->bytes = r->flush ? 0 : r->bytes;
    r->first = r->flush ? 0 : r->device->first_sector + r->sector;
    r->alone = r->flush;
    r->error = 0;
    list_init(&r->link);
    make_head(r);
    spin_lock(&disk->lock);
    count_queued(r);
    if (err == 0 && disk->gone)
        err = -ENODEV;
    if (err != 0 || (r->flush && !disk->has_cache)) {
        finish_locked(disk, r, err, &finished);
    } else {
        enqueue_locked(disk, r);
        if (!is_plugged_locked(disk))
            disk_run_locked(disk, &finished);
    }
    spin_unlock(&disk->lock);
    disk_call_done(&finished);
}

void block_plug(struct block_device *device)
{
    struct disk *disk = device->disk;

    spin_lock(&disk->lock);
    if (!disk->plugger)
        disk->plugger = thread_current();
    if (disk->plugger == thread_current())
        disk->plug_depth++;
    spin_unlock(&disk->lock);
}

void block_unplug(struct block_device *device)
{
    struct disk *disk = device->disk;

    spin_lock(&disk->lock);
    if (disk->plugger == thread_current() && --disk->plug_depth == 0)
        disk->plugger = NULL;
    spin_unlock(&disk->lock);
    run_disk(disk);
}

/* A request on its caller's stack.  Lock key: [L] disk->lock */
struct transfer {
    struct block_request request;
    bool finished; /* [L] */
};

static void transfer_done(struct block_request *r)
{
    struct disk *disk = r->device->disk;

    spin_lock(&disk->lock);
    container_of(r, struct transfer, request)->finished = true;
    spin_unlock(&disk->lock); /* from here on the caller may be gone */
    wake_up_all(&disk->ready);
}

static int wait_transfer(struct transfer *t)
{
    struct disk *disk = t->request.device->disk;

    t->request.done = transfer_done;
    block_submit(&t->request);
    run_disk(disk); /* in spite of a plug */
    spin_lock(&disk->lock);
    /* Uninterruptible: the device has our page and our stack. */
    (void)wait_event(&disk->ready, t->finished, &disk->lock,
                     WAIT_UNINTERRUPTIBLE, WAIT_FOREVER);
    spin_unlock(&disk->lock);
    return t->request.error;
}

int block_transfer(struct block_device *device, uint64_t sector, paddr_t page,
                   uint32_t bytes, bool write)
{
    struct transfer t = { .request = { .device = device,
                                       .sector = sector,
                                       .page = page,
                                       .bytes = bytes,
                                       .write = write } };

    return wait_transfer(&t);
}

int block_flush(struct block_device *device)
{
    struct transfer t = { .request = { .device = device, .flush = true } };

    return wait_transfer(&t);
}

/* ---- timers -------------------------------------------------------------- */

/* While the device works: is it still there? */
static void watchdog_fired(struct timer *timer)
{
    struct disk *disk = container_of(timer, struct disk, watchdog);
    struct list_node finished = LIST_INIT(finished);

    spin_lock(&disk->lock);
    if (disk->running_count > 0 && !disk->ops->is_alive(disk))
        disk_lose_locked(disk, &finished);
    else if (disk->running_count > 0)
        timer_arm(timer, clock_now_ns() + WATCHDOG_MS * NSEC_PER_MSEC);
    spin_unlock(&disk->lock);
    if (!list_is_empty(&finished))
        printk("%s: the device has gone\n", disk->devices[0].name);
    disk_call_done(&finished);
}

static void delay_fired(struct timer *timer)
{
    run_disk(container_of(timer, struct disk, delay));
}

void disk_init(struct disk *disk, const struct disk_ops *ops, void *driver,
               uint64_t sectors, bool read_only)
{
    spinlock_init(&disk->lock, "disk", RANK_DISK);
    disk->ops = ops;
    disk->driver = driver;
    disk->unit_bytes = SECTOR_BYTES;
    list_init(&disk->waiting);
    list_init(&disk->running);
    timer_init(&disk->watchdog, watchdog_fired);
    timer_init(&disk->delay, delay_fired);
    wait_queue_init(&disk->ready);
    disk->devices[0] = (struct block_device){ .disk = disk,
                                              .sectors = sectors,
                                              .read_only = read_only };
    disk->device_count = 1;
}
