/*
 * sched/thread.c - making and freeing threads and their kernel stacks.
 *
 * Kernel stacks lie in an area of their own, each above an unmapped guard page,
 * so that an overflow becomes a double fault (which has its own stack) and not
 * silent damage.  The lowest free slot is taken, which keeps the page tables of
 * the area small.  A slot whose stack was unmapped is stale until every CPU has
 * flushed its TLB, which is done for many at a time.  A few stacks are kept
 * mapped for reuse.
 */
#include "sched/thread.h"

#include "base/bitmap.h"
#include "base/string.h"
#include "core/panic.h"
#include "core/trace.h"
#include "mem/frame.h"
#include "mem/slab.h"
#include "sched/chaos.h"
#include "sched/sched.h"
#include "x86/clock.h"
#include "x86/fpu.h"
#include "x86/paging.h"
#include "x86/tlb.h"

enum { KSTACK_CACHE = 32, KSTACK_STALE_MAX = 256 };
#define KSTACK_ORDER 2
_Static_assert(CONFIG_KSTACK_PAGES == 1 << KSTACK_ORDER, "stack is one block");

static struct spinlock kstack_lock =
    SPINLOCK_INIT("kernel stacks", RANK_KSTACK);
static uint64_t slot_taken[KSTACK_SLOTS / 64]; /* [L] mapped or stale */
static uint64_t slot_stale[KSTACK_SLOTS / 64]; /* [L] unmapped since a flush */
static uint64_t slot_flushing[KSTACK_SLOTS / 64]; /* [L] ... before it began */
static uint32_t slot_lowest;                      /* [L] none is free below */
static uint32_t stale;                            /* [L] */
static bool flushing;                             /* [L] */
static vaddr_t cache[KSTACK_CACHE]; /* [L] mapped, unused stacks */
static uint32_t cached;             /* [L] */

static struct slab_cache thread_cache, fpu_cache;

void thread_init(void)
{
    slab_cache_init(&thread_cache, "thread", sizeof(struct thread));
    slab_cache_init(&fpu_cache, "fpu", ALIGN_UP(fpu_state_bytes, 64ul));
}

/* A free slot; 0 = none. */
static vaddr_t take_slot_locked(void) MUST_HOLD(kstack_lock);
static vaddr_t take_slot_locked(void)
{
    size_t slot =
        bitmap_find_first_zero_from(slot_taken, KSTACK_SLOTS, slot_lowest);

    slot_lowest = (uint32_t)slot;
    if (slot == KSTACK_SLOTS)
        return 0;
    bitmap_set(slot_taken, slot);
    return KSTACK_BASE + slot * KSTACK_PITCH + PAGE_SIZE;
}

static void release_slot(vaddr_t stack)
{
    spin_lock(&kstack_lock);
    bitmap_set(slot_stale, (stack - KSTACK_BASE) / KSTACK_PITCH);
    stale++;
    spin_unlock(&kstack_lock);
}

/* Make stale slots free: those that are stale before the flush begins. */
static void flush_stale_slots(void)
{
    spin_lock(&kstack_lock);
    bool busy = flushing;
    if (!busy) {
        flushing = true;
        memcpy(slot_flushing, slot_stale, sizeof(slot_stale));
        memset(slot_stale, 0, sizeof(slot_stale));
        stale = 0;
    }
    spin_unlock(&kstack_lock);
    if (busy)
        return;
    tlb_flush_all_cpus();
    spin_lock(&kstack_lock);
    for (unsigned i = 0; i < KSTACK_SLOTS / 64; i++)
        slot_taken[i] &= ~slot_flushing[i];
    slot_lowest = 0;
    flushing = false;
    spin_unlock(&kstack_lock);
}

static void unmap_stack(vaddr_t stack)
{
    struct frame *block = NULL;

    for (unsigned i = 0; i < CONFIG_KSTACK_PAGES; i++) {
        paddr_t pa = kernel_unmap_page(stack + i * PAGE_SIZE);
        cpu_invlpg(stack + i * PAGE_SIZE);
        if (i == 0)
            block = frame_of_phys(pa);
    }
    frame_free(block, KSTACK_ORDER);
    release_slot(stack);
}

static vaddr_t map_stack(vaddr_t stack)
{
    struct frame *block = frame_alloc(KSTACK_ORDER, FRAME_KERNEL);
    unsigned i = 0;

    if (!block)
        goto out_slot;
    spin_lock(&kstack_lock); /* neighbours may share a page table */
    for (; i < CONFIG_KSTACK_PAGES; i++)
        if (kernel_map_page(stack + i * PAGE_SIZE,
                            frame_phys(block) + i * PAGE_SIZE,
                            PTE_WRITE | PTE_GLOBAL | pte_nx) != 0)
            break;
    if (i == CONFIG_KSTACK_PAGES) {
        spin_unlock(&kstack_lock);
        return stack;
    }
    while (i-- > 0)
        kernel_unmap_page(stack + i * PAGE_SIZE);
    spin_unlock(&kstack_lock);
    frame_free(block, KSTACK_ORDER);
out_slot:
    release_slot(stack);
    return 0;
}

vaddr_t kstack_alloc(void)
{
    vaddr_t stack = 0;

    if (stale >= KSTACK_STALE_MAX)
        flush_stale_slots();
    spin_lock(&kstack_lock);
    if (cached > 0)
        stack = cache[--cached];
    vaddr_t slot = stack ? 0 : take_slot_locked();
    spin_unlock(&kstack_lock);
    if (stack || slot == 0)
        return stack;
    return map_stack(slot);
}

void kstack_free(vaddr_t stack)
{
    spin_lock(&kstack_lock);
    bool keep = cached < KSTACK_CACHE;
    if (keep)
        cache[cached++] = stack;
    spin_unlock(&kstack_lock);
    if (!keep)
        unmap_stack(stack);
}

/* Page tables of the area that no stack needs go back, too. */
static void free_empty_tables(void)
{
    enum { BATCH = 32 };
    paddr_t tables[BATCH];
    unsigned n;

    do {
        spin_lock(&kstack_lock);
        n = kernel_detach_empty_tables(
            KSTACK_BASE, KSTACK_BASE + KSTACK_SLOTS * KSTACK_PITCH, tables,
            BATCH);
        spin_unlock(&kstack_lock);
        if (n != 0)
            tlb_flush_all_cpus();
        for (unsigned i = 0; i < n; i++)
            frame_put(frame_of_phys(tables[i]));
    } while (n == BATCH);
}

void kstack_drain(void)
{
    for (;;) {
        spin_lock(&kstack_lock);
        vaddr_t stack = cached > 0 ? cache[--cached] : 0;
        spin_unlock(&kstack_lock);
        if (stack == 0)
            break;
        unmap_stack(stack);
    }
    flush_stale_slots();
    free_empty_tables();
}

vaddr_t thread_stack_top(const struct thread *thread)
{
    return thread->kernel_stack + KSTACK_BYTES;
}

struct trap_frame *thread_user_frame(struct thread *thread)
{
    return (struct trap_frame *)(thread_stack_top(thread) -
                                 sizeof(struct trap_frame));
}

struct thread *thread_create(const char *name, bool user)
{
    struct thread *t = slab_alloc_zeroed(&thread_cache);

    if (!t)
        return NULL;
    t->kernel_stack = kstack_alloc();
    if (t->kernel_stack == 0)
        goto out_free;
    if (user) {
        t->fpu = slab_alloc(&fpu_cache);
        if (!t->fpu)
            goto out_stack;
        fpu_state_reset(t->fpu);
    }
    t->state = THREAD_NEW;
    t->flags = chaos_thread_flags;
    t->cpu = this_cpu->id;
    list_init(&t->run_link);
    t->affinity = UINT32_MAX;
    list_init(&t->process_link);
    list_init(&t->futex.owned);
    timer_init(&t->sleep_timer, NULL);
    strlcpy(t->name, name, sizeof(t->name));
    thread_start_on_stack(t);
    return t;

out_stack:
    kstack_free(t->kernel_stack);
out_free:
    slab_free(&thread_cache, t);
    return NULL;
}

/* What switch_context pops for a thread that never ran: callee-saved registers
 * and the address of thread_first_run, below the user frame. */
struct first_frame {
    uint64_t r15, r14, r13, r12, rbx, rbp, rip;
};

extern char thread_first_run[];

void thread_start_on_stack(struct thread *t)
{
    struct first_frame *first = (struct first_frame *)thread_user_frame(t) - 1;

    memset(first, 0, sizeof(*first));
    first->rip = (uint64_t)thread_first_run;
    t->saved_rsp = (vaddr_t)first;
}

void thread_start_at_frame(struct thread *t, const struct trap_frame *frame)
{
    *thread_user_frame(t) = *frame;
}

struct thread *thread_create_kernel(const char *name, void (*entry)(void *),
                                    void *arg)
{
    struct thread *t = thread_create(name, false);

    if (!t)
        return NULL;
    t->entry = entry;
    t->entry_arg = arg;
    struct first_frame *first = (struct first_frame *)t->saved_rsp;
    first->r12 = (uint64_t)entry;
    first->r13 = (uint64_t)arg;
    trace(TASK, trace_tid(t), 0, 0, 0, trace_text(name, 0),
          trace_text(name, 1));
    sched_wake(t);
    return t;
}

/* Leave the boot stack for that of `t` (this CPU's idle thread). */
void thread_jump_to(struct thread *t)
{
    __asm__ volatile("mov %0, %%rsp; xor %%ebp, %%ebp; call *%1"
                     :
                     : "r"(thread_stack_top(t) - 16), "r"(t->entry),
                       "D"(t->entry_arg)
                     : "memory");
    NOT_REACHED();
}

void thread_destroy(struct thread *t)
{
    /* A dead thread is off its stack within a few instructions. */
    while (__atomic_load_n(&t->on_cpu, __ATOMIC_ACQUIRE))
        cpu_pause();
    timer_cancel(&t->sleep_timer);
    kstack_free(t->kernel_stack);
    if (t->fpu)
        slab_free(&fpu_cache, t->fpu);
    kfree(t->tracee);
    slab_free(&thread_cache, t);
}

void thread_exit_self(void)
{
    irqs_disable();
    thread_current()->state = THREAD_DEAD;
    sched_block();
    NOT_REACHED();
}
