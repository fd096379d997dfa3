/*
 * proc/procfs_counters.c - /proc/interrupts and /proc/vmstat.
 *
 * Sums of what every CPU counts by itself (core/counter.h), in Linux's words;
 * the nr_ lines say how many there are now.
 * Locks: none.
 */
#include "core/counter.h"
#include "dev/block.h"
#include "proc/procfs.h"

// clang-format off
static const struct {
    const char *name, *text;
    enum cpu_counter counter;
} interrupts[] = {
    { "NMI", "Non-maskable interrupts", COUNTER_NMIS },
    { "LOC", "Local timer interrupts", COUNTER_TIMER_IRQS },
    { "RES", "Rescheduling interrupts", COUNTER_RESCHEDULE_IRQS },
    { "TLB", "TLB shootdowns", COUNTER_TLB_IRQS },
    { "DEV", "Device interrupts", COUNTER_DEVICE_IRQS },
};
// clang-format on

uint64_t proc_interrupt_count(void)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < ARRAY_LENGTH(interrupts); i++)
        sum += counter_sum(interrupts[i].counter);
    return sum;
}

int proc_show_interrupts(const struct proc_ref *ref, struct text *out)
{
    text_printf(out, "     ");
    for (unsigned cpu = 0; cpu < cpu_count; cpu++)
        text_printf(out, "      CPU%-2u", cpu);
    text_printf(out, "\n");
    for (unsigned i = 0; i < ARRAY_LENGTH(interrupts); i++) {
        text_printf(out, "%4s:", interrupts[i].name);
        for (unsigned cpu = 0; cpu < cpu_count; cpu++)
            text_printf(out, " %10lu",
                        counter_of_cpu(interrupts[i].counter, cpu));
        text_printf(out, "   %s\n", interrupts[i].text);
    }
    return 0;
}

/* ---- /proc/vmstat -------------------------------------------------------- */

// clang-format off
static const struct {
    const char *name;
    enum cpu_counter counter;
} events[] = { /* in Linux's order */
    { "pswpin", COUNTER_SWAP_IN },
    { "pswpout", COUNTER_SWAP_OUT },
    { "pgalloc_normal", COUNTER_FRAMES_TAKEN },
    { "allocstall_normal", COUNTER_ALLOC_STALLS },
    { "pgfree", COUNTER_FRAMES_FREED },
    { "pglazyfree", COUNTER_LAZY_FREE },
    { "pgfault", COUNTER_PAGE_FAULTS },
    { "pgmajfault", COUNTER_MAJOR_FAULTS },
    { "pglazyfreed", COUNTER_LAZY_FREED },
    { "pgsteal_kswapd", COUNTER_STEAL_KSWAPD },
    { "pgsteal_direct", COUNTER_STEAL_DIRECT },
    { "pgscan_kswapd", COUNTER_SCAN_KSWAPD },
    { "pgscan_direct", COUNTER_SCAN_DIRECT },
    { "pageoutrun", COUNTER_KSWAPD_RUNS },
    { "oom_kill", COUNTER_OOM_KILLS },
    { "nr_tlb_remote_flush", COUNTER_TLB_REMOTE_FLUSHES },
    { "swap_ra", COUNTER_SWAP_AHEAD },
    { "swap_ra_hit", COUNTER_SWAP_AHEAD_HIT },
};
// clang-format on

/* All that went to or from disks, in KiB: Linux's unit for pgpgin, pgpgout. */
static uint64_t disk_kib(unsigned direction)
{
    const struct block_device *d;
    uint64_t sectors = 0;

    for (unsigned n = 0; (d = block_nth(n)) != NULL; n++)
        sectors += d->counts[direction].sectors;
    return sectors * SECTOR_BYTES / 1024;
}

int proc_show_vmstat(const struct proc_ref *ref, struct text *out)
{
    struct proc_memory_facts m;

    proc_memory_facts(&m);
    text_printf(out, "nr_free_pages %lu\n", m.free);
    text_printf(out, "nr_slab_reclaimable 0\nnr_slab_unreclaimable %lu\n",
                m.slab);
    text_printf(out, "nr_anon_pages %lu\nnr_mapped %lu\nnr_file_pages %lu\n",
                m.anon, m.mapped, m.cached + m.buffers);
    text_printf(out, "nr_dirty %lu\nnr_writeback %lu\nnr_shmem %lu\n", m.dirty,
                m.writing, m.shmem);
    text_printf(out, "nr_kernel_stack %lu\n",
                m.stack_pages << (PAGE_SHIFT - 10));
    text_printf(out, "nr_page_table_pages %lu\nnr_swapcached %lu\n", m.tables,
                m.swap_cached);
    text_printf(out, "pgpgin %lu\npgpgout %lu\n", disk_kib(BLOCK_READS),
                disk_kib(BLOCK_WRITES));
    for (unsigned i = 0; i < ARRAY_LENGTH(events); i++)
        text_printf(out, "%s %lu\n", events[i].name,
                    counter_sum(events[i].counter));
    return 0;
}
