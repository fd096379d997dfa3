/*
 * vm/swap_area.c - swap areas: swapon, slots, counts.
 *
 * 1 Idea      An area is a device with a signature that says how many pages it
 *             has and which of them are bad.  For each page there is a slot of
 *             eight bytes in memory: how many entries name it, and which frame
 *             is cached under it.
 * 2 Slots     Taken one behind the other, so that pages that go out together lie
 *             together: writes merge, and reading one brings the next.  Of the
 *             areas with the highest priority each gives a cluster in turn.
 * 3 Locking   swap_lock for everything; swapon builds an area unseen.
 * 4 Failure   No free slot: 0, and the page stays in memory.
 * 5 Elsewhere Linux keeps one byte a slot, clusters for each CPU, and files.
 */
#include "vm/swap_area.h"

#include "abi/errno.h"
#include "base/string.h"
#include "core/printk.h"
#include "mem/slab.h"

enum { TURN = 32 }; /* slots from one area before an equal one's turn */

struct spinlock swap_lock = SPINLOCK_INIT("swap", RANK_SWAP);
struct swap_area swap_areas[SWAP_AREAS];
static unsigned turn_area, turn_count; /* [S] */

/* The first page of an area, as mkswap writes it. */
struct swap_header {
    char boot_block[1024];
    uint32_t version, last_page, bad_count;
    uint8_t uuid[16];
    char label[16];
    uint32_t unused[117];
    uint32_t bad[637];
    char gap[2];
    char magic[10];
} __attribute__((packed));
_Static_assert(sizeof(struct swap_header) == PAGE_SIZE, "signature");

struct swap_slot *swap_slot_locked(swap_entry_t entry)
{
    struct swap_area *area = &swap_areas[swap_area_of(entry)];
    uint32_t slot = swap_slot_of(entry);

    if (!area->device || slot == 0 || slot >= area->slots)
        return NULL;
    return swap_area_slot(area, slot);
}

static swap_entry_t take_from(struct swap_area *area)
{
    for (uint32_t tries = area->slots; tries > 0; tries--) {
        uint32_t slot = area->next;
        area->next = slot + 1 < area->slots ? slot + 1 : 1;
        struct swap_slot *s = swap_area_slot(area, slot);
        if (s->count == 0 && s->pfn == 0) {
            area->free--;
            return (uint32_t)(area - swap_areas) << SWAP_SLOT_BITS | slot;
        }
    }
    return 0;
}

swap_entry_t swap_take_slot_locked(void)
{
    struct swap_area *best = NULL;
    unsigned first = turn_count < TURN ? turn_area : turn_area + 1;

    for (unsigned i = 0; i < SWAP_AREAS; i++) {
        struct swap_area *area = &swap_areas[(first + i) % SWAP_AREAS];
        if (area->open && area->free > 0 &&
            (!best || area->priority > best->priority))
            best = area;
    }
    if (!best)
        return 0;
    unsigned number = (unsigned)(best - swap_areas);
    turn_count = number == turn_area && turn_count < TURN ? turn_count + 1 : 1;
    turn_area = number;
    return take_from(best);
}

void swap_slot_let_go_locked(swap_entry_t entry)
{
    const struct swap_slot *s = swap_slot_locked(entry);

    if (s->count == 0 && s->pfn == 0)
        swap_areas[swap_area_of(entry)].free++;
}

bool swap_get(swap_entry_t entry)
{
    bool room = false;

    spin_lock(&swap_lock);
    struct swap_slot *s = swap_slot_locked(entry);
    if (s && s->count < SWAP_COUNT_MAX - 1) {
        s->count++;
        room = true;
    }
    spin_unlock(&swap_lock);
    return room;
}

/* ---- facts ---------------------------------------------------------------- */

bool swap_get_facts(unsigned n, struct swap_facts *out)
{
    spin_lock(&swap_lock);
    const struct swap_area *area = &swap_areas[n];
    bool used = area->device != NULL;
    if (used)
        *out = (struct swap_facts){ area->device, area->good,
                                    area->good - area->free, area->priority };
    spin_unlock(&swap_lock);
    return used;
}

uint64_t swap_slots_total(void)
{
    struct swap_facts facts;
    uint64_t sum = 0;

    for (unsigned i = 0; i < SWAP_AREAS; i++)
        if (swap_get_facts(i, &facts))
            sum += facts.slots;
    return sum;
}

uint64_t swap_slots_free(void)
{
    struct swap_facts facts;
    uint64_t sum = 0;

    for (unsigned i = 0; i < SWAP_AREAS; i++)
        if (swap_get_facts(i, &facts))
            sum += facts.slots - facts.used;
    return sum;
}

/* ---- swapon --------------------------------------------------------------- */

static void free_slots(struct swap_area *area)
{
    uint32_t pages = (area->slots + SLOTS_PER_PAGE - 1) / SLOTS_PER_PAGE;

    for (uint32_t i = 0; area->pages && i < pages; i++)
        kfree(area->pages[i]);
    kfree(area->pages);
    area->pages = NULL;
}

static int make_slots(struct swap_area *area)
{
    uint32_t pages = (area->slots + SLOTS_PER_PAGE - 1) / SLOTS_PER_PAGE;

    area->pages = kmalloc_zeroed(pages * sizeof(*area->pages));
    if (!area->pages)
        return -ENOMEM;
    for (uint32_t i = 0; i < pages; i++) {
        area->pages[i] = kmalloc_zeroed(PAGE_SIZE);
        if (!area->pages[i])
            return -ENOMEM;
    }
    return 0;
}

/* What the signature says, checked against the device. */
static int read_header(struct swap_area *area, const struct swap_header *h)
{
    uint64_t pages = area->device->sectors * SECTOR_BYTES / PAGE_SIZE;

    if (memcmp(h->magic, "SWAPSPACE2", sizeof(h->magic)) != 0 ||
        h->version != 1 || h->last_page == 0 || h->last_page >= pages ||
        h->last_page >= 1u << SWAP_SLOT_BITS ||
        h->bad_count > ARRAY_LENGTH(h->bad))
        return -EINVAL;
    area->slots = h->last_page + 1;
    int err = make_slots(area);
    if (err != 0)
        return err;
    area->good = h->last_page;
    for (uint32_t i = 0; i < h->bad_count; i++) {
        if (h->bad[i] == 0 || h->bad[i] >= area->slots)
            return -EINVAL;
        struct swap_slot *s = swap_area_slot(area, h->bad[i]);
        area->good -= s->count == 0;
        s->count = SWAP_COUNT_MAX;
    }
    return area->good == 0 ? -EINVAL : 0;
}

static int read_signature(struct swap_area *area)
{
    struct frame *page = frame_alloc(0, FRAME_KERNEL);

    if (!page)
        return -ENOMEM;
    int err =
        block_transfer(area->device, 0, frame_phys(page), PAGE_SIZE, false);
    if (err == 0)
        err = read_header(area, frame_bytes(page));
    frame_put(page);
    return err;
}

/* Give the area that was built a place, unless the device has one. */
static int enter_area(struct swap_area *area)
{
    int lowest = -2, free = -1; /* as on Linux: -2, -3 ... */

    for (int i = SWAP_AREAS - 1; i >= 0; i--) {
        if (swap_areas[i].device == area->device)
            return -EBUSY;
        if (!swap_areas[i].device)
            free = i;
        else if (swap_areas[i].priority <= lowest)
            lowest = swap_areas[i].priority - 1;
    }
    if (free < 0)
        return -EPERM;
    if (area->priority < 0)
        area->priority = lowest;
    swap_areas[free] = *area;
    return 0;
}

int swap_on(struct block_device *device, int priority)
{
    struct swap_area area = { .device = device, .priority = priority };

    if (device->read_only)
        return -EROFS;
    if (device->sectors < 2 * PAGE_SIZE / SECTOR_BYTES)
        return -EINVAL;
    int err = read_signature(&area);
    if (err == 0) {
        area.free = area.good;
        area.next = 1;
        area.open = true;
        spin_lock(&swap_lock);
        err = enter_area(&area);
        spin_unlock(&swap_lock);
    }
    if (err != 0) {
        free_slots(&area);
        return err;
    }
    printk("Adding %luk swap on /dev/%s.  Priority:%d\n",
           (uint64_t)area.good * (PAGE_SIZE / 1024), device->name,
           area.priority);
    return 0;
}

/* ---- swapoff -------------------------------------------------------------- */

int swap_area_close(struct block_device *device, unsigned *number)
{
    int err = -EINVAL;

    spin_lock(&swap_lock);
    for (unsigned i = 0; i < SWAP_AREAS; i++)
        if (swap_areas[i].device == device && swap_areas[i].open) {
            swap_areas[i].open = false;
            *number = i;
            err = 0;
        }
    spin_unlock(&swap_lock);
    return err;
}

void swap_area_reopen(unsigned number)
{
    spin_lock(&swap_lock);
    swap_areas[number].open = true;
    spin_unlock(&swap_lock);
}

bool swap_area_remove(unsigned number)
{
    struct swap_area old;

    spin_lock(&swap_lock);
    old = swap_areas[number];
    bool empty = old.free == old.good;
    if (empty)
        swap_areas[number] = (struct swap_area){ 0 };
    spin_unlock(&swap_lock);
    if (empty)
        free_slots(&old);
    return empty;
}

/* ---- the auditor ---------------------------------------------------------- */

void swap_audit_begin(void)
{
    for (unsigned i = 0; i < SWAP_AREAS; i++)
        for (uint32_t n = 1; swap_areas[i].device && n < swap_areas[i].slots;
             n++)
            swap_area_slot(&swap_areas[i], n)->found = 0;
}

void swap_audit_entry(swap_entry_t entry)
{
    struct swap_slot *s;

    spin_lock(&swap_lock);
    s = swap_slot_locked(entry);
    if (s)
        s->found++;
    spin_unlock(&swap_lock);
}

unsigned swap_audit_end(void (*complain)(const char *what, uint64_t where,
                                         uint64_t found, uint64_t expected))
{
    unsigned wrong = 0;

    for (unsigned i = 0; i < SWAP_AREAS; i++) {
        const struct swap_area *area = &swap_areas[i];
        uint32_t free = 0;
        for (uint32_t n = 1; area->device && n < area->slots; n++) {
            const struct swap_slot *s = swap_area_slot(area, n);
            free += s->count == 0 && s->pfn == 0;
            if (s->count == s->found || s->count == SWAP_COUNT_MAX)
                continue;
            complain("entries that name swap slot", n, s->found, s->count);
            wrong++;
        }
        if (area->device && free != area->free) {
            complain("free slots of swap area", i, free, area->free);
            wrong++;
        }
    }
    return wrong;
}
