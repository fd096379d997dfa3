/*
 * proc/procfs_counters.c - /proc/interrupts and /proc/vmstat.
 *
 * Sums of what every CPU counts by itself (core/counter.h), in Linux's words.
 * Locks: none.
 */
#include "core/counter.h"
#include "mem/frame.h"
#include "proc/procfs.h"

// clang-format off
static const struct {
    const char *name, *text;
    enum cpu_counter counter;
} interrupts[] = {
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

int proc_show_vmstat(const struct proc_ref *ref, struct text *out)
{
    text_printf(out, "nr_free_pages %lu\n", frame_count(FRAME_FREE));
    text_printf(out, "nr_anon_pages %lu\n", frame_count(FRAME_ANON));
    text_printf(out, "nr_file_pages %lu\n", frame_count(FRAME_MAPPING));
    text_printf(out, "nr_page_table_pages %lu\n", frame_count(FRAME_TABLE));
    text_printf(out, "pgalloc_normal %lu\n", counter_sum(COUNTER_FRAMES_TAKEN));
    text_printf(out, "pgfree %lu\n", counter_sum(COUNTER_FRAMES_FREED));
    text_printf(out, "pgfault %lu\n", counter_sum(COUNTER_PAGE_FAULTS));
    text_printf(out, "nr_tlb_remote_flush %lu\n",
                counter_sum(COUNTER_TLB_REMOTE_FLUSHES));
    return 0;
}
