/*
 * core/watchdog.c - see watchdog.h.
 *
 * A chain of waiters that comes back to where it began cannot dissolve: who
 * spins holds what it holds.  So a circle is reported at once, and only a holder
 * that does something else has to be watched over time.
 * Locks: none; words that one CPU writes and others read.
 */
#include "core/watchdog.h"

#include "core/boot_info.h"
#include "core/panic.h"
#include "core/spinlock.h"
#include "x86/clock.h"
#include "x86/cpu.h"
#include "x86/lapic.h"
#include "x86/layout.h"
#include "x86/trap_frame.h"

enum {
    ANSWERS_ENOUGH = 5, /* NMIs answered */
    LOOKS_BETWEEN = 1024,
    SECONDS_DEFAULT = 10,
};
#define RFLAGS_IF 0x200ul

/* Lock key: [a] atomic  [C] the CPU itself  [W] the CPU before it */
struct watched {
    bool asked;       /* [a] an NMI is on its way */
    bool closed;      /* [C] interrupts were off at the last answer */
    uint32_t answers; /* [C] ever */
    uint32_t heard;   /* [W] answers at the last look */
    uint32_t stuck;   /* [W] looks in a row that found it closed */
    uint64_t seen;    /* [W] timer interrupts at the last look */
};
static struct watched watched[CONFIG_MAX_CPUS];
static uint64_t interval; /* [I] ns; 0: off */

void watchdog_init(void)
{
    char text[8];
    uint64_t seconds = SECONDS_DEFAULT;

    if (boot_option_value("watchdog=", text, sizeof(text)))
        seconds = (uint64_t)(text[0] - '0');
    if (seconds <= 9 || seconds == SECONDS_DEFAULT)
        interval = seconds * NSEC_PER_SEC / ANSWERS_ENOUGH;
    for (unsigned i = 0; i < CONFIG_MAX_CPUS; i++)
        cpus[i].watch_at = interval ? 0 : UINT64_MAX;
}

static uint64_t beats_of(unsigned cpu)
{
    return __atomic_load_n(&cpus[cpu].counters[COUNTER_TIMER_IRQS],
                           __ATOMIC_RELAXED);
}

static void ask(unsigned cpu)
{
    if (!__atomic_exchange_n(&watched[cpu].asked, true, __ATOMIC_SEQ_CST))
        lapic_send_nmi(cpus[cpu].apic_id);
}

bool watchdog_answer(const struct trap_frame *frame)
{
    struct watched *w = &watched[this_cpu->id];

    if (!__atomic_exchange_n(&w->asked, false, __ATOMIC_SEQ_CST))
        return false;
    w->closed = !(frame->rflags & RFLAGS_IF);
    __atomic_store_n(&w->answers, w->answers + 1, __ATOMIC_RELEASE);
    return true;
}

/* One look that found no new timer interrupt: only what was answered since the
 * look before it counts. */
static bool is_stuck(struct watched *w)
{
    uint32_t answers = __atomic_load_n(&w->answers, __ATOMIC_ACQUIRE);

    if (answers != w->heard)
        w->stuck = w->closed ? w->stuck + 1 : 0;
    w->heard = answers;
    return w->stuck >= ANSWERS_ENOUGH;
}

void watchdog_look(uint64_t now)
{
    unsigned next = this_cpu->id + 1 < cpu_count ? this_cpu->id + 1 : 0;
    struct watched *w = &watched[next];
    uint64_t beats = beats_of(next);

    this_cpu->watch_at = cpu_count == 1 ? UINT64_MAX : now + interval;
    if (cpu_count == 1 || !cpus[next].current || panic_in_progress())
        return;
    if (beats != w->seen) {
        w->seen = beats;
        w->heard = __atomic_load_n(&w->answers, __ATOMIC_RELAXED);
        w->stuck = 0;
        return;
    }
    if (is_stuck(w))
        panic("CPU %u stopped answering: it runs with interrupts off and takes "
              "none",
              next);
    ask(next);
}

/* Does who holds `lock` wait for a lock of ours, be it through others? */
static bool leads_back(const struct spinlock *lock)
{
    for (unsigned i = 0; i < CONFIG_MAX_CPUS; i++) {
        uint32_t holder = __atomic_load_n(&lock->locked, __ATOMIC_ACQUIRE);
        if (holder == this_cpu->id + 1)
            return true;
        if (holder == 0 || holder > cpu_count)
            return false;
        lock = __atomic_load_n(&cpus[holder - 1].spins_for, __ATOMIC_ACQUIRE);
        if (!lock || vaddr_is_kernel_stack((vaddr_t)lock))
            return false;
    }
    return false;
}

/* Each walk proves that one link more stood still since the walk before. */
static bool is_circle(const struct spinlock *lock)
{
    for (unsigned i = 0; i <= CONFIG_MAX_CPUS; i++)
        if (!leads_back(lock))
            return false;
    return true;
}

static void check_holder(const struct spinlock *lock, uint32_t holder)
{
    if (holder == this_cpu->id + 1)
        panic("deadlock: CPU %u waits for spinlock \"%s\" (rank %u), which it "
              "holds itself",
              this_cpu->id, lock->id.name, lock->id.rank);
    if (holder > cpu_count)
        panic("spinlock \"%s\" (rank %u) is overwritten: holder %u",
              lock->id.name, lock->id.rank, holder);
    if (is_circle(lock))
        panic("deadlock: CPU %u waits for spinlock \"%s\" (rank %u) of CPU %u, "
              "which waits for one of CPU %u",
              this_cpu->id, lock->id.name, lock->id.rank, holder - 1,
              this_cpu->id);
}

void watchdog_spin(struct lock_wait *w)
{
    uint32_t holder = __atomic_load_n(&w->lock->locked, __ATOMIC_RELAXED);

    if (++w->looks % LOOKS_BETWEEN != 0 || holder == 0 || panic_in_progress())
        return;
    check_holder(w->lock, holder);
    uint64_t now = clock_now_ns();
    if (interval == 0 || now < w->next)
        return;
    uint32_t answers =
        __atomic_load_n(&watched[holder - 1].answers, __ATOMIC_ACQUIRE);
    bool another = holder != w->holder;
    if (another)
        w->asked = 0;
    else if (answers != w->answers)
        w->asked++;
    if (w->asked >= ANSWERS_ENOUGH)
        panic("deadlock: spinlock \"%s\" (rank %u) is not released by CPU %u, "
              "which does something else",
              w->lock->id.name, w->lock->id.rank, holder - 1);
    w->holder = holder;
    w->answers = answers;
    w->next = now + interval;
    if (!another)
        ask(holder - 1);
}
