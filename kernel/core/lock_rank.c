/*
 * core/lock_rank.c - with CONFIG_LOCK_CHECKS: are spinlocks taken by rank?
 *
 * Idea:  this_cpu->held is in the order of taking and without gaps, so that the
 *        last one is compared with the next.
 */
#include "core/config.h"
#include "core/panic.h"
#include "core/spinlock.h"
#include "x86/cpu.h"

void lock_rank_check(const struct spinlock *lock, bool same_rank_ok)
{
    struct cpu *cpu = cpu_self();
    uint32_t depth = cpu->spin_depth - 1;

    if (depth == 0 || depth > ARRAY_LENGTH(cpu->held))
        return;
    const struct spinlock *outer = cpu->held[depth - 1];
    if (outer == lock)
        return; /* core/watchdog.c will say so */
    if (outer && (outer->id.rank > lock->id.rank ||
                  (outer->id.rank == lock->id.rank && !same_rank_ok)))
        panic("spinlock %s (rank %u) taken inside %s (rank %u)", lock->id.name,
              lock->id.rank, outer->id.name, outer->id.rank);
}

void lock_rank_dropped(const struct spinlock *lock)
{
    struct cpu *cpu = cpu_self();
    uint32_t depth = MIN(cpu->spin_depth, (uint32_t)ARRAY_LENGTH(cpu->held));

    for (uint32_t i = depth; i-- > 0;) {
        if (cpu->held[i] != lock)
            continue;
        for (; i + 1 < depth; i++)
            cpu->held[i] = cpu->held[i + 1];
        return;
    }
}
