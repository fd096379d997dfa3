/*
 * proc/procfs_trace.c - switches of the tracing, and the memory it needs.
 *
 * Idea:   /proc/trace takes words, of which none counts if one is wrong:
 *           on, off    begin to write events; stop, but keep them
 *           all, none, NAME, -NAME    which kinds, or groups of kinds
 *           size=N     bytes of the ring of each CPU (K, M), a power of two
 *           rate=N     samples in a second, for the kinds of `profile`
 *           clear      forget the events; free: and give the memory back
 *         or `mark TEXT`, which becomes an event.  trace=WORD,WORD on the kernel
 *         command line is the same, and `on`.  Reading shows the settings, what
 *         was written and lost, and the last events.
 * Locks:  trace_lock: settings and rings come and go.  Address spaces are looked
 *         at after it.
 * Next:   core/trace.c, tools/trace.
 */
#include "abi/errno.h"
#include "base/string.h"
#include "core/boot_info.h"
#include "core/printk.h"
#include "core/trace.h"
#include "mem/frame.h"
#include "proc/procfs.h"
#include "vm/region.h"
#include "vm/table.h"
#include "x86/clock.h"

enum {
    SHOWN_EVENTS = 40,
    RATE_MAX = 10000,
    RATE_DEFAULT = 1000,
    LINE = 256,
};
#define RING_MIN          PAGE_SIZE
#define RING_MAX          (TRACE_CHUNK_BYTES * TRACE_CHUNKS_MAX)
#define RING_DEFAULT      (4 * TRACE_CHUNK_BYTES)
#define TRACE_CHUNK_BYTES (sizeof(struct trace_event) << TRACE_CHUNK_SHIFT)
#define ALL_KINDS         (UINT64_MAX >> (64 - TRACE_KINDS))

struct settings {
    bool on;
    bool drop; /* the rings that are there */
    uint64_t kinds;
    uint64_t bytes; /* of a ring */
    uint64_t rate;  /* samples a second */
};

static struct mutex trace_lock;
static struct settings settings = {
    .kinds = ALL_KINDS & ~(TRACE_BIT(SAMPLE) | TRACE_BIT(STACK)),
    .bytes = RING_DEFAULT,
    .rate = RATE_DEFAULT,
}; /* [trace_lock] */

/* ---- memory of rings -------------------------------------------------------- */

static unsigned chunk_order(uint64_t bytes)
{
    unsigned order = 0;

    bytes = MIN(bytes, TRACE_CHUNK_BYTES);
    while (PAGE_SIZE << order < bytes)
        order++;
    return order;
}

static void ring_free(struct trace_ring *ring)
{
    if (!ring)
        return;
    unsigned order = chunk_order(ring->events * sizeof(struct trace_event));
    for (unsigned i = 0; i < TRACE_CHUNKS_MAX && ring->chunks[i]; i++)
        frame_free(frame_of_phys(virt_to_phys(ring->chunks[i])), order);
    frame_free(frame_of_phys(virt_to_phys(ring)), 0);
}

/* An empty ring of `bytes`, a power of two; NULL: no memory. */
static struct trace_ring *ring_create(uint64_t bytes)
{
    struct frame *page = frame_alloc_zeroed(FRAME_KERNEL);
    unsigned order = chunk_order(bytes);

    if (!page)
        return NULL;
    struct trace_ring *ring = frame_bytes(page);
    ring->events = bytes / sizeof(struct trace_event);
    for (unsigned i = 0; (PAGE_SIZE << order) * i < bytes; i++) {
        struct frame *f = frame_alloc(order, FRAME_KERNEL);
        if (!f) {
            ring_free(ring);
            return NULL;
        }
        ring->chunks[i] = frame_bytes(f);
        for (unsigned n = 0; n < 1u << order; n++)
            page_clear(frame_bytes(f + n));
    }
    return ring;
}

static void free_rings(void)
{
    for (unsigned cpu = 0; cpu < cpu_count; cpu++)
        ring_free(trace_set_ring(cpu, NULL));
}

static int make_rings(uint64_t bytes)
{
    for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
        if (trace_state.cpu[cpu].ring)
            continue;
        struct trace_ring *ring = ring_create(bytes);
        if (!ring) {
            free_rings();
            return -ENOMEM;
        }
        trace_set_ring(cpu, ring);
    }
    return 0;
}

/* ---- settings --------------------------------------------------------------- */

static void trace_task(const struct thread *t)
{
    const struct process *p = t->process;

    trace(TASK, trace_tid(t), p ? p->pid : 0, p ? p->parent_pid : 0,
          p ? p->space : NULL, trace_text(t->name, 0), trace_text(t->name, 1));
}

/* Who is there already: pictures begin with them. */
static void note_tasks(void)
{
    struct process *p;
    struct thread *t;

    spin_lock(&process_tree_lock);
    list_for_each (p, &process_list, all_link)
        list_for_each (t, &p->threads, process_link)
            trace_task(t);
    spin_unlock(&process_tree_lock);
}

/* And what is mapped.  A space that changes meanwhile tells so itself. */
static void note_space(struct address_space *as)
{
    pte_t *pte;

    mutex_lock(&as->lock);
    for (const struct region *r = region_first_locked(as); r;
         r = region_next_locked((struct region *)r)) {
        trace(AREA, as, r->start, r->end, r->prot, r->flags, r->mapping);
        for (vaddr_t va = r->start;
             (va = table_skip_holes(as, va, r->end, &pte)) < r->end;
             va += PAGE_SIZE)
            trace(MAP, as, va, *pte);
    }
    mutex_unlock(&as->lock);
}

static void note_spaces(void)
{
    struct address_space *as;

    for (unsigned n = 0; (as = as_nth(n)) != NULL; n++) {
        note_space(as);
        as_put(as);
    }
}

/* Make it so.  0 or -ENOMEM: then it is off. */
static int apply(const struct settings *wanted) MUST_HOLD(trace_lock);
static int apply(const struct settings *wanted)
{
    int err = 0;

    __atomic_store_n(&trace_mask, 0, __ATOMIC_SEQ_CST);
    trace_sample_ns = 0;
    if (wanted->drop || wanted->bytes != settings.bytes)
        free_rings();
    settings = *wanted;
    settings.drop = false;
    if (settings.on)
        err = make_rings(settings.bytes);
    if (err != 0 || !settings.on) {
        settings.on = false;
        return err;
    }
    if (settings.kinds & TRACE_BIT(SAMPLE))
        trace_sample_ns = NSEC_PER_SEC / settings.rate;
    __atomic_store_n(&trace_mask, settings.kinds, __ATOMIC_SEQ_CST);
    for (unsigned cpu = 0; cpu < cpu_count && trace_wants_calls(); cpu++)
        cpus[cpu].syscall_limit = 0; /* each finds its way back by itself */
    return 0;
}

/* The kinds that `name`, of a kind or a group, stands for; 0: none. */
static uint64_t kinds_of(const char *name)
{
    uint64_t kinds = 0;

    for (unsigned i = 0; i < TRACE_KINDS; i++)
        if (trace_kind_is(i, name))
            kinds |= 1ul << i;
    return kinds;
}

/* Decimal, then K, M or nothing; 0: no number, or too large a one. */
static uint64_t parse_amount(const char *text)
{
    uint64_t n = 0;

    for (; *text >= '0' && *text <= '9' && n < 1ul << 40; text++)
        n = n * 10 + (uint64_t)(*text - '0');
    if (*text == 'K' || *text == 'M')
        n <<= *text++ == 'K' ? 10 : 20;
    return *text == '\0' ? n : 0;
}

static int parse_size(struct settings *to, const char *text)
{
    uint64_t bytes = parse_amount(text), rounded = RING_MIN;

    if (bytes == 0 || bytes > RING_MAX)
        return -EINVAL;
    while (rounded < bytes)
        rounded <<= 1;
    to->bytes = rounded;
    return 0;
}

static int parse_word(struct settings *to, const char *word)
{
    bool off = word[0] == '-';

    if (strncmp(word, "size=", 5) == 0)
        return parse_size(to, word + 5);
    if (strncmp(word, "rate=", 5) == 0) {
        to->rate = parse_amount(word + 5);
        return to->rate != 0 && to->rate <= RATE_MAX ? 0 : -EINVAL;
    }
    if (strcmp(word, "on") == 0 || strcmp(word, "off") == 0) {
        to->on = word[1] == 'n';
    } else if (strcmp(word, "clear") == 0 || strcmp(word, "free") == 0) {
        to->drop = true;
        to->on = to->on && word[0] == 'c';
    } else if (strcmp(word, "all") == 0 || strcmp(word, "none") == 0) {
        to->kinds = word[0] == 'a' ? ALL_KINDS : 0;
    } else {
        uint64_t kinds = kinds_of(word + off);
        to->kinds = off ? to->kinds & ~kinds : to->kinds | kinds;
        return kinds != 0 ? 0 : -EINVAL;
    }
    return 0;
}

/* Words between blanks or commas.  0 or -errno: then nothing has changed, but
 * with -ENOMEM it is off. */
static int obey(char *line, bool on)
{
    mutex_lock(&trace_lock);
    struct settings wanted = settings;
    int err = 0;

    wanted.on |= on;
    while (err == 0) {
        while (*line == ' ' || *line == ',')
            line++;
        if (*line == '\0')
            break;
        const char *word = line;
        while (*line && *line != ' ' && *line != ',')
            line++;
        if (*line)
            *line++ = '\0';
        err = parse_word(&wanted, word);
    }
    uint64_t before = wanted.drop ? 0 : trace_mask;
    if (err == 0)
        err = apply(&wanted);
    uint64_t fresh = trace_mask & ~before;
    mutex_unlock(&trace_lock);
    if (fresh & TRACE_BIT(TASK))
        note_tasks();
    if (fresh & (TRACE_BIT(MAP) | TRACE_BIT(AREA)))
        note_spaces();
    return err;
}

int proc_store_trace(const struct proc_ref *ref, char *line)
{
    uint64_t text[TRACE_ARGS] = { 0 };

    if (strncmp(line, "mark ", 5) != 0)
        return obey(line, false);
    memcpy(text, line + 5, strnlen(line + 5, sizeof(text)));
    trace(MARK, text[0], text[1], text[2], text[3], text[4], text[5]);
    return 0;
}

void proc_trace_init(void)
{
    char line[LINE];

    mutex_init(&trace_lock, "trace", RANK_TRACE);
    if (!boot_option_value("trace=", line, sizeof(line)))
        return;
    if (obey(line, true) != 0)
        printk("trace=: unknown word, or no memory: /proc/trace\n");
    trace_task(thread_current());
}

/* ---- reading ----------------------------------------------------------------- */

static void show_event(const char *line, void *out)
{
    text_printf(out, "%s\n", line);
}

static void show_kinds(struct text *out)
{
    const char *group = "";

    for (unsigned i = 0; i < TRACE_KINDS; i++) {
        char name[TRACE_NAME_BYTES];
        if (strcmp(trace_kind_group(i), group) != 0) {
            group = trace_kind_group(i);
            text_printf(out, "%s%s:", i ? "\n" : "", group);
        }
        trace_kind_name(i, name);
        text_printf(out, " %s%s", settings.kinds >> i & 1 ? "" : "-", name);
    }
    text_printf(out, "\n");
}

int proc_show_trace(const struct proc_ref *ref, struct text *out)
{
    mutex_lock(&trace_lock);
    text_printf(out, "%s size=%luK rate=%lu\n", settings.on ? "on" : "off",
                settings.bytes >> 10, settings.rate);
    show_kinds(out);
    for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
        const struct trace_ring *ring = trace_state.cpu[cpu].ring;
        uint64_t written = trace_count(cpu), room = ring ? ring->events : 0;
        text_printf(out, "cpu %u: %lu events, %lu lost\n", cpu, written,
                    written > room ? written - room : 0);
    }
    trace_visit_last(SHOWN_EVENTS, show_event, out);
    mutex_unlock(&trace_lock);
    return 0;
}
