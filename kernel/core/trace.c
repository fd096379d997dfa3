/*
 * core/trace.c - see trace.h: writing events, and reading them in the kernel.
 *
 * Locks: none; trace.h says why none is needed.
 * Next:  proc/procfs_trace.c (switches, memory), tools/trace (the host's side).
 */
#include "core/trace.h"

#include "base/format.h"
#include "base/string.h"
#include "core/printk.h"
#include "sched/thread.h"
#include "x86/clock.h"
#include "x86/cpu.h"
#include "x86/layout.h"

enum { LINE = 200 };

uint64_t trace_mask;
uint64_t trace_sample_ns;
struct trace_state trace_state = {
    .magic = TRACE_MAGIC,
    .direct_map = DIRECT_MAP_BASE,
    .version = 1,
    .chunk_shift = TRACE_CHUNK_SHIFT,
};

static const char *const trace_descriptions[TRACE_KINDS][3] = {
#define TRACE_TEXTS(name, group, args) { #name, #group, args },
    TRACE_EVENTS(TRACE_TEXTS)
#undef TRACE_TEXTS
};

/* ---- writing --------------------------------------------------------------- */

static struct trace_event *slot_of(const struct trace_ring *ring,
                                   uint64_t number)
{
    uint64_t slot = number & (ring->events - 1);

    return &ring->chunks[slot >> TRACE_CHUNK_SHIFT]
                        [slot & ((1u << TRACE_CHUNK_SHIFT) - 1)];
}

uint32_t trace_tid(const struct thread *t)
{
    if (!t || t->tid != 0 || t == cpus[t->cpu].idle)
        return t ? (uint32_t)t->tid : 0;
    return TRACE_KERNEL_TID +
           (uint32_t)((t->kernel_stack - KSTACK_BASE) / PAGE_SIZE);
}

/* The next number, with its time.  An interrupt in between takes numbers of its
 * own, and then the clock is read again. */
static uint64_t take_number(struct trace_ring *ring, uint64_t *now)
{
    uint64_t number;

    do {
        number = __atomic_load_n(&ring->next, __ATOMIC_RELAXED);
        *now = clock_now_ns();
    } while (!cpu_swap_local(&ring->next, number, number + 1));
    return number;
}

TRACE_ASIDE void trace_write(enum trace_kind kind, uint64_t a, uint64_t b,
                             uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
    unsigned cpu = this_cpu->id;
    struct trace_cpu *mine = &trace_state.cpu[cpu];

    /* Seen by who takes the ring away, or his taking is seen here. */
    __atomic_fetch_add(&mine->writing, 1, __ATOMIC_SEQ_CST);
    struct trace_ring *ring = __atomic_load_n(&mine->ring, __ATOMIC_SEQ_CST);
    if (ring) {
        uint64_t now, number = take_number(ring, &now);
        struct trace_event *event = slot_of(ring, number);
        __atomic_store_n(&event->number, 0, __ATOMIC_RELAXED);
        __atomic_thread_fence(__ATOMIC_RELEASE);
        event->tid = trace_tid(thread_current());
        event->place = now << 16 | (uint64_t)kind << 8 | cpu;
        event->args[0] = a;
        event->args[1] = b;
        event->args[2] = c;
        event->args[3] = d;
        event->args[4] = e;
        event->args[5] = f;
        __atomic_store_n(&event->number, (uint32_t)number + 1,
                         __ATOMIC_RELEASE);
    }
    __atomic_fetch_sub(&mine->writing, 1, __ATOMIC_RELEASE);
}

uint64_t trace_text(const char *text, unsigned n)
{
    size_t length = strnlen(text, 8 * (n + 1));
    uint64_t word = 0;

    if (length > 8 * n)
        memcpy(&word, text + 8 * n, length - 8 * n);
    return word;
}

uint64_t trace_sample_at(void)
{
    struct trace_cpu *mine = &trace_state.cpu[this_cpu->id];
    uint64_t now = clock_now_ns();

    /* Not for the time when it was idle. */
    if (mine->sample_at + trace_sample_ns < now)
        mine->sample_at = now + trace_sample_ns;
    return mine->sample_at;
}

bool trace_sample_is_due(void)
{
    struct trace_cpu *mine = &trace_state.cpu[this_cpu->id];

    if (clock_now_ns() < mine->sample_at)
        return false;
    mine->sample_at += trace_sample_ns;
    return true;
}

struct trace_ring *trace_set_ring(unsigned cpu, struct trace_ring *ring)
{
    struct trace_cpu *its = &trace_state.cpu[cpu];
    struct trace_ring *old =
        __atomic_exchange_n(&its->ring, ring, __ATOMIC_SEQ_CST);

    while (__atomic_load_n(&its->writing, __ATOMIC_SEQ_CST) != 0)
        cpu_pause();
    return old;
}

/* ---- reading --------------------------------------------------------------- */

void trace_kind_name(enum trace_kind kind, char *out)
{
    unsigned i = 0;

    for (const char *c = trace_descriptions[kind][0];
         *c && i < TRACE_NAME_BYTES - 1; c++)
        out[i++] = (char)(*c >= 'A' && *c <= 'Z' ? *c + 'a' - 'A' : *c);
    out[i] = '\0';
}

const char *trace_kind_group(enum trace_kind kind)
{
    return trace_descriptions[kind][1];
}

bool trace_kind_is(enum trace_kind kind, const char *name)
{
    char its[TRACE_NAME_BYTES];

    trace_kind_name(kind, its);
    return strcmp(name, its) == 0 ||
           strcmp(name, trace_descriptions[kind][1]) == 0;
}

uint64_t trace_count(unsigned cpu)
{
    const struct trace_ring *ring = trace_state.cpu[cpu].ring;

    return ring ? __atomic_load_n(&ring->next, __ATOMIC_RELAXED) : 0;
}

bool trace_get(unsigned cpu, uint64_t number, struct trace_event *out)
{
    const struct trace_ring *ring = trace_state.cpu[cpu].ring;

    if (!ring || number >= ring->next || ring->next - number > ring->events)
        return false;
    const struct trace_event *event = slot_of(ring, number);
    uint32_t expected = (uint32_t)number + 1;
    if (__atomic_load_n(&event->number, __ATOMIC_ACQUIRE) != expected)
        return false;
    *out = *event;
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return __atomic_load_n(&event->number, __ATOMIC_RELAXED) == expected;
}

/* One argument as text, by the letter of its type. */
static void format_value(char type, uint64_t value, char *out, size_t bytes)
{
    char text[9] = { 0 };

    switch (type) {
    case 's':
        base_snprintf(out, bytes, "%s", value ? (const char *)value : "-");
        break;
    case 'c':
        memcpy(text, &value, 8);
        base_snprintf(out, bytes, "%s", text);
        break;
    case 'x':
    case 'o':
    case 'p':
    case 'k':
        base_snprintf(out, bytes, "%#lx", value);
        break;
    default:
        base_snprintf(out, bytes, "%ld", (int64_t)value);
        break;
    }
}

void trace_format(const struct trace_event *event, char *line, size_t bytes)
{
    unsigned kind = trace_event_kind(event);
    uint64_t us = trace_event_time(event) / NSEC_PER_USEC;
    const char *args = kind < TRACE_KINDS ? trace_descriptions[kind][2] : "";
    char value[48], name[TRACE_NAME_BYTES] = "?";
    size_t n;

    if (kind < TRACE_KINDS)
        trace_kind_name(kind, name);
    base_snprintf(line, bytes, "%5lu.%06lu cpu %u tid %u %s", us / 1000000,
                  us % 1000000, trace_event_cpu(event), event->tid, name);
    for (unsigned i = 0; *args && i < TRACE_ARGS; i++) {
        const char *colon = args;
        while (*colon != ':')
            colon++;
        format_value(colon[1], event->args[i], value, sizeof(value));
        n = strlen(line);
        if (i > 0 && colon[1] == 'c' && args[-2] == 'c')
            strlcpy(line + n, value, bytes - n); /* goes on */
        else
            base_snprintf(line + n, bytes - n, " %.*s=%s", (int)(colon - args),
                          args, value);
        args = colon[2] ? colon + 3 : colon + 2;
    }
}

/* Where trace_visit_last() is in the ring of a CPU: [from, to) is to be shown. */
struct trace_span {
    uint64_t from, to;
};

/* The CPU whose event before `from` is the youngest; -1: there is none. */
static int youngest_before(const struct trace_span *spans)
{
    uint64_t time = 0;
    int found = -1;

    for (unsigned cpu = 0; cpu < CONFIG_MAX_CPUS; cpu++) {
        struct trace_event event;
        if (spans[cpu].from == 0 ||
            !trace_get(cpu, spans[cpu].from - 1, &event))
            continue;
        if (found < 0 || trace_event_time(&event) > time) {
            found = (int)cpu;
            time = trace_event_time(&event);
        }
    }
    return found;
}

/* The oldest event that is left, in *out; false: none. */
static bool take_oldest(struct trace_span *spans, struct trace_event *out)
{
    int found = -1;

    for (unsigned cpu = 0; cpu < CONFIG_MAX_CPUS; cpu++) {
        struct trace_event event;
        while (spans[cpu].from < spans[cpu].to &&
               !trace_get(cpu, spans[cpu].from, &event))
            spans[cpu].from++; /* overwritten meanwhile */
        if (spans[cpu].from >= spans[cpu].to)
            continue;
        if (found < 0 || trace_event_time(&event) < trace_event_time(out)) {
            found = (int)cpu;
            *out = event;
        }
    }
    if (found >= 0)
        spans[found].from++;
    return found >= 0;
}

void trace_visit_last(unsigned count, void (*emit)(const char *line, void *arg),
                      void *arg)
{
    struct trace_span spans[CONFIG_MAX_CPUS];
    struct trace_event event;
    char line[LINE];

    for (unsigned cpu = 0; cpu < CONFIG_MAX_CPUS; cpu++)
        spans[cpu].from = spans[cpu].to = trace_count(cpu);
    for (int cpu; count > 0 && (cpu = youngest_before(spans)) >= 0; count--)
        spans[cpu].from--;
    while (take_oldest(spans, &event)) {
        trace_format(&event, line, sizeof(line));
        emit(line, arg);
    }
}

static void print_line(const char *line, void *unused)
{
    printk_emergency("%s\n", line);
}

void trace_print_last(unsigned count)
{
    uint64_t written = 0;

    for (unsigned cpu = 0; cpu < CONFIG_MAX_CPUS; cpu++)
        written += trace_count(cpu);
    if (written == 0) {
        printk_emergency("nothing was traced (trace=on on the command line)\n");
        return;
    }
    printk_emergency("last events of %lu:\n", written);
    trace_visit_last(count, print_line, NULL);
}
