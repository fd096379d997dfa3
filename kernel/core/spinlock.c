/*
 * core/spinlock.c - see spinlock.h.
 *
 * this_cpu->spin_depth counts the spinlocks this CPU holds; while it is not 0
 * interrupts are off and nothing may sleep.  this_cpu->held says which, for who
 * looks at a machine that stands still: a slot is stale once the lock that it
 * names is not held by its CPU any more.  Two kinds of checks are compiled in
 * on demand: CONFIG_LOCK_CHECKS (DEBUG=1) compares ranks (lock_rank.c), which says
 * what is allowed; CONFIG_LOCKCHECK (LOCKCHECK=1) learns what is done and keeps
 * backtraces, see lockcheck.h.
 */
#include "core/spinlock.h"

#include "core/config.h"
#include "core/panic.h"
#include "core/trace.h"
#include "core/watchdog.h"
#include "x86/clock.h"
#include "x86/cpu.h"

/* Interrupts are off meanwhile.  Generous: the host may stop a CPU for long. */
#define HELD_LIMIT_NS (100 * NSEC_PER_MSEC)

/* Who called, where it is noted: that takes a stack frame. */
enum { NOTES_CALLER = CONFIG_LOCK_CHECKS || CONFIG_LOCKCHECK };
#define CALLER() (NOTES_CALLER ? (vaddr_t)__builtin_return_address(0) : 0)

void (*lock_point)(void);

void spinlock_init(struct spinlock *lock, const char *name, enum lock_rank rank)
{
    *lock = (struct spinlock)SPINLOCK_INIT(name, rank);
}

/* Returns how many were held before. */
static inline uint32_t depth_push(void)
{
    uint32_t depth = this_cpu->spin_depth;

    if (depth == 0) {
        bool on = irqs_enabled();
        irqs_disable();
        this_cpu->irqs_were_on = on;
    }
    this_cpu->spin_depth = depth + 1;
    return depth;
}

static inline void depth_pop(void)
{
    uint32_t depth = this_cpu->spin_depth - 1;

    this_cpu->spin_depth = depth;
    if (depth == 0 && this_cpu->irqs_were_on) {
        irqs_enable();
        if (unlikely(lock_point))
            lock_point();
    }
}

static inline bool try_take(struct spinlock *lock)
{
    uint32_t expected = 0;

    return __atomic_compare_exchange_n(&lock->locked, &expected,
                                       this_cpu->lock_mark, false,
                                       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static inline void before(struct spinlock *lock, enum lockcheck_nesting nesting)
{
    if (CONFIG_LOCKCHECK)
        lockcheck_before(lockcheck_cpu_list(), &lock->id, nesting);
    if (CONFIG_LOCK_CHECKS)
        lock_rank_check(lock, nesting == LOCKCHECK_NESTED);
}

static inline void taken(struct spinlock *lock, uint32_t depth, vaddr_t ip)
{
    this_cpu->held[depth % ARRAY_LENGTH(this_cpu->held)] = lock;
    if (NOTES_CALLER)
        lock->holder_ip = ip;
    if (CONFIG_LOCKCHECK)
        lockcheck_taken(lockcheck_cpu_list(), &lock->id, clock_now_ns());
}

/* Apart, and jumped to, so that the fast path needs no stack; `ip` is 0 where it
 * is not noted. */
__attribute__((noinline)) static void spin_wait(struct spinlock *lock,
                                                uint32_t depth, vaddr_t ip)
{
    struct lock_wait wait = { .lock = lock };
    uint64_t since = trace_is_on(SPIN) ? clock_now_ns() : 0;
    vaddr_t caller = (vaddr_t)__builtin_return_address(0);

    this_cpu->spins_for = lock;
    do {
        while (__atomic_load_n(&lock->locked, __ATOMIC_RELAXED)) {
            cpu_pause();
            watchdog_spin(&wait);
        }
    } while (!try_take(lock));
    this_cpu->spins_for = NULL;
    taken(lock, depth, ip);
    trace(SPIN, lock, lock->id.name, clock_now_ns() - since,
          NOTES_CALLER ? ip : caller);
}

static inline void take(struct spinlock *lock, enum lockcheck_nesting nesting,
                        vaddr_t ip)
{
    uint32_t depth = depth_push();

    before(lock, nesting);
    if (likely(try_take(lock)))
        taken(lock, depth, ip);
    else
        spin_wait(lock, depth, ip);
}

static inline void dropped(struct spinlock *lock)
{
    if (CONFIG_LOCKCHECK) {
        if (!lockcheck_holds(lockcheck_cpu_list(), &lock->id))
            lockcheck_bad_release(NULL, &lock->id);
        lockcheck_dropped(lockcheck_cpu_list(), &lock->id, clock_now_ns(),
                          HELD_LIMIT_NS);
    }
    assert(lock->locked == this_cpu->lock_mark);
    if (CONFIG_LOCK_CHECKS)
        lock_rank_dropped(lock);
}

void spin_lock(struct spinlock *lock) NO_LOCK_ANALYSIS
{
    take(lock, LOCKCHECK_ALONE, CALLER());
}

void spin_lock_nested(struct spinlock *lock) NO_LOCK_ANALYSIS
{
    take(lock, LOCKCHECK_NESTED, CALLER());
}

bool spin_trylock(struct spinlock *lock) NO_LOCK_ANALYSIS
{
    uint32_t depth = depth_push();

    if (!try_take(lock)) {
        depth_pop();
        return false;
    }
    taken(lock, depth, CALLER());
    return true;
}

void spin_unlock(struct spinlock *lock) NO_LOCK_ANALYSIS
{
    dropped(lock);
    __atomic_store_n(&lock->locked, 0, __ATOMIC_RELEASE);
    depth_pop();
    if (CONFIG_LOCKCHECK && this_cpu->spin_depth == 0)
        lockcheck_log();
}

bool spin_is_held(const struct spinlock *lock)
{
    return __atomic_load_n(&lock->locked, __ATOMIC_RELAXED) ==
           this_cpu->lock_mark;
}
