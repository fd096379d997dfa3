/*
 * ktest_disk.c - the queue of a disk, against disks that the tests play: what
 * is merged, who gets which error, and that no device can take the kernel down
 * or leave a request without an end.
 */
#include "abi/errno.h"
#include "core/ktest.h"
#include "dev/block_queue.h"
#include "dev/virtio.h"
#include "dev/virtio_block.h"
#include "mem/frame.h"
#include "sched/sched.h"
#include "x86/clock.h"

enum { REQUESTS = 12, SECTORS = 1000, PAGE_SECTORS = 8 };

static struct block_request requests[REQUESTS];
static unsigned done_count; /* [a] */

static void note_done(struct block_request *r)
{
    __atomic_fetch_add(&done_count, 1, __ATOMIC_RELEASE);
}

static bool is_done(unsigned count)
{
    return __atomic_load_n(&done_count, __ATOMIC_ACQUIRE) == count;
}

static void submit(struct disk *disk, unsigned i, uint64_t sector, bool write)
{
    requests[i] = (struct block_request){
        .device = &disk->devices[0],
        .sector = sector,
        .page = PAGE_SIZE, /* nothing is moved */
        .bytes = PAGE_SIZE,
        .write = write,
        .done = note_done,
        .error = 1,
    };
    block_submit(&requests[i]);
}

/* ---- a disk that does what the test says --------------------------------- */

static struct disk fake;
static struct block_request *started[REQUESTS]; /* [fake.lock] in order */
static unsigned started_count, stops;
static bool fake_is_alive;

static void fake_start(struct disk *disk, struct block_request *head)
{
    started[started_count++ % REQUESTS] = head;
}

static void fake_notify(struct disk *disk)
{
}

static bool fake_alive(struct disk *disk)
{
    return fake_is_alive;
}

static void fake_stop(struct disk *disk)
{
    stops++;
}

static const struct disk_ops fake_ops = {
    .start = fake_start,
    .notify = fake_notify,
    .is_alive = fake_alive,
    .stop = fake_stop,
};

static struct block_device *make_fake(unsigned max_parts, unsigned max_running)
{
    timer_cancel(&fake.watchdog);
    fake = (struct disk){ 0 };
    disk_init(&fake, &fake_ops, NULL, SECTORS, false);
    fake.max_parts = max_parts;
    fake.max_running = max_running;
    started_count = stops = done_count = 0;
    fake_is_alive = true;
    return &fake.devices[0];
}

static void complete(unsigned i, int error)
{
    struct list_node finished = LIST_INIT(finished);

    spin_lock(&fake.lock);
    disk_complete_locked(&fake, started[i], error, &finished);
    disk_run_locked(&fake, &finished);
    spin_unlock(&fake.lock);
    disk_call_done(&finished);
}

KTEST(disk_neighbours_become_one)
{
    struct block_device *d = make_fake(4, 8);

    block_plug(d);
    submit(&fake, 0, 80, false);
    submit(&fake, 1, 72, false);  /* before it */
    submit(&fake, 2, 88, false);  /* behind it */
    submit(&fake, 3, 96, true);   /* another direction */
    submit(&fake, 4, 200, false); /* no neighbour */
    submit(&fake, 5, 96, false);
    submit(&fake, 6, 64, false); /* the chain is full */
    KCHECK_EQ(started_count, 0);
    block_unplug(d);
    KCHECK_EQ(started_count, 4);
    KCHECK(started[0] == &requests[1] && started[0]->next == &requests[0] &&
           requests[0].next == &requests[2] &&
           requests[2].next == &requests[5]);
    KCHECK_EQ(started[0]->sectors, 4 * PAGE_SECTORS);
    KCHECK_EQ(d->counts[BLOCK_READS].merged, 3);
    for (unsigned i = 0; i < 4; i++)
        complete(i, 0);
    KCHECK(is_done(7));
    KCHECK_EQ(d->in_flight, 0);
    KCHECK_EQ(d->counts[BLOCK_READS].completed, 3);
    KCHECK_EQ(d->counts[BLOCK_WRITES].sectors, PAGE_SECTORS);
}

KTEST(disk_gets_no_more_than_it_can_hold)
{
    make_fake(4, 2);
    for (unsigned i = 0; i < 6; i++)
        submit(&fake, i, i * 100, i & 1);
    KCHECK_EQ(started_count, 2);
    for (unsigned i = 0; i < 6; i++) {
        KCHECK_EQ(started_count, MIN(2 + i, 6u));
        complete(i, 0);
    }
    KCHECK(is_done(6));
    KCHECK_EQ(fake.running_count, 0);
}

KTEST(disk_error_concerns_one_of_a_chain)
{
    struct block_device *d = make_fake(8, 1);

    block_plug(d);
    for (unsigned i = 0; i < 4; i++)
        submit(&fake, i, i * PAGE_SECTORS, true);
    block_unplug(d);
    KCHECK_EQ(started_count, 1);
    complete(0, -EIO);
    KCHECK(is_done(0));
    for (unsigned i = 1; i <= 4; i++) {
        KCHECK(started[i] == &requests[i - 1] && started[i]->parts == 1);
        complete(i, i == 3 ? -EIO : 0);
    }
    KCHECK(is_done(4));
    for (unsigned i = 0; i < 4; i++)
        KCHECK_EQ(requests[i].error, i == 2 ? -EIO : 0);
    KCHECK_EQ(d->counts[BLOCK_WRITES].failed, 1);
}

static int error_of(struct block_device *d, uint64_t sector, paddr_t page,
                    uint32_t bytes, bool write)
{
    return block_transfer(d, sector, page, bytes, write);
}

KTEST(disk_refuses_what_makes_no_sense)
{
    struct block_device *d = make_fake(8, 1);

    KCHECK_EQ(error_of(d, 0, PAGE_SIZE, 0, false), -EINVAL);
    KCHECK_EQ(error_of(d, 0, PAGE_SIZE, 100, false), -EINVAL);
    KCHECK_EQ(error_of(d, 0, PAGE_SIZE + 512, PAGE_SIZE, false), -EINVAL);
    KCHECK_EQ(error_of(d, SECTORS, PAGE_SIZE, 512, false), -ENXIO);
    KCHECK_EQ(error_of(d, UINT64_MAX, PAGE_SIZE, 512, false), -ENXIO);
    KCHECK_EQ(error_of(d, SECTORS - 1, PAGE_SIZE, 1024, false), -ENXIO);
    d->read_only = true;
    KCHECK_EQ(error_of(d, 0, PAGE_SIZE, 512, true), -EROFS);
    fake.unit_bytes = 2048;
    KCHECK_EQ(error_of(d, 1, PAGE_SIZE, 2048, false), -EINVAL);
    KCHECK_EQ(block_flush(d), 0); /* nothing to flush without a cache */
    KCHECK_EQ(started_count, 0);
    KCHECK_EQ(d->in_flight, 0);
}

/* The watchdog finds out that the device does not answer. */
KTEST(disk_that_goes_away_fails_all)
{
    uint64_t deadline = clock_now_ns() + 120 * NSEC_PER_SEC;

    make_fake(1, 2);
    for (unsigned i = 0; i < REQUESTS; i++)
        submit(&fake, i, i * PAGE_SECTORS, false);
    fake_is_alive = false;
    while (!is_done(REQUESTS) && clock_now_ns() < deadline)
        sched_yield();
    KCHECK(is_done(REQUESTS));
    KCHECK_EQ(requests[0].error, -EIO);
    KCHECK_EQ(requests[REQUESTS - 1].error, -EIO);
    KCHECK_EQ(stops, 1);
    KCHECK_EQ(block_transfer(&fake.devices[0], 0, PAGE_SIZE, 512, false),
              -ENODEV);
}

/* ---- a virtio disk that lies --------------------------------------------- */

enum { QUEUE_SIZE = 64, DATA_SLOT = 1, RESULT_SLOT = 2, NO_RESULT = 0xff };

static struct virtqueue *liar_queue;
static uint8_t liar_status;

static uint8_t liar_get_status(const struct virtio_device *d)
{
    return liar_status;
}

static void liar_set_status(const struct virtio_device *d, uint8_t status)
{
    liar_status = status;
}

static uint64_t liar_get_features(const struct virtio_device *d)
{
    return 0;
}

static bool liar_set_features(const struct virtio_device *d, uint64_t features)
{
    return true;
}

static uint16_t liar_queue_size(const struct virtio_device *d, unsigned index)
{
    return QUEUE_SIZE;
}

static void liar_queue_enable(const struct virtio_device *d,
                              struct virtqueue *q)
{
    liar_queue = q;
}

static bool liar_vector(const struct virtio_device *d, uint16_t entry)
{
    return true;
}

static bool liar_queue_vector(const struct virtio_device *d, unsigned index,
                              uint16_t entry)
{
    return true;
}

static void liar_notify(const struct virtqueue *q)
{
}

/* A capacity that no disk has. */
static void liar_read_config(const struct virtio_device *d, unsigned offset,
                             void *buf, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        ((uint8_t *)buf)[i] = 0xff;
}

static const struct virtio_transport liar = {
    .name = "liar",
    .get_status = liar_get_status,
    .set_status = liar_set_status,
    .get_features = liar_get_features,
    .set_features = liar_set_features,
    .queue_size = liar_queue_size,
    .queue_enable = liar_queue_enable,
    .queue_vector = liar_queue_vector,
    .config_vector = liar_vector,
    .notify = liar_notify,
    .read_config = liar_read_config,
};

/* What both see: [virtio 1.1 "Split Virtqueues"]. */
struct descriptor {
    uint64_t address;
    uint32_t bytes;
    uint16_t flags, next;
};
struct used_ring {
    uint16_t flags, index;
    struct {
        uint32_t slot, bytes;
    } done[QUEUE_SIZE];
};

/* What it says about one read of a page, and what must come of it. */
static const struct lie {
    uint16_t index;
    uint32_t slot, bytes;
    uint8_t status; /* of the device */
    int error;
    bool lost;
    uint8_t result; /* of the request */
} lies[] = {
    { 1, 0, PAGE_SIZE + 1, VIRTIO_DRIVER_OK, 0, false, 0 }, /* the truth */
    { 1, 0, PAGE_SIZE + 1, VIRTIO_DRIVER_OK, -EIO, false, 1 },
    { 1, 0, PAGE_SIZE + 1, VIRTIO_DRIVER_OK, -EIO, false, 2 },
    { 1, 0, PAGE_SIZE + 1, VIRTIO_DRIVER_OK, -EIO, false, NO_RESULT },
    { 1, 0, PAGE_SIZE, VIRTIO_DRIVER_OK, -EIO, false, 0 }, /* too short */
    { 1, 0, 0, VIRTIO_DRIVER_OK, -EIO, false, 0 },
    { 1, DATA_SLOT, 1, VIRTIO_DRIVER_OK, -EIO, true, NO_RESULT },
    { 1, 18, 1, VIRTIO_DRIVER_OK, -EIO, true,
      NO_RESULT }, /* a slot that is free */
    { 1, QUEUE_SIZE - 1, 1, VIRTIO_DRIVER_OK, -EIO, true, NO_RESULT },
    { 1, QUEUE_SIZE, 1, VIRTIO_DRIVER_OK, -EIO, true, NO_RESULT },
    { 1, UINT32_MAX, UINT32_MAX, VIRTIO_DRIVER_OK, -EIO, true, NO_RESULT },
    { 2, 0, 1, VIRTIO_DRIVER_OK, -EIO, true,
      NO_RESULT }, /* the same one twice */
    { UINT16_MAX, 0, 0, VIRTIO_DRIVER_OK, -EIO, true, NO_RESULT },
    { 0, 0, 0, VIRTIO_DRIVER_OK | VIRTIO_NEEDS_RESET, -EIO, true, NO_RESULT },
    { 0, 0, 0, VIRTIO_GONE, -EIO, true, NO_RESULT },
    { 0, 0, 0, 0, -EIO, true, NO_RESULT }, /* it was reset behind our back */
};

static void tell(const struct lie *lie)
{
    static const struct virtio_device device = { .transport = &liar };

    liar_status = 0;
    done_count = 0;
    struct disk *disk = virtio_block_create(&device, false);
    KNEED(disk);
    KCHECK_EQ(disk->devices[0].sectors, INT64_MAX / SECTOR_BYTES);
    submit(disk, 0, 0, false);
    KCHECK(is_done(0));
    struct used_ring *used = phys_to_virt(virtqueue_used_phys(liar_queue));
    const struct descriptor *chain =
        phys_to_virt(virtqueue_descriptors_phys(liar_queue));
    *(uint8_t *)phys_to_virt(chain[RESULT_SLOT].address) = lie->result;
    used->done[0].slot = lie->slot;
    used->done[0].bytes = lie->bytes;
    used->index = lie->index;
    liar_status = lie->status;
    virtio_block_interrupt(disk);
    KCHECK(is_done(1));
    KCHECK_EQ(requests[0].error, lie->error);
    KCHECK_EQ(disk->gone, lie->lost);
    if (lie->lost) { /* and what comes then changes nothing */
        submit(disk, 1, 0, false);
        KCHECK_EQ(requests[1].error, -ENODEV);
        used->index++;
        virtio_block_interrupt(disk);
    }
    liar_status = 0;
    virtio_block_destroy(disk);
}

KTEST(disk_that_lies_is_lost)
{
    for (unsigned i = 0; i < ARRAY_LENGTH(lies); i++)
        tell(&lies[i]);
}
