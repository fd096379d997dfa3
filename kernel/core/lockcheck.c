/*
 * core/lockcheck.c - see lockcheck.h.
 *
 * 1 Idea      inside[a] has bit b once a lock of class b was taken by somebody
 *             who held one of class a.  Before a lock is waited for, every class
 *             that is held gets this bit for the new one; if the graph already
 *             leads from the new class back to the held one, two threads can
 *             wait for each other, and the machine stops.
 * 2 Costs     A known order is one bit to test.  Traces are kept once for each
 *             pair, for what is held now, and for the last releases, all in
 *             tables of fixed size; a full one is told in the log.
 * 3 Locking   graph_lock, a bare word, guards classes, orders and new bits; bits
 *             and class numbers are read without it.  Lists belong to one CPU or
 *             one thread; those of others are read only when the machine ends.
 * 4 Failure   Reports end in panic(), which stops the other CPUs first.
 * 5 Elsewhere Linux's lockdep does the same with hashed chains, so that a whole
 *             stack of held locks is checked by one look.
 */
#include "core/lockcheck.h"

#include "base/bitmap.h"
#include "base/string.h"
#include "core/lock_rank.h"
#include "core/panic.h"
#include "core/printk.h"
#include "x86/clock.h"
#include "x86/cpu.h"

enum { CLASSES_MAX = 256, ORDERS_MAX = 1024, RELEASES = 64 };

/* Lock key: [G] graph_lock */
struct lock_class {
    const char *name;               /* [G] */
    uint16_t rank;                  /* [G] */
    bool in_irq, irqs_on;           /* [G] ever taken, held so */
    uint64_t longest;               /* [G] ns held, as far as it was logged */
    struct lockcheck_trace irq_at;  /* [G] first taken in an interrupt */
    struct lockcheck_trace open_at; /* [G] first held with interrupts on */
};

/* `inner` was taken while `outer` was held. */
struct lock_order {
    uint16_t outer, inner;                     /* [G] */
    struct lockcheck_trace outer_at, inner_at; /* [G] */
};

struct release {
    const struct lock_id *lock;
    uint64_t when;
    struct lockcheck_trace at;
};

struct too_long {
    bool waits; /* to be logged */
    const char *name;
    uint64_t ns, limit;
    struct lockcheck_trace taken_at, dropped_at;
};

static uint32_t graph_lock;
static struct lock_class classes[CLASSES_MAX]; /* [G]; 0 is nobody's */
static unsigned class_count = 1;               /* [G] */
static struct lock_order orders[ORDERS_MAX];   /* [G] */
static unsigned order_count;                   /* [G] */
static uint64_t inside[CLASSES_MAX][BITMAP_WORDS(CLASSES_MAX)]; /* [G] */
static uint16_t came_from[CLASSES_MAX]; /* [G] of the search for a way */
static struct lockcheck_list cpu_lists[CONFIG_MAX_CPUS];   /* [C] */
static struct release releases[CONFIG_MAX_CPUS][RELEASES]; /* [C] */
static struct too_long too_long[CONFIG_MAX_CPUS];          /* [C] */

static bool graph_enter(void)
{
    bool on = irqs_enabled();

    irqs_disable();
    while (__atomic_exchange_n(&graph_lock, 1, __ATOMIC_ACQUIRE))
        cpu_pause();
    return on;
}

static void graph_leave(bool on)
{
    __atomic_store_n(&graph_lock, 0, __ATOMIC_RELEASE);
    if (on)
        irqs_enable();
}

struct lockcheck_list *lockcheck_cpu_list(void)
{
    return &cpu_lists[this_cpu->id];
}

/* The callers of the lock function that called the function of this file
 * whose frame is given. */
static void take_trace(struct lockcheck_trace *trace, const void *frame)
{
    backtrace_save(frame, 1, trace->ip, LOCKCHECK_FRAMES);
}
#define TRACE_CALLER(trace) take_trace((trace), __builtin_frame_address(0))

/* ---- reports ------------------------------------------------------------- */

struct report {
    const struct lock_id *lock; /* what it is about */
    const struct lockcheck_trace *now;
    const struct lockcheck_held *held; /* the other lock, or NULL */
    const struct lockcheck_trace *earlier;
    const char *earlier_text;
    uint16_t way_from, way_to; /* classes: the order known so far */
};

static void print_trace(const struct lockcheck_trace *trace)
{
    for (unsigned i = 0; i < LOCKCHECK_FRAMES && trace->ip[i] != 0; i++)
        printk_emergency("  [<%016lx>]\n", trace->ip[i]);
}

static void print_order(uint16_t outer, uint16_t inner)
{
    printk_emergency("known order: \"%s\" and inside it \"%s\"\n",
                     classes[outer].name, classes[inner].name);
    for (unsigned i = 0; i < order_count; i++) {
        const struct lock_order *o = &orders[i];
        if (o->outer != outer || o->inner != inner)
            continue;
        printk_emergency("\"%s\" was taken by\n", classes[outer].name);
        print_trace(&o->outer_at);
        printk_emergency("then \"%s\" by\n", classes[inner].name);
        print_trace(&o->inner_at);
        return;
    }
    printk_emergency("(learned when the table of places was full)\n");
}

/* The chain that find_way() found, last link first. */
static void print_way(uint16_t from, uint16_t to)
{
    for (uint16_t at = to; at != from; at = came_from[at])
        print_order(came_from[at], at);
}

static void explain(const void *arg)
{
    const struct report *r = arg;

    if (r->held) {
        printk_emergency("\"%s\" is held, taken by\n", r->held->lock->name);
        print_trace(&r->held->trace);
    }
    if (r->earlier) {
        printk_emergency("\"%s\" %s\n", r->lock->name, r->earlier_text);
        print_trace(r->earlier);
    }
    if (r->way_from)
        print_way(r->way_from, r->way_to);
    if (r->now) {
        printk_emergency("now, by\n");
        print_trace(r->now);
    }
}

/* ---- classes and their order --------------------------------------------- */

static uint16_t find_class(const struct lock_id *lock)
{
    for (unsigned i = 1; i < class_count; i++)
        if (classes[i].rank == lock->rank &&
            strcmp(classes[i].name, lock->name) == 0)
            return (uint16_t)i;
    if (class_count == CLASSES_MAX)
        return 0;
    classes[class_count].name = lock->name;
    classes[class_count].rank = lock->rank;
    return (uint16_t)class_count++;
}

/* 0: the table is full, the lock is not watched. */
static uint16_t class_of(struct lock_id *lock)
{
    uint16_t class_id = __atomic_load_n(&lock->class_id, __ATOMIC_RELAXED);

    if (likely(class_id != 0))
        return class_id;
    bool on = graph_enter();
    class_id = find_class(lock);
    graph_leave(on);
    __atomic_store_n(&lock->class_id, class_id, __ATOMIC_RELAXED);
    return class_id;
}

/* Does the graph lead from one class to another?  Breadth first; came_from
 * then leads back.  Context: graph_lock. */
static bool find_way(uint16_t from, uint16_t to)
{
    static uint16_t queue[CLASSES_MAX];
    unsigned head = 0, tail = 0;

    memset(came_from, 0, sizeof(came_from));
    queue[tail++] = from;
    while (head < tail) {
        uint16_t at = queue[head++];
        for (unsigned next = 1; next < class_count; next++) {
            if (!bitmap_test(inside[at], next) || came_from[next] != 0 ||
                next == from)
                continue;
            came_from[next] = at;
            if (next == to)
                return true;
            queue[tail++] = (uint16_t)next;
        }
    }
    return false;
}

static void report_inversion(const struct lockcheck_held *held,
                             struct lock_id *lock,
                             const struct lockcheck_trace *now)
{
    struct report r = { .lock = lock,
                        .now = now,
                        .held = held,
                        .way_from = class_of(lock),
                        .way_to = class_of(held->lock) };

    panic_explained(explain, &r,
                    "lockcheck: inversion: \"%s\" taken inside \"%s\", the "
                    "other way round before",
                    lock->name, held->lock->name);
}

static void learn_order(const struct lockcheck_held *held, struct lock_id *lock,
                        const struct lockcheck_trace *now)
{
    uint16_t outer = class_of(held->lock), inner = class_of(lock);
    bool on = graph_enter();
    bool wrong = find_way(inner, outer), full = order_count == ORDERS_MAX;

    if (!wrong && !bitmap_test(inside[outer], inner)) {
        bitmap_set(inside[outer], inner);
        if (!full)
            orders[order_count++] =
                (struct lock_order){ outer, inner, held->trace, *now };
    }
    graph_leave(on);
    if (wrong)
        report_inversion(held, lock, now);
}

static void check_pair(const struct lockcheck_held *held, struct lock_id *lock,
                       enum lockcheck_nesting nesting,
                       const struct lockcheck_trace *now)
{
    uint16_t outer = class_of(held->lock), inner = class_of(lock);
    struct report r = { .lock = lock, .now = now, .held = held };

    if (held->lock == lock)
        panic_explained(explain, &r, "lockcheck: \"%s\" taken twice",
                        lock->name);
    if (outer == 0 || inner == 0)
        return;
    if (outer == inner && nesting == LOCKCHECK_ALONE)
        panic_explained(explain, &r,
                        "lockcheck: \"%s\" taken inside another \"%s\"",
                        lock->name, lock->name);
    if (outer != inner && !bitmap_test(inside[outer], inner))
        learn_order(held, lock, now);
}

void lockcheck_before(struct lockcheck_list *list, struct lock_id *lock,
                      enum lockcheck_nesting nesting)
{
    struct lockcheck_trace now;

    if (list->count == 0 || panic_in_progress())
        return;
    TRACE_CALLER(&now);
    for (uint32_t i = 0; i < list->count; i++)
        check_pair(&list->held[i], lock, nesting, &now);
}

/* ---- interrupts ---------------------------------------------------------- */

static void report_irq(struct lock_id *lock, const struct lock_class *class)
{
    struct report r = { .lock = lock,
                        .now = &class->open_at,
                        .earlier = &class->irq_at,
                        .earlier_text = "is taken in interrupts, by" };

    panic_explained(explain, &r,
                    "lockcheck: \"%s\" is held with interrupts on, and "
                    "interrupts take it",
                    lock->name);
}

/* Note one of the two uses of a class; both together are a deadlock. */
static void note_use(struct lock_id *lock, bool in_irq,
                     const struct lockcheck_trace *now)
{
    struct lock_class *class = &classes[class_of(lock)];
    bool *seen = in_irq ? &class->in_irq : &class->irqs_on;

    if (class == &classes[0] || *seen)
        return;
    bool on = graph_enter();
    *(in_irq ? &class->irq_at : &class->open_at) = *now;
    *seen = true;
    bool both = class->in_irq && class->irqs_on;
    graph_leave(on);
    if (both)
        report_irq(lock, class);
}

void lockcheck_interrupt(void)
{
    struct lockcheck_list *list = lockcheck_cpu_list();

    for (uint32_t i = 0; i < list->count; i++)
        note_use(list->held[i].lock, false, &list->held[i].trace);
}

/* ---- taking and dropping ------------------------------------------------- */

void lockcheck_taken(struct lockcheck_list *list, struct lock_id *lock,
                     uint64_t now)
{
    if (panic_in_progress())
        return;
    assert_lt(list->count, LOCKCHECK_HELD_MAX);
    struct lockcheck_held *held = &list->held[list->count];
    held->lock = lock;
    held->since = now;
    TRACE_CALLER(&held->trace);
    list->count++;
    if (this_cpu->in_irq && lock->rank > RANK_FIRST_SPIN)
        note_use(lock, true, &held->trace);
}

static const struct lockcheck_held *find_held(const struct lockcheck_list *list,
                                              const struct lock_id *lock)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (list->held[i].lock == lock)
            return &list->held[i];
    return NULL;
}

bool lockcheck_holds(const struct lockcheck_list *list,
                     const struct lock_id *lock)
{
    return find_held(list, lock) != NULL;
}

static struct release *release_slot(unsigned cpu, const struct lock_id *lock)
{
    return &releases[cpu][((vaddr_t)lock >> 4) * 0x9e3779b97f4a7c15ul >> 58];
}

static void note_release(const struct lock_id *lock,
                         const struct lockcheck_trace *at)
{
    bool on = irqs_enabled();

    irqs_disable();
    *release_slot(this_cpu->id, lock) =
        (struct release){ lock, clock_now_ns(), *at };
    if (on)
        irqs_enable();
}

static const struct release *last_release(const struct lock_id *lock)
{
    const struct release *last = NULL;

    for (unsigned i = 0; i < cpu_count; i++) {
        const struct release *r = release_slot(i, lock);
        if (r->lock == lock && (!last || r->when > last->when))
            last = r;
    }
    return last;
}

void lockcheck_bad_release(const struct lockcheck_list *holder,
                           struct lock_id *lock)
{
    struct report r = { .lock = lock };
    struct lockcheck_trace now;

    if (panic_in_progress())
        return;
    TRACE_CALLER(&now);
    r.now = &now;
    if (holder)
        r.held = find_held(holder, lock);
    for (unsigned i = 0; i < cpu_count && !r.held; i++)
        r.held = find_held(&cpu_lists[i], lock);
    if (r.held)
        panic_explained(explain, &r,
                        "lockcheck: \"%s\" released by a non-holder",
                        lock->name);
    const struct release *last = last_release(lock);
    r.earlier = last ? &last->at : NULL;
    r.earlier_text = "was released before by";
    panic_explained(explain, &r, "lockcheck: \"%s\" released twice",
                    lock->name);
}

/* Keep what was held too long for lockcheck_log(): who drops a lock may hold
 * others that the log needs. */
static void note_length(const struct lockcheck_held *held, uint64_t ns,
                        uint64_t limit, const struct lockcheck_trace *now)
{
    struct lock_class *class = &classes[class_of(held->lock)];
    bool on = graph_enter();
    struct too_long *late = &too_long[this_cpu->id];

    if (ns > 2 * class->longest && !late->waits) {
        class->longest = ns;
        *late = (struct too_long){ true,  held->lock->name, ns,
                                   limit, held->trace,      *now };
    }
    graph_leave(on);
}

void lockcheck_dropped(struct lockcheck_list *list, struct lock_id *lock,
                       uint64_t now, uint64_t limit)
{
    struct lockcheck_trace at;
    uint32_t i = list->count;

    if (panic_in_progress())
        return;
    TRACE_CALLER(&at);
    while (i-- > 0)
        if (list->held[i].lock == lock)
            break;
    assert(i < list->count); /* else lockcheck_bad_release() */
    if (lock->rank > RANK_FIRST_SPIN && irqs_enabled())
        note_use(lock, false, &at);
    if (now - list->held[i].since > limit)
        note_length(&list->held[i], now - list->held[i].since, limit, &at);
    note_release(lock, &at);
    list->count--;
    memmove(&list->held[i], &list->held[i + 1],
            (list->count - i) * sizeof(list->held[0]));
}

static void log_trace(const struct lockcheck_trace *trace)
{
    for (unsigned i = 0; i < LOCKCHECK_FRAMES && trace->ip[i] != 0; i++)
        printk("  [<%016lx>]\n", trace->ip[i]);
}

void lockcheck_log(void)
{
    struct too_long *mine = &too_long[this_cpu->id];

    if (likely(!mine->waits) || panic_in_progress())
        return;
    bool on = graph_enter();
    struct too_long late = too_long[this_cpu->id];
    too_long[this_cpu->id].waits = false;
    graph_leave(on);
    if (!late.waits)
        return;
    printk("lockcheck: \"%s\" held for %lu us (limit %lu us), taken by\n",
           late.name, late.ns / NSEC_PER_USEC, late.limit / NSEC_PER_USEC);
    log_trace(&late.taken_at);
    printk("lockcheck: released by\n");
    log_trace(&late.dropped_at);
}

/* ---- sleeping ------------------------------------------------------------ */

void lockcheck_might_sleep(void)
{
    struct lockcheck_list *list;
    struct lockcheck_trace now;

    if (likely(this_cpu->spin_depth == 0 && !this_cpu->in_irq) ||
        panic_in_progress())
        return;
    backtrace_save(__builtin_frame_address(0), 0, now.ip, LOCKCHECK_FRAMES);
    list = lockcheck_cpu_list();
    struct report r = { .now = &now };
    if (list->count == 0)
        panic_explained(explain, &r, "lockcheck: sleeping in an interrupt");
    r.held = &list->held[list->count - 1];
    panic_explained(explain, &r,
                    "lockcheck: sleeping with spinlock \"%s\" held",
                    r.held->lock->name);
}
