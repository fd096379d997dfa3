/*
 * proc/suspend.c - suspended processes: medium-term scheduling.
 *
 * 1 Idea      A process whose pages do not fit beside those of the others is
 *             better out than in: none of its threads runs, so nobody asks for
 *             its pages, and they can all go to swap.  Unlike a stop of job
 *             control nobody is told, no signal is involved and no sleep ends.
 * 2 States    The text book's: a thread that would run parks where it returns to
 *             user mode, holding nothing: ready-suspended ('r').  One that sleeps
 *             in the kernel goes on sleeping: blocked-suspended ('s'); when what
 *             it waits for comes it parks, and is ready-suspended.  A fatal
 *             signal ends a suspended process; other signals, stops among them,
 *             take effect when it is back.  A child made by a thread that is
 *             still inside fork() is not suspended.
 * 3 Locking   process->signal_lock for the reasons and counts.  The flag
 *             THREAD_SUSPEND makes a thread look; unlike THREAD_SIGPENDING it
 *             is nothing that wait_event() cares about.
 * 4 Failure   Nothing can fail.
 * 5 Elsewhere Linux's freezer (kernel/freezer.c) parks tasks in the same place,
 *             for suspend to disk and cgroups; its tasks wake to be parked.
 *
 * Next: loadctl.c (who is suspended, and when), trap.c (where they park).
 */
#include "proc/suspend.h"

#include "abi/errno.h"
#include "proc/threads.h"
#include "x86/clock.h"
#include "x86/irq.h"
#include "x86/lapic.h"

/* Make it look at its flags if it is in user mode now. */
static void make_look(struct thread *t)
{
    thread_set_flag(t, THREAD_SUSPEND);
    if (t != thread_current() && __atomic_load_n(&t->on_cpu, __ATOMIC_ACQUIRE))
        lapic_send_ipi(cpus[t->cpu].apic_id, VECTOR_RESCHEDULE);
}

bool suspend_process(struct process *p, enum suspend_reason reason)
{
    struct thread *t;

    spin_lock(&p->signal_lock);
    bool changes = !p->group_exiting && !(p->suspend_reasons & reason);
    if (changes) {
        p->suspend_reasons |= (uint8_t)reason;
        p->suspend_changed_ns = clock_now_ns();
        list_for_each (t, &p->threads, process_link)
            if (!t->left)
                make_look(t);
    }
    spin_unlock(&p->signal_lock);
    return changes;
}

bool suspend_resume(struct process *p, enum suspend_reason reason)
{
    struct thread *t;

    spin_lock(&p->signal_lock);
    bool changes = p->suspend_reasons & reason;
    if (changes) {
        p->suspend_reasons &= (uint8_t)~reason;
        p->suspend_changed_ns = clock_now_ns();
    }
    if (changes && p->suspend_reasons == 0) {
        list_for_each (t, &p->threads, process_link)
            thread_clear_flag(t, THREAD_SUSPEND);
        wake_up_all(&p->resumed);
    }
    spin_unlock(&p->signal_lock);
    return changes;
}

void suspend_park(void)
{
    struct thread *t = thread_current();
    struct process *p = t->process;

    spin_lock(&p->signal_lock);
    if (p->suspend_reasons && !threads_must_leave(p, t)) {
        t->suspended = true;
        /* Cut short by a fatal signal: the thread leaves then. */
        (void)wait_event(&p->resumed, p->suspend_reasons == 0, &p->signal_lock,
                         WAIT_KILLABLE, WAIT_FOREVER);
        t->suspended = false;
    }
    thread_clear_flag(t, THREAD_SUSPEND);
    spin_unlock(&p->signal_lock);
}

void suspend_thread_enters_locked(struct process *p, struct thread *t)
{
    if (p->suspend_reasons)
        thread_set_flag(t, THREAD_SUSPEND);
}

bool suspend_is_complete_locked(const struct process *p)
{
    const struct thread *t;

    if (!suspend_is_wanted(p))
        return false;
    list_for_each (t, &p->threads, process_link)
        if (!t->left &&
            __atomic_load_n(&t->state, __ATOMIC_RELAXED) != THREAD_BLOCKED)
            return false;
    return true;
}

int suspend_by_hand_locked(struct process *p, bool suspend)
{
    if (p == init_process || !process_may_signal(p))
        return -EPERM;
    if (suspend)
        suspend_process(p, SUSPEND_BY_HAND);
    else
        suspend_resume(p, SUSPEND_BY_HAND);
    return 0;
}
