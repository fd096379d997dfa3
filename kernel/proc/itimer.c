/*
 * proc/itimer.c - signals after a time, once or again and again.
 *
 * Idea:  one struct timer per process.  Its handler, called in the timer
 *        interrupt, sends SIGALRM and arms it again when there is an interval.
 *        The two that measure CPU time are compared at each tick that the
 *        process is charged for: asleep, it costs nothing.
 * Locks: the interval is guarded by process->signal_lock.  Setting cancels the
 *        timer first, without that lock, since the handler takes it.
 */
#include "proc/itimer.h"

#include "abi/time.h"
#include "core/panic.h"
#include "proc/process.h"
#include "proc/usage.h"
#include "sched/sched.h"
#include "x86/clock.h"

/* In the timer interrupt. */
static void alarm_fired(struct timer *timer)
{
    struct process *p = container_of(timer, struct process, alarm_timer);

    signal_send_process(p, SIGALRM, NULL);
    spin_lock(&p->signal_lock);
    uint64_t interval = p->alarm_interval;
    spin_unlock(&p->signal_lock);
    if (interval == 0)
        return;
    uint64_t now = clock_now_ns();
    uint64_t next = timer->deadline + interval;
    if (next <= now) /* overrun: one signal stands for all that were missed */
        next += (now - next) / interval * interval + interval;
    timer_arm(timer, next);
}

void itimer_init(struct process *p)
{
    timer_init(&p->alarm_timer, alarm_fired);
}

static uint64_t time_left(const struct timer *timer)
{
    if (!timer_is_armed(timer))
        return 0;
    uint64_t now = clock_now_ns();
    return timer->deadline > now ? timer->deadline - now : 1;
}

static void set_interval(struct process *p, uint64_t interval)
{
    spin_lock(&p->signal_lock);
    p->alarm_interval = interval;
    spin_unlock(&p->signal_lock);
}

void itimer_get(uint64_t *left_ns, uint64_t *interval_ns)
{
    struct process *p = process_current();

    *left_ns = time_left(&p->alarm_timer);
    *interval_ns = *left_ns ? p->alarm_interval : 0;
}

/* The handler may have read the interval just before and arm the timer once
 * more; after the first cancel it cannot be running, and the second is final. */
void itimer_stop(struct process *p)
{
    if (p->alarm_interval != 0)
        set_interval(p, 0);
    timer_cancel(&p->alarm_timer);
    if (timer_is_armed(&p->alarm_timer))
        timer_cancel(&p->alarm_timer);
}

void itimer_set(uint64_t value_ns, uint64_t interval_ns, uint64_t *left_ns,
                uint64_t *old_interval_ns)
{
    struct process *p = process_current();

    itimer_get(left_ns, old_interval_ns);
    itimer_stop(p);
    if (value_ns == 0)
        return;
    set_interval(p, interval_ns);
    uint64_t now = clock_now_ns();
    timer_arm(&p->alarm_timer, value_ns < UINT64_MAX / 2 - now
                                   ? now + value_ns
                                   : UINT64_MAX / 2);
}

/* ---- CPU time ------------------------------------------------------------- */

static struct cpu_timer *cpu_timer(struct process *p, int which)
{
    return &p->cpu_timers[which == ITIMER_PROF];
}

/* What the timer counts, so far. */
static uint64_t cpu_time(struct process *p, int which)
{
    uint64_t user, system;

    process_times(p, &user, &system);
    return which == ITIMER_PROF ? user + system : user;
}

/* True if the timer's time has come; it is set for the next. */
static bool cpu_timer_due(struct process *p, int which)
{
    struct cpu_timer *t = cpu_timer(p, which);
    uint64_t now = cpu_time(p, which);

    spin_lock(&p->signal_lock);
    bool due = t->at != 0 && now >= t->at;
    if (due && t->interval == 0)
        t->at = 0;
    else if (due)
        t->at += ((now - t->at) / t->interval + 1) * t->interval;
    spin_unlock(&p->signal_lock);
    return due;
}

static void charged(struct thread *thread)
{
    struct process *p = thread->process;

    if (cpu_timer(p, ITIMER_VIRTUAL)->at && cpu_timer_due(p, ITIMER_VIRTUAL))
        signal_send_process(p, SIGVTALRM, NULL);
    if (cpu_timer(p, ITIMER_PROF)->at && cpu_timer_due(p, ITIMER_PROF))
        signal_send_process(p, SIGPROF, NULL);
}

void itimer_boot(void)
{
    sched_charged = charged;
}

void itimer_get_cpu(int which, uint64_t *left_ns, uint64_t *interval_ns)
{
    struct process *p = process_current();
    struct cpu_timer *t = cpu_timer(p, which);
    uint64_t now = cpu_time(p, which);

    spin_lock(&p->signal_lock);
    *left_ns = t->at == 0 ? 0 : t->at > now ? t->at - now : 1;
    *interval_ns = t->interval;
    spin_unlock(&p->signal_lock);
}

void itimer_set_cpu(int which, uint64_t value_ns, uint64_t interval_ns,
                    uint64_t *left_ns, uint64_t *old_interval_ns)
{
    struct process *p = process_current();
    struct cpu_timer *t = cpu_timer(p, which);
    uint64_t now = cpu_time(p, which);

    itimer_get_cpu(which, left_ns, old_interval_ns);
    spin_lock(&p->signal_lock);
    t->at = value_ns ? now + value_ns : 0;
    t->interval = interval_ns;
    spin_unlock(&p->signal_lock);
}
