/*
 * proc/ptrace.h - threads that other processes trace; the theory is in ptrace.c.
 *
 * First what ptrace() is made of, then what the rest of proc/ calls where
 * something happens that a tracer may want to know.
 */
#pragma once

#include "abi/ptrace.h"
#include "core/spinlock.h"
#include "proc/process.h"
#include "x86/trap_frame.h"

struct child_request;
struct child_result;
struct clone_request;

/* How a tracee runs until its next stop. */
enum tracee_mode {
    TRACEE_RUNS,  /* PTRACE_CONT */
    TRACEE_CALLS, /* PTRACE_SYSCALL: stop where it enters and leaves one */
    TRACEE_STEPS, /* PTRACE_SINGLESTEP */
};

enum { DEBUG_REGISTERS = 8, BREAKPOINTS = 4 };

/*
 * What is kept of a thread that is, or was, traced.  It belongs to the thread and
 * goes with it; but when a traced thread that is not the first of its process
 * ends, it stays in its tracer's list, without thread, until it was waited for.
 * Lock key: [I] set at creation  [T] process_tree_lock  [G] signal_lock of the
 *           tracee's process; TG: both to write, either to read
 *           [S] the tracee itself
 */
struct tracee {
    struct thread *thread;     /* [T] NULL: it has ended */
    struct thread *tracer;     /* [TG] NULL: nobody traces it now */
    struct list_node link;     /* [T] in tracer->process->tracees */
    uint32_t options;          /* [TG] PTRACE_O_* */
    bool seized;               /* [TG] by PTRACE_SEIZE */
    bool tracer_is_root;       /* [TG] when it began */
    uint8_t mode;              /* [G] enum tracee_mode */
    bool stopped;              /* [G] its registers are in `frame` */
    bool told;                 /* [G] the tracer has waited for this stop */
    bool listens;              /* [G] PTRACE_LISTEN */
    bool let_go;               /* [G] continued during a stop of its process */
    bool asked;                /* [G] it is to stop: PTRACE_INTERRUPT */
    bool notified;             /* [G] it is to stop and tell of a SIGCONT */
    bool steps_by_us;          /* [S] TF in its flags is not its own */
    bool changed;              /* [G] registers differ from the thread's */
    bool breaks;               /* [G] debug registers are in use */
    int32_t code;              /* [G] of the stop: signal, event << 8 */
    int32_t signal;            /* [G] to be delivered when it goes on */
    uint64_t message;          /* [G] PTRACE_GETEVENTMSG */
    bool has_info;             /* [G] the stop has a siginfo */
    siginfo_t info;            /* [G] */
    struct trap_frame frame;   /* [G] while stopped */
    uint64_t fs_base, gs_base; /* [G] while stopped */
    uint64_t debug[DEBUG_REGISTERS];            /* [G] */
    struct pid *pid;                            /* [T] of one that has ended */
    int32_t status;                             /* [T] its wait status */
    uint32_t uid;                               /* [T] */
    uint8_t fpu[] __attribute__((aligned(64))); /* [G] while stopped */
};

/* Is it traced now?  Locks: the tree's or signal_lock, or it is the caller. */
static inline bool ptrace_is_traced(const struct thread *t)
{
    return unlikely(t->tracee != NULL) && t->tracee->tracer;
}

/* Does it stand still for its tracer? */
static inline bool ptrace_is_stopped(const struct thread *t)
{
    return unlikely(t->tracee != NULL) &&
           __atomic_load_n(&t->tracee->stopped, __ATOMIC_RELAXED);
}

/* Does it run on though its process has been stopped? */
static inline bool ptrace_is_let_go(const struct thread *t)
{
    return unlikely(t->tracee != NULL) && t->tracee->let_go;
}

/* Is it to stop without a signal?  Locks: signal_lock. */
static inline bool ptrace_is_asked(const struct thread *t)
{
    return unlikely(t->tracee != NULL) &&
           (t->tracee->asked || t->tracee->notified);
}

/* The tid of its tracer, 0: none. */
int32_t ptrace_tracer_of(const struct thread *thread)
    MUST_HOLD(process_tree_lock);

/* ---- requests ------------------------------------------------------------- */

/* PTRACE_TRACEME.  Returns 0, -EPERM, -ENOMEM. */
__must_check int ptrace_trace_me(void);

/* PTRACE_ATTACH, or PTRACE_SEIZE with `options`.
 * Returns 0, -ESRCH, -EPERM, -ENOMEM. */
__must_check int ptrace_attach(int32_t tid, bool seize, uint32_t options);

/*
 * The tracee `tid` of the running thread.  NULL: there is none, or it does not
 * stand still though `stopped` wants that.  Its registers and siginfo may be read
 * and changed under its process' signal_lock.
 */
struct tracee *ptrace_find_locked(int32_t tid, bool stopped)
    MUST_HOLD(process_tree_lock);

/* Let a stopped tracee go on with `signal` (0: none), or detach from it. */
void ptrace_resume_locked(struct tracee *tracee, enum tracee_mode mode,
                          int signal) MUST_HOLD(process_tree_lock);
void ptrace_detach_locked(struct tracee *tracee, int signal)
    MUST_HOLD(process_tree_lock);

/* PTRACE_INTERRUPT and PTRACE_LISTEN: 0, or -EIO. */
int ptrace_interrupt_locked(struct tracee *tracee) MUST_HOLD(process_tree_lock);
int ptrace_listen_locked(struct tracee *tracee) MUST_HOLD(process_tree_lock);

/* A word of struct user: 0, or -EIO, -EINVAL. */
int tracee_get_user(const struct tracee *tracee, uint64_t offset,
                    uint64_t *value);
int tracee_set_user(struct tracee *tracee, uint64_t offset, uint64_t value);

/* All registers; a part may have been set when one is refused (-EIO). */
void tracee_get_registers(const struct tracee *tracee,
                          struct user_regs_struct *out);
int tracee_set_registers(struct tracee *tracee, size_t bytes,
                         const struct user_regs_struct *from);

/* Those of the FPU: 0 or -EINVAL. */
void tracee_get_fpu(const struct tracee *tracee,
                    struct user_fpregs_struct *out);
int tracee_set_fpu(struct tracee *tracee,
                   const struct user_fpregs_struct *from);

/* Between the running thread and its struct tracee, when it stops and goes on;
 * the latter tells whether it can run there at all. */
void tracee_save_registers(struct tracee *tracee);
bool tracee_load_registers(struct tracee *tracee);

/* ---- where things happen -------------------------------------------------- */

/* The running thread has taken `signal`: its tracer may keep it, or change it
 * and *info.  Returns the signal to act on, 0: none. */
int ptrace_signal(int signal, siginfo_t *info);

/* On the way to user mode: stop if the tracer asked for it. */
void ptrace_stop_if_asked(void);

/* An event that the tracer may have asked for (PTRACE_EVENT_*). */
void ptrace_event(int event, uint64_t message);

/* The running thread has executed a program; its tid was `old_tid`. */
void ptrace_executed(int32_t old_tid);

/* A system call begins: the tracer may change or skip it.  False: skip it. */
bool ptrace_call_enter(struct trap_frame *frame);

/* It is over: the tracer sees the result; a single step ends here. */
void ptrace_call_leave(struct trap_frame *frame);

/* Registers of the current thread that are to be kept for it, or given to a
 * child: they are not to have the tracer's TF. */
void ptrace_strip_step(struct trap_frame *frame);

/* A handler has been entered: the end of a single step. */
void ptrace_handler_entered(void);

/* A debug exception of user code: the si_code of its SIGTRAP, or false: it is
 * nobody's any more.  Context: interrupts off. */
bool ptrace_stepped(struct trap_frame *frame, int *code);

/* The current thread, which is traced, parks with its process (stop.c); when it
 * goes on, it takes over what the tracer has changed.  False: it cannot run
 * there. */
void ptrace_park_locked(struct process *process, struct thread *thread,
                        int signal) MUST_HOLD(process->signal_lock);
bool ptrace_unpark_locked(struct process *process, struct thread *thread)
    MUST_HOLD(process->signal_lock);

/* SIGCONT was sent: who was seized hears of it. */
void ptrace_continued_locked(struct process *process)
    MUST_HOLD(process->signal_lock);

/* clone() with these flags makes `child`: if it is to be traced, too, allocate
 * what that needs.  Returns the event to report when it is there, 0: none, or
 * -ENOMEM. */
__must_check int ptrace_prepare_child(struct thread *child,
                                      const struct clone_request *request);

/* The child comes into being: trace it. */
void ptrace_child_locked(struct process *process, struct thread *child)
    MUST_HOLD(process_tree_lock, process->signal_lock);

/* The current thread leaves its process with wait status `status`: its tracer
 * waits for it like for a child, and those that it traces go free. */
void ptrace_thread_leaves_locked(int32_t status) MUST_HOLD(process_tree_lock);

/* The thread is not traced any more: it is a zombie that was waited for, or
 * another one has taken its place by exec. */
void ptrace_forget_locked(struct thread *thread) MUST_HOLD(process_tree_lock);

/* A process other than its parent traces the process, and will wait for it
 * first; NULL: none. */
struct process *ptrace_other_tracer_locked(const struct process *process)
    MUST_HOLD(process_tree_lock);

/* Would the program it executes get rights that its tracer must not have? */
bool ptrace_forbids_rights(const struct thread *thread)
    MUST_HOLD(process_tree_lock);

/* What a tracee of the current process has to tell that `request` asks for:
 * false, or true with *out.  *any becomes true if one fits at all.  *reap: it is
 * a zombie, which the caller hands on to its parent by ptrace_forget_locked() and
 * process_tell_exit_locked(). */
bool ptrace_take_news_locked(const struct child_request *request, bool *any,
                             struct child_result *out, struct process **reap)
    MUST_HOLD(process_tree_lock);

/* Boot. */
void ptrace_init(void);
