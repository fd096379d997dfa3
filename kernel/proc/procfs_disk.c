/*
 * proc/procfs_disk.c - what /proc says about disks.
 *
 * Idea:   diskstats and partitions are in Linux's words.  diskwork (what it
 *         took to move the data), diskevents (the steps of each request) and
 *         sys/dev/disk (tracing, faults on purpose) are hanu's own.
 * Locks:  disk->lock for a copy of the counters.
 */
#include "abi/errno.h"
#include "base/string.h"
#include "dev/block_fault.h"
#include "dev/block_queue.h"
#include "dev/block_trace.h"
#include "proc/procfs.h"
#include "x86/clock.h"

enum { EVENTS_AT_ONCE = 8 };

static unsigned major_of(const struct block_device *d)
{
    return d->dev >> 8;
}

static unsigned minor_of(const struct block_device *d)
{
    return d->dev & 0xff;
}

/* ---- counters ------------------------------------------------------------ */

/* A device with its counters, as they were at one time. */
static struct block_device copy_device(struct block_device *d, uint64_t *now)
{
    spin_lock(&d->disk->lock);
    struct block_device copy = *d;
    *now = clock_now_ns();
    spin_unlock(&d->disk->lock);
    return copy;
}

static void show_counts(struct text *out, const struct block_counts *c)
{
    text_printf(out, " %lu %lu %lu %lu", c->completed, c->merged, c->sectors,
                c->ns / NSEC_PER_MSEC);
}

static void show_device_stats(struct text *out, struct block_device *device)
{
    uint64_t now;
    const struct block_device d = copy_device(device, &now);
    const struct block_counts *flushes = &d.counts[BLOCK_FLUSHES];
    uint64_t busy = d.busy_ns + (d.in_flight ? now - d.busy_since : 0);
    uint64_t weighted = flushes->ns;

    text_printf(out, "%4u %7u %s", major_of(&d), minor_of(&d), d.name);
    show_counts(out, &d.counts[BLOCK_READS]);
    show_counts(out, &d.counts[BLOCK_WRITES]);
    weighted += d.counts[BLOCK_READS].ns + d.counts[BLOCK_WRITES].ns;
    text_printf(out, " %u %lu %lu 0 0 0 0 %lu %lu\n", d.in_flight,
                busy / NSEC_PER_MSEC, weighted / NSEC_PER_MSEC,
                flushes->completed, flushes->ns / NSEC_PER_MSEC);
}

int proc_show_diskstats(const struct proc_ref *ref, struct text *out)
{
    struct block_device *d;

    for (unsigned i = 0; (d = block_nth(i)) != NULL; i++)
        show_device_stats(out, d);
    return 0;
}

int proc_show_partitions(const struct proc_ref *ref, struct text *out)
{
    const struct block_device *d;

    if (block_nth(0))
        text_printf(out, "major minor  #blocks  name\n\n");
    for (unsigned i = 0; (d = block_nth(i)) != NULL; i++)
        text_printf(out, "%4u  %7u %10lu %s\n", major_of(d), minor_of(d),
                    d->sectors / 2, d->name);
    return 0;
}

int proc_show_diskwork(const struct proc_ref *ref, struct text *out)
{
    struct block_device *d;

    text_printf(out, "disk driver          chains requests notifications "
                     "interrupts port_words failed\n");
    for (unsigned i = 0; (d = block_nth(i)) != NULL; i++) {
        struct disk *disk = d->disk;
        if (d != &disk->devices[0])
            continue;
        spin_lock(&disk->lock);
        struct disk_work w = disk->work;
        uint64_t failed = 0;
        for (unsigned k = 0; k < BLOCK_DIRECTIONS; k++)
            failed += d->counts[k].failed;
        spin_unlock(&disk->lock);
        text_printf(out, "%-4s %-14s %8lu %8lu %13lu %10lu %10lu %6lu\n",
                    d->name, disk->kind, w.chains, w.requests, w.notifications,
                    w.interrupts, w.port_words, failed);
    }
    return 0;
}

/* ---- events -------------------------------------------------------------- */

static void show_event(struct text *out, const struct block_event *e)
{
    static const char *const names[BLOCK_EVENT_KINDS] = {
        [BLOCK_EVENT_QUEUE] = "queue",         [BLOCK_EVENT_MERGE] = "merge",
        [BLOCK_EVENT_RING] = "ring",           [BLOCK_EVENT_NOTIFY] = "notify",
        [BLOCK_EVENT_INTERRUPT] = "interrupt", [BLOCK_EVENT_DONE] = "done",
    };
    static const char *const directions[BLOCK_DIRECTIONS] = { "read", "write",
                                                              "flush" };

    text_printf(out, "%lu.%06lu %s %s", e->time / NSEC_PER_SEC,
                e->time % NSEC_PER_SEC / NSEC_PER_USEC, e->device->name,
                names[e->kind]);
    if (e->kind != BLOCK_EVENT_NOTIFY && e->kind != BLOCK_EVENT_INTERRUPT)
        text_printf(out, " %s %lu + %u", directions[e->direction], e->sector,
                    e->sectors);
    if (e->error)
        text_printf(out, " error %d", -e->error);
    text_printf(out, "\n");
}

int proc_show_diskevents(const struct proc_ref *ref, struct text *out)
{
    struct block_event events[EVENTS_AT_ONCE];
    uint64_t first = 0;
    unsigned n;

    while ((n = block_trace_read(&first, events, EVENTS_AT_ONCE)) != 0) {
        for (unsigned i = 0; i < n; i++)
            show_event(out, &events[i]);
        first += n;
    }
    return 0;
}

static int show_trace(const struct proc_ref *ref, struct text *out)
{
    text_printf(out, "%d\n", block_tracing);
    return 0;
}

static int store_trace(const struct proc_ref *ref, char *line)
{
    if (strcmp(line, "0") != 0 && strcmp(line, "1") != 0)
        return -EINVAL;
    block_trace_set(line[0] == '1');
    return 0;
}

static int store_fail(const struct proc_ref *ref, char *line)
{
    return block_fault_command(line);
}

static const struct proc_entry disk_entries[] = {
    { .name = "fail", .mode = S_IFREG | 0200, .store = store_fail },
    { .name = "trace",
      .mode = S_IFREG | 0644,
      .show = show_trace,
      .store = store_trace },
    { .name = NULL },
};

const struct proc_entry proc_dev_entries[] = {
    { .name = "disk", .mode = S_IFDIR | 0555, .children = disk_entries },
    { .name = NULL },
};
