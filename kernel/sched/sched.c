/*
 * sched/sched.c - waking, switching, preemption.
 *
 * 1 Idea      Each CPU has a queue of ready threads; the policy orders it.  A
 *             CPU without a ready thread runs its idle thread, which first
 *             tries to take one from the longest queue and then halts, with no
 *             tick until there is work.  A running thread is looked at once per
 *             tick, and when another one becomes ready.
 * 2 States    NEW -> READY -> RUNNING -> BLOCKED or READY or DEAD.  A thread is
 *             in a run queue exactly while READY.  BLOCKED threads may still be
 *             on their CPU, on the way into switch_to(): waking such a one only
 *             makes it RUNNING again.
 * 3 Locking   rq->lock of the CPU in thread->cpu guards the state.  It is held
 *             across switch_context() and dropped by whoever runs next, so
 *             nobody sees a thread as switched away before its registers are
 *             saved.  Two run queues are never locked together: a thread that
 *             may not stay on its CPU is placed elsewhere by who runs next.
 * 4 Failure   Nothing here can fail.
 * 5 Elsewhere Linux preempts the kernel too; here only returns to user mode
 *             and sched_point() give way.
 *
 * Next: queue.c (who is next), balance.c (where), wait.c (sleeping).
 */
#include "sched/sched.h"

#include "core/panic.h"
#include "core/trace.h"
#include "core/watchdog.h"
#include "sched/balance.h"
#include "sched/chaos.h"
#include "sched/queue.h"
#include "x86/clock.h"
#include "x86/fpu.h"
#include "x86/irq.h"
#include "x86/lapic.h"

struct run_queue run_queues[CONFIG_MAX_CPUS];
void (*sched_space_switch)(struct thread *prev, struct thread *next);
void (*sched_traced_switch)(struct thread *next);
void (*sched_charged)(struct thread *thread);

void switch_context(struct thread *from, struct thread *to);
void sched_finish_first_switch(void);
static void schedule(bool yields);

static struct run_queue *this_queue(void)
{
    return &run_queues[this_cpu->id];
}

void sched_init(void)
{
    for (unsigned i = 0; i < CONFIG_MAX_CPUS; i++)
        queue_init(&run_queues[i], i);
    sched_policy_init();
    timer_init_cpus();
    chaos_init();
}

/* Ask for the next timer interrupt: first software timer, or tick while a
 * thread other than idle runs. */
void sched_program_clock(void)
{
    uint64_t deadline = timer_next_deadline();
    const struct thread *t = thread_current();

    if (!sched_is_idle(t))
        deadline = MIN(deadline, MIN(t->tick_at, this_queue()->sample_at));
    else
        deadline = MIN(deadline, this_cpu->watch_at);
    if (unlikely(chaos_on) && !sched_is_idle(t))
        deadline = chaos_deadline(deadline);
    if (unlikely(trace_sample_ns) && !sched_is_idle(t))
        deadline = MIN(deadline, trace_sample_at());
    clock_program(deadline);
}

bool sched_wake(struct thread *t) NO_LOCK_ANALYSIS
{
    /* Looked at without the lock: a thread that is about to sleep sets BLOCKED
     * before it looks at its condition. */
    uint8_t seen = __atomic_load_n(&t->state, __ATOMIC_SEQ_CST);
    if (seen != THREAD_BLOCKED && seen != THREAD_NEW)
        return false;

    struct run_queue *rq = queue_lock_of(t);
    if (t->state != THREAD_BLOCKED && t->state != THREAD_NEW) {
        spin_unlock(&rq->lock);
        return false;
    }
    if (t->on_cpu) {
        t->state = THREAD_RUNNING;
        trace(WAKE, trace_tid(t), t->cpu);
        spin_unlock(&rq->lock);
        return true;
    }
    t->state = THREAD_READY;
    spin_unlock(&rq->lock);
    unsigned cpu = balance_choose_cpu(t);
    trace(WAKE, trace_tid(t), cpu);
    queue_place(t, cpu);
    return true;
}

static void give_way(bool yields) NO_LOCK_ANALYSIS
{
    bool on = irqs_enabled();

    irqs_disable();
    spin_lock(&this_queue()->lock);
    schedule(yields);
    if (on)
        irqs_enable();
}

void sched_yield(void)
{
    give_way(true);
}

void sched_preempt(void)
{
    give_way(false);
}

void sched_block(void) NO_LOCK_ANALYSIS
{
    bool on = irqs_enabled();

    irqs_disable();
    struct run_queue *rq = this_queue();
    if (unlikely(sched_rt_priority(thread_current())) &&
        !levels_filled(&rq->rt))
        balance_pull_real_time(0);
    spin_lock(&rq->lock);
    if (thread_current()->state == THREAD_RUNNING)
        spin_unlock(&rq->lock); /* woken already */
    else
        schedule(false);
    if (on)
        irqs_enable();
}

static void account_switch(struct run_queue *rq, struct thread *prev,
                           struct thread *next, bool voluntary, uint64_t now)
{
    prev->run_ns += now - prev->switched_in;
    if (sched_is_idle(prev))
        rq->idle_ns += now - prev->switched_in;
    if (voluntary)
        prev->switches_voluntary++;
    else
        prev->switches_involuntary++;
    /* It is still on the CPU, but whoever asks must not count this twice. */
    prev->switched_in = now;
    next->switched_in = now;
    next->tick_at = now + SCHED_TICK_NS;
    if (sched_is_idle(prev))
        rq->sample_at = next->tick_at;
    rq->switches++;
}

/* Per-thread CPU state that the C code around the switch does not keep. */
static void save_user_state(struct thread *prev)
{
    if (!prev->fpu)
        return;
    fpu_save(prev->fpu);
    prev->fs_base = cpu_get_fs_base();
    prev->gs_base = cpu_get_user_gs_base();
}

static void load_user_state(struct thread *next)
{
    if (!next->fpu)
        return;
    fpu_restore(next->fpu);
    cpu_set_fs_base(next->fs_base);
    cpu_set_user_gs_base(next->gs_base);
    cpu_set_kernel_stack(thread_stack_top(next));
}

/* What the next thread does for the previous one, on both ways out of the
 * switch: mark it as off this CPU, drop the lock it took, and find it another
 * CPU if it may not stay. */
static void finish_switch(void) NO_LOCK_ANALYSIS
{
    struct run_queue *rq = this_queue();
    struct thread *displaced = rq->displaced;

    __atomic_store_n(&rq->previous->on_cpu, false, __ATOMIC_RELEASE);
    rq->previous = NULL;
    rq->displaced = NULL;
    spin_unlock(&rq->lock);
    if (unlikely(displaced != NULL))
        queue_place(displaced, balance_choose_cpu(displaced));
}

/* The event, with the functions that lead here: they say what is waited for. */
static TRACE_ASIDE void trace_switch(const struct thread *prev,
                                     const struct thread *next)
{
    vaddr_t from[4];

    backtrace_save(__builtin_frame_address(0), 1, from, ARRAY_LENGTH(from));
    trace(SWITCH, trace_tid(next), prev->state, from[0], from[1], from[2],
          from[3]);
}

static void switch_to(struct run_queue *rq, struct thread *next)
{
    struct cpu *cpu = cpu_self();
    struct thread *prev = cpu->current;

    assert_eq(cpu->spin_depth, 1); /* only the run queue's lock */
    if (trace_is_on(SWITCH))
        trace_switch(prev, next);
    next->state = THREAD_RUNNING;
    next->on_cpu = true;
    next->cpu = cpu->id;
    rq->previous = prev;
    save_user_state(prev);
    if (next->space)
        sched_space_switch(prev, next);
    cpu->current = next;
    load_user_state(next);
    if (unlikely((prev->flags | next->flags) & THREAD_TRACED))
        sched_traced_switch(next);
    switch_context(prev, next);
    /* Back on this stack, perhaps on another CPU. */
    finish_switch();
}

/* The running thread will not be the running thread: queue it again, if it
 * could go on. */
static void put_back(struct run_queue *rq, struct thread *prev, bool yields,
                     uint64_t now) MUST_HOLD(rq->lock);
static void put_back(struct run_queue *rq, struct thread *prev, bool yields,
                     uint64_t now)
{
    queue_charge_locked(rq, prev, now);
    if (prev->state != THREAD_RUNNING) {
        queue_leave_locked(rq, prev);
        return;
    }
    if (unlikely(!sched_is_allowed(prev, rq->cpu))) {
        prev->state = THREAD_READY;
        queue_leave_locked(rq, prev);
        rq->displaced = prev;
        return;
    }
    bool turn_over = yields || prev->turn_over;
    prev->turn_over = false;
    if (yields && sched_policy->yield && prev->joined)
        sched_policy->yield(rq, prev);
    queue_insert_locked(rq, prev, !turn_over, now);
}

/* Give the CPU to the next ready thread.  The run queue is locked on entry and
 * not on return; interrupts were off before it was locked, so that whoever
 * unlocks it leaves them off. */
static void schedule(bool yields) NO_LOCK_ANALYSIS
{
    struct run_queue *rq = this_queue();
    struct cpu *cpu = cpu_self();
    struct thread *prev = cpu->current;
    bool voluntary = prev->state != THREAD_RUNNING;
    uint64_t now = clock_now_ns();

    cpu->need_resched = 0;
    if (!sched_is_idle(prev))
        put_back(rq, prev, yields, now);
    struct thread *next = unlikely(chaos_on) ? chaos_pick_next(rq, now)
                                             : queue_pick_locked(rq, now);
    if (!next)
        next = cpu->idle;

    if (next == prev) {
        prev->state = THREAD_RUNNING;
        prev->tick_at = now + SCHED_TICK_NS;
        spin_unlock(&rq->lock);
        sched_program_clock();
        return;
    }
    account_switch(rq, prev, next, voluntary, now);
    switch_to(rq, next);
    sched_program_clock();
}

/* From entry.S, when a new thread first runs: schedule() has no frame on its
 * stack to return to. */
void sched_finish_first_switch(void)
{
    finish_switch();
    irqs_disable();
    sched_program_clock();
    if (thread_current()->entry)
        irqs_enable();
}

__noreturn static void idle_loop(void)
{
    for (;;) {
        irqs_disable();
        if (!this_cpu->need_resched && this_queue()->ready_count == 0 &&
            !balance_pull(1)) {
            /* sti takes effect after the next instruction, so no interrupt
             * comes between it and hlt. */
            __asm__ volatile("sti; hlt; cli" ::: "memory");
        }
        irqs_enable();
        sched_preempt();
    }
}

static void idle_entry(void *unused)
{
    idle_loop();
}

void sched_prepare_cpu(struct cpu *cpu)
{
    struct thread *idle = thread_create("idle", false);

    if (!idle)
        panic("no memory for an idle thread");
    idle->entry = idle_entry;
    idle->cpu = cpu->id;
    idle->tid = 0;
    cpu->idle = idle;
}

void sched_start_cpu(void)
{
    struct cpu *cpu = cpu_self();
    struct thread *idle = cpu->idle;

    irqs_disable();
    idle->state = THREAD_RUNNING;
    idle->on_cpu = true;
    idle->switched_in = clock_now_ns();
    cpu->current = idle;
    __atomic_store_n(&cpu->online, true, __ATOMIC_RELEASE);
    thread_jump_to(idle);
}

/* What is done for the CPU every tick's time, however often it changes from
 * thread to thread: see what runs, hold it to its limits, balance. */
static void sample(struct run_queue *rq, struct thread *t, bool from_user,
                   uint64_t now)
{
    rq->sample_at = now + SCHED_TICK_NS;
    if (from_user) {
        t->user_ticks++;
        rq->user_ticks++;
    } else {
        t->kernel_ticks++;
        rq->kernel_ticks++;
    }
    if (sched_charged && t->process)
        sched_charged(t);
    balance_tick(rq);
}

/* The thread has run for a tick's time without a break. */
static void end_slice(struct run_queue *rq, struct thread *t, uint64_t now)
{
    spin_lock(&rq->lock);
    if (queue_tick_locked(rq, t, now)) {
        t->turn_over = true;
        this_cpu->need_resched = 1;
    }
    t->tick_at = now + SCHED_TICK_NS;
    spin_unlock(&rq->lock);
}

void sched_tick(bool from_user)
{
    struct thread *t = thread_current();
    struct run_queue *rq = this_queue();
    uint64_t now = clock_now_ns();

    timer_run_due(now);
    if (unlikely(now >= this_cpu->watch_at))
        watchdog_look(now);
    if (unlikely(chaos_on))
        this_cpu->need_resched = 1;
    if (!sched_is_idle(t)) {
        bool slice_ends = now >= t->tick_at;
        /* A sample that is near comes along with the end of a slice: one
         * interrupt does for both. */
        if (now + (slice_ends ? SCHED_TICK_NS / 2 : 0) >= rq->sample_at)
            sample(rq, t, from_user, now);
        if (slice_ends)
            end_slice(rq, t, now);
    }
    sched_program_clock();
}
