/*
 * proc/ptrace.c - threads stand still for their tracer.
 *
 * 1 Idea      A tracee stops itself, at places where it holds nothing, on its
 *             way through the kernel: where it takes a signal, enters or leaves a
 *             system call, forks, executes, exits, or parks with its process.
 *             It leaves a copy of its registers in struct tracee, tells the
 *             tracer, and sleeps.  Requests work on that copy, which it loads
 *             when it goes on; so nobody touches the stack or the FPU area of a
 *             thread that a SIGKILL may set going at any time.  Its memory is
 *             reached through a reference on the address space (vm/remote.c).
 * 2 States    untraced -> running <-> stopped -> ended, waited for.  A stop is
 *             told to waitpid once (`told`).  A thread that parks with its
 *             process (stop.c) is parked and stopped: the tracer can let it go
 *             on alone (`let_go`) until the process is stopped anew.
 * 3 Locking   process_tree_lock and the signal_lock of the tracee's process:
 *             both to change who traces whom, either to see it; signal_lock for
 *             the stop and its registers.  A request holds the tree's lock from
 *             the look-up to its end, so the tracee cannot go away meanwhile;
 *             telling the tracer takes the signal_lock of its process, after the
 *             tracee's was let go.  A stopped tracee sleeps on the `continued`
 *             queue of its process, with the parked ones.
 * 4 System    calls.  A CPU's syscall_limit is 0 while it runs a tracee in
 *             PTRACE_SYSCALL: then each call takes the slow path of dispatch.c
 *             and others pay nothing.  It changes at switches to and from
 *             threads with THREAD_TRACED, as the debug registers do.
 *             THREAD_TRACE_CALLS is one more bit in the test that the way out
 *             of each call makes anyway.
 * 5 Failure   Only attaching allocates.  What a tracer writes into registers is
 *             taken as far as the program could do it itself: ptrace_regs.c.
 * 6 Elsewhere Linux's task_struct is traced in place: requests freeze the tracee
 *             (ptrace_freeze_traced) and wait until it is off its CPU.
 *
 * Next: ptrace_attach.c (who traces whom), ptrace_regs.c, sys_ptrace.c.
 */
#include "proc/ptrace.h"

#include "abi/errno.h"
#include "abi/wait.h"
#include "base/string.h"
#include "core/trace.h"
#include "proc/notify.h"
#include "proc/signal_state.h"
#include "proc/threads.h"
#include "x86/debug.h"

enum {
    SYSCALL_GOOD = 0x80, /* PTRACE_O_TRACESYSGOOD adds it to SIGTRAP */
    MESSAGE_CALL_ENTER = 1,
    MESSAGE_CALL_LEAVE = 2,
};

/* Why a thread stops. */
struct stop {
    int code;              /* what wait reports: signal, event << 8 */
    int told_by;           /* CLD_* of the SIGCHLD */
    const siginfo_t *info; /* NULL: none */
    uint64_t message;
    bool at_exit; /* also a thread that ends stops here */
};

/* ---- what the CPU has to know ------------------------------------------------ */

/* The CPU runs `t` from here on.  Context: interrupts off. */
static void load_cpu(struct thread *t)
{
    const struct tracee *tr = t->tracee;
    bool traced = tr && (t->flags & THREAD_TRACED);

    bool calls = (traced && tr->mode == TRACEE_CALLS) || trace_wants_calls();
    this_cpu->syscall_limit = calls ? 0 : SYSCALL_LIMIT;
    if (traced && tr->breaks)
        debug_load(tr->debug);
    else
        debug_disable();
}

/* Bring the current thread's flags in line with its mode.  Context: interrupts
 * off. */
static void apply_mode(struct thread *t)
{
    struct tracee *tr = t->tracee;

    if (tr->mode != TRACEE_RUNS)
        thread_set_flag(t, THREAD_TRACE_CALLS);
    else
        thread_clear_flag(t, THREAD_TRACE_CALLS);
    if (tr->mode == TRACEE_CALLS || tr->breaks)
        thread_set_flag(t, THREAD_TRACED);
    else
        thread_clear_flag(t, THREAD_TRACED);
    load_cpu(t);
}

void ptrace_init(void)
{
    sched_traced_switch = load_cpu;
}

/* ---- stopping and going on --------------------------------------------------- */

static void stop_locked(struct process *p, struct thread *t,
                        const struct stop *s) MUST_HOLD(p->signal_lock);
static void stop_locked(struct process *p, struct thread *t,
                        const struct stop *s)
{
    struct tracee *tr = t->tracee;

    tracee_save_registers(tr);
    tr->code = s->code;
    tr->message = s->message;
    tr->has_info = s->info != NULL;
    if (s->info)
        tr->info = *s->info;
    tr->signal = s->code & 0x7f; /* if the tracer dies unawares */
    tr->told = false;
    tr->listens = false;
    tr->asked = false;
    if (s->code >> 8 == PTRACE_EVENT_STOP)
        tr->notified = false;
    __atomic_store_n(&tr->stopped, true, __ATOMIC_RELAXED);
}

/* It goes on, on this CPU.  False: to an address where no program can be. */
static bool go_on_locked(struct process *p, struct thread *t)
    MUST_HOLD(p->signal_lock);
static bool go_on_locked(struct process *p, struct thread *t)
{
    struct tracee *tr = t->tracee;

    __atomic_store_n(&tr->stopped, false, __ATOMIC_RELAXED);
    bool runs = tracee_load_registers(tr);
    apply_mode(t);
    signal_update_flags_locked(p, t);
    return runs;
}

/* Stop the current thread until its tracer lets it go on.  False: it is not
 * traced, or has to leave.  *signal: what the tracer gave it to take along. */
static bool stop_here(const struct stop *s, int *signal)
{
    struct thread *t = thread_current();
    struct process *p = t->process;

    *signal = 0;
    spin_lock(&process_tree_lock);
    spin_lock(&p->signal_lock);
    bool stops =
        ptrace_is_traced(t) && (s->at_exit || !threads_must_leave(p, t));
    if (stops)
        stop_locked(p, t, s);
    spin_unlock(&p->signal_lock);
    if (stops)
        notify_tracer_locked(t, s->told_by, s->code & 0x7f);
    spin_unlock(&process_tree_lock);
    if (!stops)
        return false;
    spin_lock(&p->signal_lock);
    /* A thread that ends is not to be ended again: only its tracer, or the
     * tracer's own end, lets it go. */
    (void)wait_event(&p->continued, !t->tracee->stopped, &p->signal_lock,
                     s->at_exit ? WAIT_UNINTERRUPTIBLE : WAIT_KILLABLE,
                     WAIT_FOREVER);
    bool runs = go_on_locked(p, t);
    if (!threads_must_leave(p, t))
        *signal = t->tracee->signal;
    spin_unlock(&p->signal_lock);
    if (!runs)
        signal_force_fault(SIGSEGV, SEGV_MAPERR, thread_user_frame(t)->rip,
                           thread_user_frame(t));
    return true;
}

/* Stops that no signal caused have a siginfo of this form. */
static siginfo_t trap_info(int code)
{
    struct thread *t = thread_current();
    siginfo_t info = { .si_signo = SIGTRAP, .si_code = code };

    info.si_pid = t->tid;
    info.si_uid = t->process->credentials.uid;
    return info;
}

static int trap(int code, uint64_t message, bool at_exit)
{
    siginfo_t info = trap_info(code);
    const struct stop s = { .code = code,
                            .told_by = CLD_TRAPPED,
                            .info = &info,
                            .message = message,
                            .at_exit = at_exit };
    int signal;

    stop_here(&s, &signal);
    return signal;
}

/* ---- signals ----------------------------------------------------------------- */

/* As if the tracer had sent it. */
static siginfo_t info_of_tracer(int signal)
{
    siginfo_t info = { .si_signo = signal, .si_code = SI_USER };

    spin_lock(&process_tree_lock);
    const struct tracee *tr = thread_current()->tracee;
    const struct process *sender =
        tr->tracer ? tr->tracer->process : process_current()->parent;
    info.si_pid = sender->pid;
    info.si_uid = sender->credentials.uid;
    spin_unlock(&process_tree_lock);
    return info;
}

int ptrace_signal(int signal, siginfo_t *info)
{
    struct thread *t = thread_current();
    struct process *p = t->process;
    const struct stop s = { .code = signal,
                            .told_by = CLD_TRAPPED,
                            .info = info };
    int instead;

    if (likely(!ptrace_is_traced(t)) || signal == SIGKILL)
        return signal;
    spin_lock(&p->signal_lock);
    p->stop_taken = true; /* the tracer may make a stop signal of it */
    spin_unlock(&p->signal_lock);
    if (!stop_here(&s, &instead))
        return signal;
    if (instead == 0)
        return 0;
    *info = t->tracee->info;
    if (instead != info->si_signo)
        *info = info_of_tracer(instead);
    if (!(t->blocked & SIGNAL_BIT(instead)))
        return instead;
    int unused = signal_queue_thread(p, t, instead, info);
    (void)unused;
    return 0;
}

void ptrace_stop_if_asked(void)
{
    struct thread *t = thread_current();

    /* It may be asked again while it stands still. */
    while (ptrace_is_asked(t) && !threads_must_leave(t->process, t))
        (void)trap(SIGTRAP | PTRACE_EVENT_STOP << 8, 0, false);
}

void ptrace_strip_step(struct trap_frame *frame)
{
    const struct tracee *tr = thread_current()->tracee;

    if (unlikely(tr != NULL) && tr->steps_by_us)
        frame->rflags &= ~RFLAGS_TF;
}

void ptrace_handler_entered(void)
{
    struct thread *t = thread_current();

    if (likely(!ptrace_is_traced(t)) || t->tracee->mode != TRACEE_STEPS)
        return;
    int signal = trap(SIGTRAP, 0, false);
    (void)signal; /* dropped, as on Linux */
}

bool ptrace_stepped(struct trap_frame *frame, int *code)
{
    struct thread *t = thread_current();
    struct tracee *tr = t->tracee;
    uint64_t status = debug_take_status();
    bool hit = status & DEBUG_STATUS_HITS;

    *code = TRAP_TRACE;
    if (likely(!tr))
        return true;
    if (ptrace_is_traced(t)) {
        tr->debug[6] = status;
        if (hit) {
            *code = TRAP_HWBKPT;
            frame->rflags |= RFLAGS_RF; /* past a breakpoint on execution */
        }
        return true;
    }
    /* What a tracer has left behind that is gone. */
    bool left = hit || tr->steps_by_us;
    ptrace_strip_step(frame);
    tr->steps_by_us = false;
    apply_mode(t);
    return !left;
}

/* ---- system calls ------------------------------------------------------------ */

static void call_stop(uint64_t message)
{
    struct thread *t = thread_current();
    int good = t->tracee->options & PTRACE_O_TRACESYSGOOD ? SYSCALL_GOOD : 0;
    int signal = trap(SIGTRAP | good, message, false);

    if (signal == 0)
        return;
    const siginfo_t info = { .si_signo = signal, .si_code = SI_KERNEL };
    int unused = signal_queue_thread(t->process, t, signal, &info);
    (void)unused;
}

bool ptrace_call_enter(struct trap_frame *frame)
{
    struct thread *t = thread_current();

    if (!ptrace_is_traced(t) || t->tracee->mode != TRACEE_CALLS) {
        irqs_disable(); /* its tracer has gone while it ran */
        if (t->tracee)
            apply_mode(t);
        else
            load_cpu(t);
        irqs_enable();
        return true;
    }
    frame->rax = (uint64_t)-ENOSYS;
    call_stop(MESSAGE_CALL_ENTER);
    return !threads_must_leave(t->process, t) &&
           frame->orig_rax != (uint64_t)-1;
}

void ptrace_call_leave(struct trap_frame *frame)
{
    struct thread *t = thread_current();

    if (!ptrace_is_traced(t))
        return;
    if (t->tracee->mode == TRACEE_CALLS)
        call_stop(MESSAGE_CALL_LEAVE);
    else if (t->tracee->mode == TRACEE_STEPS)
        signal_force_fault(SIGTRAP, TRAP_BRKPT, frame->rip, frame);
}

/* ---- events ------------------------------------------------------------------ */

void ptrace_event(int event, uint64_t message)
{
    struct thread *t = thread_current();

    if (likely(!ptrace_is_traced(t)) || !(t->tracee->options & 1u << event))
        return;
    if (event != PTRACE_EVENT_EXEC && event != PTRACE_EVENT_EXIT)
        thread_user_frame(t)->rax = (uint64_t)-ENOSYS; /* no result yet */
    (void)trap(SIGTRAP | event << 8, message, event == PTRACE_EVENT_EXIT);
}

void ptrace_executed(int32_t old_tid)
{
    struct thread *t = thread_current();
    struct process *p = t->process;

    if (likely(!ptrace_is_traced(t)))
        return;
    spin_lock(&p->signal_lock);
    t->tracee->breaks = false; /* their addresses are another program's */
    memset(t->tracee->debug, 0, sizeof(t->tracee->debug));
    apply_mode(t);
    spin_unlock(&p->signal_lock);
    if (t->tracee->options & PTRACE_O_TRACEEXEC) {
        ptrace_event(PTRACE_EVENT_EXEC, (uint64_t)old_tid);
    } else if (!t->tracee->seized) {
        siginfo_t info = { .si_signo = SIGTRAP, .si_code = SI_USER };
        info.si_pid = p->pid;
        info.si_uid = p->credentials.uid;
        int unused = signal_queue_thread(p, t, SIGTRAP, &info);
        (void)unused;
    }
}

/* ---- stops of the whole process ---------------------------------------------- */

void ptrace_park_locked(struct process *p, struct thread *t, int signal)
{
    siginfo_t info = trap_info(signal | PTRACE_EVENT_STOP << 8);
    struct stop s = { .code = signal, .told_by = CLD_STOPPED };

    if (t->tracee->seized) {
        info.si_signo = signal;
        s.code = info.si_code;
        s.info = &info;
    }
    stop_locked(p, t, &s);
}

bool ptrace_unpark_locked(struct process *p, struct thread *t)
{
    return !t->tracee || go_on_locked(p, t);
}
