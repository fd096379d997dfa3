/*
 * core/trace.h - what happened, event by event, for pictures afterwards.
 *
 * 1 Idea      A trace point is one line, `trace(SWITCH, next, ...)`: one test of
 *             a word in memory while its kind is off.  On, it writes 64 bytes
 *             into the ring of its CPU.  core/trace_events.h lists the kinds.
 * 2 Rings     Event number n of a CPU lies in slot n mod events, in chunks of
 *             memory that need not be contiguous.  A ring is there only while
 *             it is wanted.  The host reads it in the memory of the machine,
 *             also while it runs (tools/trace), so that getting the events out
 *             costs the kernel nothing; debuggers and panics read it, too.
 * 3 Writers   Only its CPU writes a ring, and what interrupts a writer there may
 *             write, too.  A writer takes the clock, then its number, by one
 *             compare-and-swap that fails if it was interrupted in between: so
 *             the numbers of a CPU are in the order of their times.  No lock,
 *             no masked interrupts, any context.  The number is written into
 *             the event last: an event that does not bear its number is not
 *             whole.
 * 4 Loss      The oldest events are overwritten.  Numbers tell: of n events
 *             written, n - events are lost to who looks at the end, and a reader
 *             that follows counts what it has missed.  Nothing is dropped in
 *             silence.
 * 5 Locking   trace_mask is read without a lock.  Rings come and go under a lock
 *             of the control file; before they go, each CPU's `writing` must
 *             have been 0 once after its ring was taken away.
 * 6 Elsewhere Linux patches its trace points to a jump (static keys), has sub-
 *             buffers for its readers and reserves by nested commits.
 */
#pragma once

#include "core/config.h"
#include "core/trace_events.h"
#include "core/types.h"

enum trace_kind {
#define TRACE_ENUM(name, group, args) TRACE_##name,
    TRACE_EVENTS(TRACE_ENUM)
#undef TRACE_ENUM
        TRACE_KINDS
};
_Static_assert(TRACE_KINDS <= 64, "bits of trace_mask");

enum { TRACE_ARGS = 6 };

struct trace_event {
    uint32_t tid;
    uint32_t number; /* low half of its number + 1, written last */
    uint64_t place;  /* ns since boot << 16 | kind << 8 | CPU */
    uint64_t args[TRACE_ARGS];
};
_Static_assert(sizeof(struct trace_event) == 64, "tools/trace_data knows it");

/* Bit n: kind n is on. */
extern uint64_t trace_mask; /* [a] */

#define TRACE_BIT(name) (1ul << TRACE_##name)

/* Is a kind on?  For points that have to work for their arguments. */
#define trace_is_on(name) unlikely(trace_mask &TRACE_BIT(name))

/* A function for the case that tracing is on, called aside from the usual way. */
#define TRACE_ASIDE __attribute__((cold, noinline, no_caller_saved_registers))

/* The trace point.  Up to six arguments, not evaluated while it is off. */
#define trace(name, ...)                                                       \
    do {                                                                       \
        if (trace_is_on(name))                                                 \
            TRACE_CALL(TRACE_##name, ##__VA_ARGS__, 0, 0, 0, 0, 0, 0);         \
    } while (0)
#define TRACE_CALL(kind, a, b, c, d, e, f, ...)                                \
    trace_write((kind), (uint64_t)(a), (uint64_t)(b), (uint64_t)(c),           \
                (uint64_t)(d), (uint64_t)(e), (uint64_t)(f))

/* Are system calls wanted?  They are seen in syscall_slow(), where all go while
 * a CPU's syscall_limit is 0, so that the fast path need not ask. */
static inline bool trace_wants_calls(void)
{
    return trace_mask & (TRACE_BIT(SYSCALL_ENTER) | TRACE_BIT(SYSCALL_EXIT));
}

/* ns between two samples of what a CPU does; 0: none are taken. */
extern uint64_t trace_sample_ns; /* [a] */

/* When this CPU's next sample is due; is it, and then when the one after that? */
uint64_t trace_sample_at(void);
bool trace_sample_is_due(void);

/* Write an event, if this CPU has a ring.  It keeps all registers, so that a
 * trace point costs the code around it none.  Context: any, also NMI. */
TRACE_ASIDE void trace_write(enum trace_kind kind, uint64_t a, uint64_t b,
                             uint64_t c, uint64_t d, uint64_t e, uint64_t f);

/* What events call a thread: its tid; 0 is the idle thread of a CPU, and other
 * kernel threads, which have none, get numbers by their stack. */
enum { TRACE_KERNEL_TID = 1000000 };
struct thread;
uint32_t trace_tid(const struct thread *thread);

/* Bytes [8n, 8n + 8) of a string, for arguments of type c. */
uint64_t trace_text(const char *text, unsigned n);

/* ---- control -------------------------------------------------------------- */

enum {
    TRACE_CHUNK_SHIFT = 14, /* events of a chunk: 1 MiB */
    TRACE_CHUNKS_MAX = 256,
};
#define TRACE_MAGIC 0x6563617274756e61ul

/* Lock key: [C] its CPU only  [I] while the ring is there */
struct trace_ring {
    uint64_t next;   /* [C] number of the next event */
    uint64_t events; /* [I] how many it holds, a power of two */
    struct trace_event *chunks[TRACE_CHUNKS_MAX]; /* [I] */
};

_Static_assert(sizeof(struct trace_ring) <= PAGE_SIZE, "lies in a page");

struct trace_cpu {
    struct trace_ring *ring; /* [a] NULL: none */
    uint32_t writing;        /* [a] writers that may use it */
    uint64_t sample_at;      /* [C] clock: when a sample is due */
} __aligned(64);

/* What tools/trace looks for in the machine's memory. */
struct trace_state {
    uint64_t magic;
    uint64_t direct_map; /* address of the first byte of RAM */
    uint32_t version, chunk_shift;
    struct trace_cpu cpu[CONFIG_MAX_CPUS];
};
extern struct trace_state trace_state;

/* Give CPU `cpu` the ring (NULL: none), and return the one it had, which nobody
 * uses any more.  Context: the caller keeps others from doing the same. */
struct trace_ring *trace_set_ring(unsigned cpu, struct trace_ring *ring);

/* Its name, "pipe_read", to out[TRACE_NAME_BYTES]; that of its group, "ipc"; is it of
 * either name? */
enum { TRACE_NAME_BYTES = 16 };
void trace_kind_name(enum trace_kind kind, char *out);
const char *trace_kind_group(enum trace_kind kind);
bool trace_kind_is(enum trace_kind kind, const char *name);

static inline uint64_t trace_event_time(const struct trace_event *event)
{
    return event->place >> 16;
}
static inline unsigned trace_event_kind(const struct trace_event *event)
{
    return event->place >> 8 & 0xff;
}
static inline unsigned trace_event_cpu(const struct trace_event *event)
{
    return event->place & 0xff;
}

/* How many events a CPU has written into its ring. */
uint64_t trace_count(unsigned cpu);

/* Event number `number` of a CPU; false: overwritten, or not whole. */
__must_check bool trace_get(unsigned cpu, uint64_t number,
                            struct trace_event *out);

/* Its line, "  1.234567 cpu 0 tid 12 pipe_read object=... bytes=5". */
void trace_format(const struct trace_event *event, char *line, size_t bytes);

/* Show the last `count` events of all CPUs, oldest first, a line each. */
void trace_visit_last(unsigned count, void (*emit)(const char *line, void *arg),
                      void *arg);

/* The same to the emergency log, for panics, when the other CPUs stand still;
 * says so if nothing was traced.  Locks: none.  Context: any. */
void trace_print_last(unsigned count);
