/*
 * ktest_swap.c - swapped pages, on a disk in memory that answers when it is told.
 */
#include "base/string.h"
#include "core/ktest.h"
#include "dev/block_queue.h"
#include "ktest_threads.h"
#include "vm/fault.h"
#include "vm/mapping.h"
#include "vm/reclaim.h"
#include "vm/usercopy.h"
#include "vm/working_set.h"

enum {
    PAGES = 2, /* the signature, and one slot */
    LAST_PAGE_AT = 1028,
    MAGIC_AT = PAGE_SIZE - 10,
    OLD = 0x11,
    NEW = 0x22,
};

static struct disk disk;
static uint8_t medium[PAGES * PAGE_SIZE];
static struct block_request *started; /* [disk.lock] */
static bool reads_wait, finish;       /* [a] */

static void ram_start(struct disk *d, struct block_request *head)
{
    started = head;
}

static void ram_notify(struct disk *d)
{
}

static bool ram_is_alive(struct disk *d)
{
    return true;
}

static const struct disk_ops ram_ops = {
    .start = ram_start,
    .notify = ram_notify,
    .is_alive = ram_is_alive,
    .stop = ram_notify,
};

static void move(const struct block_request *r)
{
    uint8_t *at = medium + r->sector * SECTOR_BYTES;
    void *page = phys_to_virt(r->page);

    if (r->write)
        memcpy(at, page, r->bytes);
    else
        memcpy(page, at, r->bytes);
}

/* Do what was asked, if anything was; a read only if `read`. */
static bool answer(bool read)
{
    struct list_node finished = LIST_INIT(finished);

    spin_lock(&disk.lock);
    struct block_request *r = started;
    if (r && (r->write || read)) {
        started = NULL;
        move(r);
        disk_complete_locked(&disk, r, 0, &finished);
        disk_run_locked(&disk, &finished);
    } else {
        r = NULL;
    }
    spin_unlock(&disk.lock);
    disk_call_done(&finished);
    return r != NULL;
}

static bool is_asked(void)
{
    spin_lock(&disk.lock);
    bool asked = started != NULL;
    spin_unlock(&disk.lock);
    return asked;
}

static void serve(void *unused)
{
    while (!__atomic_load_n(&finish, __ATOMIC_ACQUIRE)) {
        (void)answer(!__atomic_load_n(&reads_wait, __ATOMIC_ACQUIRE));
        sched_yield();
    }
}

/* With a swap area of one page. */
static void make_disk(void)
{
    *(uint32_t *)(medium + 1024) = 1; /* version */
    *(uint32_t *)(medium + LAST_PAGE_AT) = PAGES - 1;
    memcpy(medium + MAGIC_AT, "SWAPSPACE2", 10);
    disk = (struct disk){ 0 };
    disk_init(&disk, &ram_ops, NULL, sizeof(medium) / SECTOR_BYTES, false);
    disk.max_parts = disk.max_running = 1;
}

/* Write the first page, and have it swapped out. */
static void write_out_page(struct mapping *m, uint8_t byte)
{
    struct frame *f;

    rwlock_read_lock(&eviction_lock);
    bool there = mapping_get_frame(m, 0, true, &f) == 0;
    if (there) {
        memset(frame_bytes(f), byte, PAGE_SIZE);
        reclaim_frames(&f, 1);
    }
    rwlock_read_unlock(&eviction_lock);
    KNEED(there);
}

static void read_page(void *mapping)
{
    struct frame *f;

    if (mapping_get_frame(mapping, 0, true, &f) == 0)
        frame_put(f);
}

/* One thread has read the page and is not there yet; another one has it first,
 * cuts the file, and writes a new page, which goes to the same slot. */
static void overtake(struct mapping *m)
{
    struct ktest_team reader;

    write_out_page(m, OLD);
    __atomic_store_n(&reads_wait, true, __ATOMIC_RELEASE);
    KNEED(ktest_start(&reader, 1, read_page, m));
    while (!is_asked())
        sched_yield();
    /* On one CPU the reader goes on when the new page is on its way out. */
    sched_inherit(thread_current(), 1);
    (void)answer(true);
    read_page(m);
    mapping_resize(m, 0);
    mapping_resize(m, PAGE_SIZE);
    write_out_page(m, NEW);
    sched_inherit(thread_current(), 0);
    __atomic_store_n(&reads_wait, false, __ATOMIC_RELEASE);
    ktest_join(&reader);
}

static void swap_begin(struct ktest_team *server)
{
    finish = reads_wait = false;
    make_disk();
    KNEED(ktest_start(server, 1, serve, NULL));
    KNEED(swap_on(&disk.devices[0], -1) == 0);
}

static void swap_end(struct ktest_team *server)
{
    KCHECK_EQ(swap_off(&disk.devices[0]), 0);
    KCHECK_EQ(swap_cached_count(), 0);
    __atomic_store_n(&finish, true, __ATOMIC_RELEASE);
    ktest_join(server);
    timer_cancel(&disk.watchdog);
}

KTEST(swapped_page_is_not_replaced_by_an_older_one)
{
    struct ktest_team server;
    struct frame *f;

    swap_begin(&server);
    struct mapping *m = mapping_create_anonymous(PAGE_SIZE);
    KNEED(m);
    overtake(m);
    KNEED(mapping_get_frame(m, 0, true, &f) == 0);
    KCHECK_EQ(*(uint8_t *)frame_bytes(f), NEW);
    frame_put(f);
    mapping_put(m);
    swap_end(&server);
}

/* ---- the auditor and who evicts ------------------------------------------------ */

#define AREA 0x10000000ul

static unsigned complaints;

static void audit(void *unused)
{
    complaints = vm_audit();
}

static void evict_all(void *space)
{
    rwlock_read_lock(&eviction_lock);
    vm_evict_space(space);
    rwlock_read_unlock(&eviction_lock);
}

static unsigned count_waiters(struct spinlock *lock, struct list_node *waiters)
{
    unsigned count = 0;

    spin_lock(lock);
    for (struct list_node *n = waiters->next; n != waiters; n = n->next)
        count++;
    spin_unlock(lock);
    return count;
}

static unsigned reclaim_waiters(void)
{
    return count_waiters(&reclaim_lock.lock, &reclaim_lock.waiters);
}

/* Who evicts has chosen its pages when the auditor, who was first, sets out. */
static void audit_before_eviction(struct address_space *as)
{
    struct ktest_team auditor = { 0 }, evictor = { 0 };

    mutex_lock(&reclaim_lock);
    bool good = ktest_start(&auditor, 1, audit, NULL);
    while (good && reclaim_waiters() != 1)
        sched_yield();
    good = good && ktest_start(&evictor, 1, evict_all, as);
    while (good && reclaim_waiters() != 2 &&
           count_waiters(&eviction_lock.lock, &eviction_lock.waiters) != 1)
        sched_yield();
    mutex_unlock(&reclaim_lock);
    ktest_join(&auditor);
    ktest_join(&evictor);
}

KTEST(auditor_finds_no_references_of_who_evicts)
{
    struct ktest_team server;
    struct address_space *as = as_create();

    KNEED(as != NULL);
    swap_begin(&server);
    KNEED(as_map_fixed(as, AREA, PAGE_SIZE, VM_READ | VM_WRITE, 0, NULL, 0) ==
          0);
    as_switch_current(as);
    KCHECK_EQ(clear_user((char __user *)AREA, 1), 0);
    as_switch_current(NULL);
    audit_before_eviction(as);
    KCHECK_EQ(complaints, 0);
    as_put(as);
    swap_end(&server);
}
