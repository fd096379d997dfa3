/*
 * ktest_trace.c - rings of trace events: what is kept, what is lost, in which
 * order, also when interrupts write in between.
 */
#include "base/string.h"
#include "core/counter.h"
#include "core/ktest.h"
#include "core/trace.h"
#include "ktest_threads.h"
#include "mem/frame.h"
#include "x86/clock.h"

enum {
    SMALL = PAGE_SIZE / sizeof(struct trace_event), /* events of one page */
    LARGE_ORDER = 7,
    LARGE = SMALL << LARGE_ORDER,
    MARKS = 3000,
    MARKS_MOST = 100000000, /* in which an interrupt comes, if ever */
};

static struct trace_ring rings[CONFIG_MAX_CPUS];

static bool ring_make(unsigned cpu, unsigned order)
{
    struct frame *f = frame_alloc(order, FRAME_KERNEL);

    if (!f)
        return false;
    for (unsigned i = 0; i < 1u << order; i++)
        page_clear(frame_bytes(f + i));
    rings[cpu] = (struct trace_ring){ .events = SMALL << order };
    rings[cpu].chunks[0] = frame_bytes(f);
    trace_set_ring(cpu, &rings[cpu]);
    return true;
}

static void ring_drop(unsigned cpu, unsigned order)
{
    if (trace_set_ring(cpu, NULL))
        frame_free(frame_of_phys(virt_to_phys(rings[cpu].chunks[0])), order);
}

KTEST(trace_ring_keeps_the_last_events)
{
    enum { WRITTEN = 3 * SMALL + 5 };
    struct trace_event event;
    char line[80];
    unsigned cpu = this_cpu->id; /* nothing here sleeps */

    KNEED(ring_make(cpu, 0));
    trace_mask = TRACE_BIT(MARK);
    for (uint64_t i = 0; i < WRITTEN; i++)
        trace(MARK, i, 1, 2, 3, 4, 5);
    trace(PIPE_READ, 1, 2, 3); /* its kind is off */
    trace_mask = 0;
    KCHECK_EQ(trace_count(cpu), WRITTEN);
    KCHECK(!trace_get(cpu, WRITTEN, &event));
    KCHECK(!trace_get(cpu, WRITTEN - SMALL - 1, &event));
    for (uint64_t i = WRITTEN - SMALL; i < WRITTEN; i++) {
        KCHECK(trace_get(cpu, i, &event));
        KCHECK_EQ(event.args[0], i);
        KCHECK_EQ(event.args[5], 5);
    }
    event.args[0] = trace_text("at last a text", 0);
    event.args[1] = trace_text("at last a text", 1);
    event.args[2] = trace_text("at last a text", 2);
    event.args[3] = event.args[4] = event.args[5] = 0;
    trace_format(&event, line, sizeof(line));
    KCHECK(strchr(line, '=') &&
           strcmp(strchr(line, '='), "=at last a text") == 0);
    trace_format(&event, line, 20); /* no room: cut, not overrun */
    KCHECK_EQ(strlen(line), 19);
    ring_drop(cpu, 0);
    trace_mask = TRACE_BIT(MARK);
    trace(MARK); /* no ring: nothing happens */
    trace_mask = 0;
    KCHECK_EQ(trace_count(cpu), 0);
}

/* So many, and until an interrupt has come, which the ring then still has. */
static void write_marks(void *unused)
{
    unsigned cpu = this_cpu->id;
    uint64_t before = counter_of_cpu(COUNTER_TIMER_IRQS, cpu);

    for (uint64_t i = 0; i < MARKS; i++)
        trace(MARK, i);
    for (uint64_t i = MARKS; i < MARKS_MOST; i++) {
        if (counter_of_cpu(COUNTER_TIMER_IRQS, cpu) != before)
            return;
        trace(MARK, i);
    }
}

/* Whole, of this CPU, in the order of their times.  Returns how many interrupts
 * came. */
static unsigned check_ring(unsigned cpu)
{
    uint64_t count = trace_count(cpu), time = 0;
    unsigned interrupts = 0;

    for (uint64_t i = count > LARGE ? count - LARGE : 0; i < count; i++) {
        struct trace_event event;
        bool whole = trace_get(cpu, i, &event);
        KCHECK(whole);
        if (!whole)
            continue;
        KCHECK_EQ(trace_event_cpu(&event), cpu);
        KCHECK(trace_event_time(&event) >= time);
        time = trace_event_time(&event);
        interrupts += trace_event_kind(&event) == TRACE_IRQ_ENTER;
    }
    KCHECK(count >= MARKS);
    return interrupts;
}

KTEST(trace_numbers_are_in_the_order_of_times)
{
    unsigned interrupts = 0;

    for (unsigned cpu = 0; cpu < cpu_count; cpu++)
        KNEED(ring_make(cpu, LARGE_ORDER));
    /* Samples make the timer come often, and write, too. */
    trace_sample_ns = 20 * NSEC_PER_USEC;
    trace_mask = TRACE_BIT(MARK) | TRACE_BIT(IRQ_ENTER) | TRACE_BIT(IRQ_EXIT) |
                 TRACE_BIT(SWITCH) | TRACE_BIT(WAKE) | TRACE_BIT(SAMPLE) |
                 TRACE_BIT(STACK);
    ktest_on_each_cpu(write_marks, NULL);
    trace_mask = 0;
    trace_sample_ns = 0;
    /* The host may have stopped a CPU in the middle of an event. */
    ktest_on_each_cpu(NULL, NULL);
    for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
        interrupts += check_ring(cpu);
        ring_drop(cpu, LARGE_ORDER);
    }
    KCHECK(interrupts > 0);
}
