/*
 * sched/thread.c - making and freeing threads.
 *
 * Idea:  a new thread's stack looks as if it had been switched away from just
 *        before its first instruction, so that switch_context() needs to know
 *        nothing of beginnings.
 * Next:  kstack.c (where the stacks lie), sched.c.
 */
#include "sched/thread.h"

#include "base/string.h"
#include "core/panic.h"
#include "core/trace.h"
#include "mem/slab.h"
#include "sched/chaos.h"
#include "sched/kstack.h"
#include "sched/sched.h"
#include "x86/clock.h"
#include "x86/fpu.h"
#include "x86/layout.h"

static struct slab_cache thread_cache, fpu_cache;

void thread_init(void)
{
    slab_cache_init(&thread_cache, "thread", sizeof(struct thread));
    slab_cache_init(&fpu_cache, "fpu", ALIGN_UP(fpu_state_bytes, 64ul));
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
