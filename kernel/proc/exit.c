/*
 * proc/exit.c - the end of a thread, and with the last one that of a process.
 *
 * Idea:  a thread tells those who wait for it in user space and leaves.  The
 *        last one gives up everything the process can do itself (space, files,
 *        timer, terminal), then, under process_tree_lock in one step, hands its
 *        children to init, becomes a zombie and tells its parent.  What it
 *        stands on (stack, thread, struct process) is freed by whoever reaps
 *        it: the parent in wait.c, or the grave digger (grave.c) when the parent
 *        does not want to know.
 * Locks: process_tree_lock for the last step.  Interrupts stay off from there
 *        to the last switch, so the reaper waits only a moment for the stack.
 * Next:  threads.c, notify.c, wait.c.
 */
#include "core/trace.h"
#include "ipc/sysv_sem.h"
#include "ipc/futex.h"
#include "proc/grave.h"
#include "proc/group.h"
#include "proc/itimer.h"
#include "proc/notify.h"
#include "proc/pid.h"
#include "proc/process.h"
#include "proc/ptrace.h"
#include "proc/run.h"
#include "proc/threads.h"
#include "vm/usercopy.h"
#include "x86/cpu.h"

/* Orphans become init's children; it hears of those that are dead already. */
static void give_children_to_init_locked(struct process *p)
    MUST_HOLD(process_tree_lock);
static void give_children_to_init_locked(struct process *p)
{
    struct process *child, *next;

    list_for_each_safe (child, next, &p->children, sibling_link) {
        child->parent = init_process;
        child->parent_tid = init_process->pid;
        __atomic_store_n(&child->parent_pid, init_process->pid,
                         __ATOMIC_RELAXED);
        child->exit_signal = SIGCHLD;
        list_remove(&child->sibling_link);
        list_add_tail(&init_process->children, &child->sibling_link);
        group_lost_parent_locked(child, p, NULL);
        if (child->life == PROCESS_ZOMBIE &&
            !ptrace_other_tracer_locked(child) && notify_exit_locked(child))
            grave_add_locked(child);
    }
}

void process_tell_exit_locked(struct process *p)
{
    struct process *tracer = ptrace_other_tracer_locked(p);

    if (tracer) {
        if (!notify_exit_to_locked(p, tracer, SIGCHLD))
            return; /* it has to wait first */
        ptrace_forget_locked(p->leader);
    }
    if (notify_exit_locked(p))
        grave_add_locked(p);
}

void exit_tell_user(struct thread *t)
{
    struct process *p = t->process;
    uint64_t address = t->clear_child_tid;
    uint32_t zero = 0;

    t->clear_child_tid = 0;
    if (address == 0 ||
        (__atomic_load_n(&p->thread_count, __ATOMIC_RELAXED) < 2 &&
         __atomic_load_n(&p->space->refs, __ATOMIC_RELAXED) < 2))
        return; /* nobody is there to see it */
    if (put_user(zero, (uint32_t __user *)address) == 0)
        futex_wake(address, true, 1, UINT32_MAX);
}

__noreturn static void become_zombie(struct process *p)
{
    irqs_disable(); /* until the last switch, see above */
    spin_lock(&process_tree_lock);
    give_children_to_init_locked(p);
    group_lost_parent_locked(p, p->parent, p);
    threads_leave_zombie_locked(p);
    p->life = PROCESS_ZOMBIE;
    trace(EXIT, p->exit_status);
    run_note_exit(p->pid, p->exit_status);
    process_tell_exit_locked(p);
    spin_unlock(&process_tree_lock);
    /* The process may be reaped from here on; the thread waits for us. */
    thread_exit_self();
}

void process_exit_thread(int32_t status)
{
    struct process *p = process_current();

    ptrace_event(PTRACE_EVENT_EXIT,
                 (uint64_t)(p->group_exiting ? p->exit_status : status));
    futex_thread_exit(thread_current());
    exit_tell_user(thread_current());
    threads_free_departed(p);
    if (!threads_leave(status)) {
        trace(THREAD_EXIT);
        thread_exit_self();
    }
    /* No signal comes any more; what is left to do is not to be cut short. */
    thread_clear_flag(thread_current(), THREAD_SIGPENDING | THREAD_KILLED);
    if (p == init_process)
        panic("init died: wait status 0x%x", (unsigned)p->exit_status);
    itimer_stop(p);
    group_leave_session(p);
    sysv_sem_exit(p->pid);
    process_release_parts(p);
    become_zombie(p);
}

void process_exit_group(int32_t status)
{
    struct process *p = process_current();

    spin_lock(&p->signal_lock);
    threads_end_all_locked(p, status);
    spin_unlock(&p->signal_lock);
    process_exit_thread(status);
}
