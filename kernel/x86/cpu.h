/*
 * x86/cpu.h - per-CPU data, interrupt flag, setting up a CPU.
 *
 * this_cpu is GS-relative: one instruction per read, legal at any time for a
 * single field.  A pointer to the whole (cpu_self) is stable only while
 * interrupts are off or the thread cannot migrate.
 */
#pragma once

#include "core/config.h"
#include "core/counter_kinds.h"
#include "core/types.h"
#include "x86/registers.h"

struct thread;
struct address_space;

/* Numbers of system calls are below this. */
enum { SYSCALL_LIMIT = 512 };

/* Task state segment [SDM-3A "64-Bit Mode Task State Segment"]. */
struct tss {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7];
    uint64_t reserved2;
    uint16_t reserved3;
    uint16_t iomap_base;
} __attribute__((packed));

/* Its size is a power of two, so that an array of it is indexed by a shift.
 * Lock key: [I] set at CPU start  [C] this CPU only  [a] atomic */
struct cpu {
    struct cpu *self;       /* [I] %gs:0 */
    struct thread *current; /* [C] running thread, %gs:8 */
    vaddr_t kernel_stack;   /* [C] top, for syscall entry, %gs:16 */
    vaddr_t user_rsp;       /* [C] scratch of syscall entry, %gs:24 */
    uint32_t need_resched;  /* [a] set by tick and wake-ups, %gs:32 */
    uint32_t id;            /* [I] 0 .. cpu_count-1 */
    uint32_t apic_id;       /* [I] */
    uint32_t spin_depth;    /* [C] spinlocks held */
    uint32_t lock_mark;     /* [I] id + 1: what it writes into its locks */
    uint64_t syscall_limit; /* [a] numbers below go to their handler at once */
    bool irqs_were_on;      /* [C] before the outermost spinlock */
    bool online;            /* [a] runs threads */
    bool in_irq;            /* [C] inside an interrupt handler */
    uint64_t watch_at;      /* [C] clock: core/watchdog.h */
    struct thread *idle;    /* [I] */
    struct address_space *active_space; /* [C] whose CR3 is loaded, or NULL */
    struct spinlock *held[8];           /* [C] see core/spinlock.c */
    struct spinlock *spins_for;         /* [C] that it waits for, or NULL */
    uint64_t gdt[10] __aligned(16);
    struct tss tss;
    uint64_t counters[COUNTER_KINDS]; /* [C] */
} __aligned(1024);

extern struct cpu cpus[CONFIG_MAX_CPUS];
extern unsigned cpu_count; /* [I] after smp_start() */

#define this_cpu ((struct cpu __seg_gs *)0)

/* This CPU's structure.  Context: the thread must not migrate meanwhile. */
static inline struct cpu *cpu_self(void)
{
    return this_cpu->self;
}

/* The running thread. */
static inline struct thread *thread_current(void)
{
    return this_cpu->current;
}

static inline bool irqs_enabled(void)
{
    uint64_t flags;
    __asm__ volatile("pushfq; popq %0" : "=r"(flags));
    return flags & 0x200;
}
static inline void irqs_disable(void)
{
    __asm__ volatile("cli" ::: "memory");
}
static inline void irqs_enable(void)
{
    __asm__ volatile("sti" ::: "memory");
}
static inline void cpu_pause(void)
{
    __asm__ volatile("pause" ::: "memory");
}
/* Point GS at `cpu`, so that this_cpu works before cpu_init_tables().
 * Context: first C code of a CPU. */
void cpu_set_early_gs(struct cpu *cpu);

/* Load GDT, TSS, IDT and the syscall MSRs of this CPU, and GS base. */
void cpu_init_tables(struct cpu *cpu);

/* Set the stack that traps from user mode start on. */
void cpu_set_kernel_stack(vaddr_t top);

/* FS base (TLS) and user GS base of the running thread. */
void cpu_set_fs_base(uint64_t base);
uint64_t cpu_get_fs_base(void);
void cpu_set_user_gs_base(uint64_t base);
uint64_t cpu_get_user_gs_base(void);
