/*
 * proc/itimer.c - signals after a time, once or again and again.
 *
 * Idea:  one struct timer per process.  Its handler, called in the timer
 *        interrupt, sends SIGALRM and arms it again when there is an interval.
 *        The two that measure CPU time are compared at each tick that the
 *        process is charged for: asleep, it costs nothing.
 * Locks: process->signal_lock, under which the timer is armed, too: threads may
 *        set it at once, while it fires.
 */
#include "proc/itimer.h"

#include "abi/time.h"
#include "core/panic.h"
#include "proc/process.h"
#include "proc/usage.h"
#include "sched/sched.h"
#include "x86/clock.h"

/* When the alarm is due next; missed ones are one signal. */
static void set_next_locked(struct process *p, uint64_t now)
    MUST_HOLD(p->signal_lock);
static void set_next_locked(struct process *p, uint64_t now)
{
    uint64_t interval = p->alarm_interval;

    if (interval == 0) {
        p->alarm_at = 0;
        return;
    }
    p->alarm_at += ((now - p->alarm_at) / interval + 1) * interval;
    timer_arm(&p->alarm_timer, p->alarm_at);
}

/* In the timer interrupt.  A thread may have set the alarm anew just before. */
static void alarm_fired(struct timer *timer)
{
    struct process *p = container_of(timer, struct process, alarm_timer);

    spin_lock(&p->signal_lock);
    uint64_t now = clock_now_ns();
    bool is_due = p->alarm_at != 0 && now >= p->alarm_at;
    if (is_due)
        set_next_locked(p, now);
    spin_unlock(&p->signal_lock);
    if (is_due)
        signal_send_process(p, SIGALRM, NULL);
}

void itimer_init(struct process *p)
{
    timer_init(&p->alarm_timer, alarm_fired);
}

static void get_locked(const struct process *p, uint64_t now, uint64_t *left_ns,
                       uint64_t *interval_ns) MUST_HOLD(p->signal_lock);
static void get_locked(const struct process *p, uint64_t now, uint64_t *left_ns,
                       uint64_t *interval_ns)
{
    *left_ns = p->alarm_at == 0 ? 0 : p->alarm_at > now ? p->alarm_at - now : 1;
    *interval_ns = *left_ns ? p->alarm_interval : 0;
}

void itimer_get(uint64_t *left_ns, uint64_t *interval_ns)
{
    struct process *p = process_current();

    spin_lock(&p->signal_lock);
    get_locked(p, clock_now_ns(), left_ns, interval_ns);
    spin_unlock(&p->signal_lock);
}

void itimer_stop(struct process *p)
{
    spin_lock(&p->signal_lock);
    p->alarm_at = 0; /* a handler that is running does nothing */
    spin_unlock(&p->signal_lock);
    timer_cancel(&p->alarm_timer);
}

void itimer_set(uint64_t value_ns, uint64_t interval_ns, uint64_t *left_ns,
                uint64_t *old_interval_ns)
{
    struct process *p = process_current();

    spin_lock(&p->signal_lock);
    uint64_t now = clock_now_ns();
    get_locked(p, now, left_ns, old_interval_ns);
    p->alarm_interval = interval_ns;
    p->alarm_at = value_ns == 0 ? 0 : now + MIN(value_ns, UINT64_MAX / 2 - now);
    if (p->alarm_at != 0)
        timer_arm(&p->alarm_timer, p->alarm_at);
    else
        timer_disarm(&p->alarm_timer);
    spin_unlock(&p->signal_lock);
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
