/*
 * proc/process_facts.c - what others want to know of a process: its state, and
 * who may meddle with it.
 */
#include "proc/process.h"
#include "proc/stop.h"
#include "proc/suspend.h"

/* Running if one of its threads is, else ready if one is; out of play when the
 * kernel has suspended it and all have parked or sleep. */
static enum process_state state_of_threads_locked(const struct process *p)
    MUST_HOLD(process_tree_lock);
static enum process_state state_of_threads_locked(const struct process *p)
{
    bool out = suspend_is_wanted(p);
    enum process_state state = out ? STATE_BLOCKED_SUSPENDED : STATE_BLOCKED;
    const struct thread *t;

    list_for_each (t, &p->threads, process_link) {
        uint8_t s = __atomic_load_n(&t->state, __ATOMIC_RELAXED);
        if (out && t->suspended && state == STATE_BLOCKED_SUSPENDED)
            state = STATE_READY_SUSPENDED;
        if (s == THREAD_RUNNING)
            return STATE_RUNNING;
        if (s == THREAD_READY)
            state = STATE_READY;
    }
    return state;
}

enum process_state process_state(const struct process *p)
{
    if (p->life == PROCESS_NEW)
        return STATE_NEW;
    if (p->life == PROCESS_ZOMBIE)
        return STATE_ZOMBIE;
    if (stop_is_stopped(p))
        return STATE_STOPPED;
    return state_of_threads_locked(p);
}

bool process_may_signal(const struct process *target)
{
    const struct credentials *mine = &process_current()->credentials;
    const struct credentials *theirs = &target->credentials;

    return mine->euid == 0 || mine->euid == theirs->uid ||
           mine->euid == theirs->suid || mine->uid == theirs->uid ||
           mine->uid == theirs->suid;
}

bool process_may_inspect(const struct process *target)
{
    const struct credentials *mine = &process_current()->credentials;
    const struct credentials *theirs = &target->credentials;

    if (target == process_current() || mine->euid == 0)
        return true;
    return mine->fsuid == theirs->uid && mine->fsuid == theirs->euid &&
           mine->fsuid == theirs->suid && mine->fsgid == theirs->gid &&
           mine->fsgid == theirs->egid && mine->fsgid == theirs->sgid;
}
