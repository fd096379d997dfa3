/*
 * proc/fork.c - make a process like the running one, or one more thread of it.
 *
 * 1 Idea      The child is put together complete while nobody knows it, each
 *             part copied or shared as clone's flags say; then it gets a number
 *             and is entered into the process tree and made ready in one step.
 *             Memory is not copied: as_fork() shares every page copy-on-write.
 *             A thread shares all parts and needs only its own registers.
 * 2 Steps     check the request -> process_alloc -> thread, handlers, files, fs,
 *             space -> pid_alloc -> commit; for a thread: thread -> pid_alloc ->
 *             threads_enter.  Before the commit everything can
 *             fail and process_free() undoes it; the commit cannot fail but for
 *             a fatal signal or a stop that got there first, so that one sent
 *             to a group leaves no child behind that nobody signalled.
 * 3 Locking   Own parts need no lock.  The commit holds process_tree_lock, under
 *             which group signals are sent too; the child's thread is made ready
 *             under it, for without it the child might be gone already.
 * 4 Failure   -EAGAIN for limits and numbers, -ENOMEM for the rest.
 * 5 Elsewhere Linux has one copy_process() that asks at every part whether it is
 *             to be shared, since its threads are processes that share much.
 *
 * Next: vm/space.c (as_fork), entry.S (thread_first_run), exec.c.
 */
#include "proc/fork.h"

#include "abi/errno.h"
#include "abi/sched.h"
#include "core/trace.h"
#include "core/restart.h"
#include "proc/limits.h"
#include "proc/pid.h"
#include "proc/process.h"
#include "proc/ptrace.h"
#include "proc/run.h"
#include "proc/stop.h"
#include "proc/threads.h"
#include "vm/usercopy.h"
#include "x86/clock.h"
#include "x86/cpu.h"
#include "x86/fpu.h"

#define CLONE_SUPPORTED                                                        \
    (CLONE_VM | CLONE_VFORK | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |         \
     CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID |                 \
     CLONE_CHILD_CLEARTID | CLONE_THREAD | CLONE_SYSVSEM | CLONE_DETACHED |    \
     CLONE_CLEAR_SIGHAND)

/* What threads of one process share in any case. */
#define CLONE_OF_THREAD (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND)

static int check_request(const struct clone_request *r)
{
    if (r->flags & ~(uint64_t)CLONE_SUPPORTED)
        return -EINVAL;
    if ((r->flags & CLONE_SIGHAND) && !(r->flags & CLONE_VM))
        return -EINVAL;
    if ((r->flags & CLONE_SIGHAND) && (r->flags & CLONE_CLEAR_SIGHAND))
        return -EINVAL;
    if ((r->flags & CLONE_THREAD) &&
        ((r->flags & CLONE_OF_THREAD) != CLONE_OF_THREAD ||
         (r->flags & CLONE_VFORK)))
        return -EINVAL;
    /* Semaphore adjustments belong to the process, shared by all its threads
     * and by nobody else. */
    if ((r->flags & CLONE_SYSVSEM) && !(r->flags & CLONE_THREAD))
        return -EINVAL;
    if (r->exit_signal > SIGNAL_MAX)
        return -EINVAL;
    if ((r->flags & CLONE_SETTLS) && r->tls >= USER_END)
        return -EPERM;
    return 0;
}

/* The child's thread: the caller's registers, but rax = 0. */
static struct thread *copy_thread(const struct clone_request *r)
{
    struct thread *self = thread_current();
    struct thread *t = thread_create(self->name, true);

    if (!t)
        return NULL;
    struct trap_frame frame = *thread_user_frame(self);
    frame.rax = 0;
    frame.orig_rax = (uint64_t)-1;
    if (self->space->trace)
        frame.rflags &= ~RFLAGS_TF; /* its steps are not the child's */
    ptrace_strip_step(&frame);
    if (r->stack)
        frame.rsp = r->stack;
    thread_start_at_frame(t, &frame);
    fpu_save(t->fpu); /* the live registers are the caller's */
    t->fs_base = r->flags & CLONE_SETTLS ? r->tls : cpu_get_fs_base();
    t->gs_base = cpu_get_user_gs_base();
    t->blocked = self->blocked;
    t->start_ns = clock_now_ns();
    sched_fork(t, self);
    if (r->flags & CLONE_CHILD_CLEARTID)
        t->clear_child_tid = (uint64_t)r->child_tid;
    if (!(r->flags & CLONE_VM) || (r->flags & CLONE_VFORK)) {
        t->altstack_base = self->altstack_base;
        t->altstack_bytes = self->altstack_bytes;
        t->altstack_flags = self->altstack_flags;
    }
    return t;
}

/* Share the program file; writing to it stays denied for one holder more. */
static struct inode *share_executable(struct inode *inode)
{
    if (inode) {
        inode_get(inode);
        __atomic_fetch_sub(&inode->write_count, 1, __ATOMIC_RELAXED);
    }
    return inode;
}

/* Everything the child refers to but its number.  On failure process_free()
 * drops what is there. */
static int copy_parts(struct process *child, struct process *parent,
                      const struct clone_request *r)
{
    struct thread *t;

    child->handlers = r->flags & CLONE_SIGHAND
                          ? signal_handlers_get(parent->handlers)
                          : signal_handlers_create(parent->handlers);
    if (child->handlers && (r->flags & CLONE_CLEAR_SIGHAND))
        signal_reset_handlers(child);
    child->files = r->flags & CLONE_FILES ? fd_table_get(parent->files)
                                          : fd_table_copy(parent->files);
    child->fs = r->flags & CLONE_FS ? fs_context_get(parent->fs)
                                    : fs_context_copy(parent->fs);
    child->executable = share_executable(parent->executable);
    if (!child->handlers || !child->files || !child->fs)
        return -ENOMEM;
    t = copy_thread(r);
    if (!t)
        return -ENOMEM;
    process_adopt_thread(child, t);
    child->space =
        r->flags & CLONE_VM ? as_get(parent->space) : as_fork(parent->space);
    t->space = child->space;
    return child->space ? 0 : -ENOMEM;
}

/* Where the C library of either side wants to find the child's number.  As on
 * Linux a bad address is the caller's own loss. */
static void store_tids(struct address_space *space, int number,
                       const struct clone_request *r)
{
    if (r->flags & CLONE_PARENT_SETTID) {
        int unused = put_user(number, r->parent_tid);
        (void)unused;
    }
    if (r->flags & CLONE_CHILD_SETTID) {
        int unused =
            as_write(space, (vaddr_t)r->child_tid, &number, sizeof(number));
        (void)unused;
    }
}

/* The child becomes known and ready; or the caller has been killed, or is to
 * stop, as the child would be if it were in the group already. */
static int commit(struct process *child, struct pid *pid,
                  struct process *parent)
{
    int err = 0;

    spin_lock(&process_tree_lock);
    if (thread_has_flag(thread_current(), THREAD_KILLED))
        err = -EINTR;
    else if (stop_is_near())
        err = -ERESTARTNOINTR;
    if (err) {
        spin_unlock(&process_tree_lock);
        return err;
    }
    process_link_locked(child, pid, parent);
    spin_lock(&child->signal_lock);
    ptrace_child_locked(child, child->leader);
    spin_unlock(&child->signal_lock);
    if (parent == init_process)
        run_note_child(child->pid);
    trace(FORK, child->pid, child->pid, child->space,
          child->vfork_waiting ? CLONE_VFORK : 0);
    sched_wake(child->leader);
    spin_unlock(&process_tree_lock);
    return 0;
}

/* Has the vfork child `number` of this process executed, exited or vanished? */
static bool vfork_is_over_locked(int number) MUST_HOLD(process_tree_lock);
static bool vfork_is_over_locked(int number)
{
    const struct process *child = process_find_locked(number);

    return !child || child->parent != process_current() ||
           !child->vfork_waiting;
}

static void wait_for_vfork(int number)
{
    struct process *p = process_current();

    spin_lock(&process_tree_lock);
    /* When the wait is cut short the caller dies on its way out. */
    (void)wait_event(&p->child_exited, vfork_is_over_locked(number),
                     &process_tree_lock, WAIT_KILLABLE, WAIT_FOREVER);
    spin_unlock(&process_tree_lock);
}

static int64_t clone_thread(const struct clone_request *r)
{
    struct process *p = process_current();
    struct thread *t;
    struct pid *pid;

    threads_free_departed(p); /* their stacks may serve again */
    t = copy_thread(r);
    if (!t)
        return -ENOMEM;
    t->space = p->space;
    int event = ptrace_prepare_child(t, r);
    int err = event < 0 ? event : pid_alloc(&pid);
    if (err)
        goto out_thread;
    int number = pid->number;
    store_tids(p->space, number, r);
    err = threads_enter(t, pid);
    if (err == 0) {
        if (event)
            ptrace_event(event, (uint64_t)number);
        return number;
    }
    pid_put(pid);
out_thread:
    thread_destroy(t);
    return err;
}

static int64_t clone_process(const struct clone_request *r)
{
    struct process *parent = process_current();
    struct pid *pid;
    struct process *child = process_alloc(parent);
    if (!child)
        return -ENOMEM;
    child->exit_signal = r->exit_signal;
    child->vfork_waiting = r->flags & CLONE_VFORK;
    int event = 0, err = copy_parts(child, parent, r);
    if (err == 0)
        event = ptrace_prepare_child(child->leader, r);
    if (event < 0)
        err = event;
    if (err)
        goto out_free;
    err = pid_alloc(&pid);
    if (err)
        goto out_free;
    int number = pid->number;
    store_tids(child->space, number, r);
    err = commit(child, pid, parent);
    if (err)
        goto out_pid;
    if (event)
        ptrace_event(event, (uint64_t)number);
    if (r->flags & CLONE_VFORK) {
        wait_for_vfork(number);
        ptrace_event(PTRACE_EVENT_VFORK_DONE, (uint64_t)number);
    }
    return number;

out_pid:
    pid_put(pid);
out_free:
    process_free(child);
    return err;
}

int64_t process_clone(const struct clone_request *r)
{
    int err = check_request(r);

    if (err)
        return err;
    if (thread_has_flag(thread_current(), THREAD_SIGPENDING))
        return -ERESTARTNOINTR; /* else a stream of signals could starve us */
    if (limit_processes_reached(process_current()))
        return -EAGAIN;
    return r->flags & CLONE_THREAD ? clone_thread(r) : clone_process(r);
}
