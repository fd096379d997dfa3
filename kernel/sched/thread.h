/*
 * sched/thread.h - what the scheduler runs.
 *
 * A thread belongs to a process (or to none: idle and kernel threads).  The
 * scheduler owns its run state; proc/ owns the fields marked [P].
 */
#pragma once

#include "base/list.h"
#include "base/tree.h"
#include "core/config.h"
#include "core/types.h"
#include "sched/timer.h"
#include "sched/wait.h"
#include "x86/cpu.h"
#include "x86/trap_frame.h"

struct process;
struct pid;
struct tracee;
struct address_space;

enum thread_state {
    THREAD_NEW,     /* created, never ready yet */
    THREAD_READY,   /* in a run queue */
    THREAD_RUNNING, /* on a CPU */
    THREAD_BLOCKED, /* asleep in wait_event */
    THREAD_DEAD,    /* switched away for the last time */
};

/* thread->flags, set and cleared atomically. */
enum {
    THREAD_SIGPENDING = 1,   /* a deliverable signal may be pending */
    THREAD_KILLED = 2,       /* a fatal signal is pending: killable waits end */
    THREAD_RESTORE_MASK = 4, /* sigsuspend: restore saved_mask on the way out */
    THREAD_IRET = 8,     /* leave the syscall by iretq, all registers live */
    THREAD_CHAOS = 16,   /* always, with sched_seed=: look in at each syscall */
    THREAD_SUSPEND = 32, /* park before user mode: no wait ends for it */
    THREAD_TRACE_CALLS = 64, /* its tracer wants to see how a call ends */
    THREAD_TRACED = 128,     /* its CPU is set up for it: sched_traced_switch */
    THREAD_WORK = THREAD_SIGPENDING | THREAD_KILLED | THREAD_RESTORE_MASK,
    THREAD_RETURN_WORK = THREAD_WORK | THREAD_SUSPEND,
};

/* A thread's locks in user memory, for ipc/.
 * Lock key: [S] itself only  [F] futex_owner_lock */
struct futex_thread {
    uint64_t robust_list;       /* [S] user address of a list of some, or 0 */
    struct list_node owned;     /* [F] owned ones that others wait for */
    struct futex_waiter *waits; /* [F] for one that has an owner, or NULL */
    bool has_ended;             /* [F] owns none any more, nor ever will */
};

/* How a thread is to be scheduled; sched/params.c.  Lock key: [R] */
struct sched_params {
    uint8_t policy;      /* SCHED_* */
    bool reset_on_fork;  /* children do not get what is special */
    int8_t nice;         /* -20 (much) to 19 (little) */
    uint8_t rt_priority; /* 1..99 with SCHED_FIFO and SCHED_RR, else 0 */
    uint8_t inherited;   /* real-time priority of who waits for its locks */
};

/* What the policies keep of a thread; each has its own use of it, [R]. */
struct sched_entity {
    struct tree_node node;
    uint64_t key;      /* virtual run time, pass, or predicted burst: ns */
    uint64_t deadline; /* virtual */
    uint64_t used;     /* of its turn or burst, ns */
    uint32_t weight;   /* as counted in the run queue */
    uint8_t level;
    uint8_t cpu; /* whose virtual time `key` belongs to */
};

/*
 * Lock key: [I] set at creation  [R] run queue lock of its CPU  [a] atomic
 *           [S] itself only  [P] proc/, see proc/process.h
 */
struct thread {
    vaddr_t saved_rsp;           /* [R] while switched away; offset used by
                                     switch.S */
    vaddr_t kernel_stack;        /* [I] lowest address */
    uint32_t flags;              /* [a] THREAD_* above */
    int32_t tid;                 /* [P] LWP; only exec changes it */
    uint8_t state;               /* [R] enum thread_state */
    bool on_cpu;                 /* [a] its registers are still live there */
    bool wake_pending;           /* [R] woken between prepare and sleep */
    bool faults_disabled;        /* [S] usercopy must not resolve faults */
    bool queued;                 /* [R] in a run queue (and READY) */
    bool joined;                 /* [R] takes part in the policy */
    uint8_t wait_how;            /* [S] of its sleep: enum wait_how */
    bool turn_over;              /* [R] it had its turn: behind its equals */
    uint8_t queued_rt;           /* [R] real-time level it is queued at, or 0 */
    uint32_t cpu;                /* [R] whose run queue it is on */
    uint32_t affinity;           /* [R] CPUs it may run on */
    struct list_node run_link;   /* [R] policy's queue, or real-time level */
    struct list_node ready_link; /* [R] all ready threads of the queue */
    struct sched_params params;  /* [R] */
    struct sched_entity entity;  /* [R] the policy's */
    struct process *process;     /* [I] NULL for kernel threads */
    struct address_space *space; /* [S] user half to load, NULL: keep */
    void *fpu;                   /* [I] saved FPU state, NULL: kernel thread */
    uint64_t fs_base;            /* [S] TLS, saved at switch */
    uint64_t gs_base;            /* [S] user GS base, saved at switch */
    struct timer sleep_timer;    /* deadline of the current wait */
    uint64_t tick_at;            /* [R] next tick, while it runs */

    uint64_t run_ns;               /* [R] time on CPUs */
    uint64_t switched_in;          /* [R] clock at last switch to it */
    uint64_t charged_ns;           /* [R] of run_ns, to the policy */
    uint64_t ready_since;          /* [R] clock when it last became READY */
    uint64_t wait_ns;              /* [R] READY, without the present wait */
    uint64_t migrations;           /* [R] to another CPU */
    uint32_t rr_ticks;             /* [R] of its real-time turn */
    uint64_t user_ticks;           /* [S] timer ticks that hit user mode */
    uint64_t kernel_ticks;         /* [S] ... kernel mode */
    uint64_t switches_voluntary;   /* [R] */
    uint64_t switches_involuntary; /* [R] */
    uint64_t min_faults;           /* [S] */
    uint64_t maj_faults;           /* [S] */
    uint8_t mutexes_held[RANK_FIRST_SPIN]; /* [S] with CONFIG_LOCK_CHECKS */
    struct lockcheck_list lockcheck[CONFIG_LOCKCHECK]; /* [S] mutexes */
    struct wait_queue *waits_on;                       /* [S] for ps and gdb */

    uint64_t pending;    /* [P] signals sent to this thread, bit n-1 */
    uint64_t blocked;    /* [P] signal mask */
    uint64_t saved_mask; /* [P] before sigsuspend */
    uint64_t awaited;    /* [P] what sigtimedwait waits for now */
    void *signal_info;   /* [P] queued siginfo of thread signals */
    struct list_node process_link; /* [P] in process->threads */
    struct pid *pid_entry;         /* [P] of its tid; NULL: the process' */
    uint64_t start_ns;             /* [P] clock when it was made */
    bool left;                     /* [P] it has left the process */
    bool parked;                   /* [P] its part of a stopped process */
    bool suspended;                /* [P] parked by proc/suspend.c */
    struct tracee *tracee;         /* [P] proc/ptrace.h; NULL: never traced */
    uint64_t clear_child_tid;      /* [P] user address or 0 */
    struct futex_thread futex;
    uint64_t altstack_base;  /* [S] sigaltstack, user address */
    uint64_t altstack_bytes; /* [S] 0: none */
    uint32_t altstack_flags; /* [S] SS_AUTODISARM */
    char name[16];           /* [P] comm, for the log and ps */
    int64_t (*restart)(
        void); /* [S] restart_syscall, for ERESTART_RESTARTBLOCK */
    uint64_t restart_args[4]; /* [S] for it */
    uint32_t fail_nth;        /* [S] its n-th allocation fails, 0: none */
    void (*entry)(void *);    /* [I] kernel threads */
    void *entry_arg;          /* [I] */
};

/* The user registers of a thread with a process: at the top of its stack. */
struct trap_frame *thread_user_frame(struct thread *thread);

/*
 * A thread with stack and (if `user`) FPU area, state NEW, not ready.
 * NULL when memory is out.  Context: may sleep.
 */
__must_check struct thread *thread_create(const char *name, bool user);

/* A ready kernel thread that runs entry(arg). */
__must_check struct thread *
thread_create_kernel(const char *name, void (*entry)(void *), void *arg);

/* Prepare a NEW thread to leave to user mode through `frame` (copied to its
 * stack top) when first run. */
void thread_start_at_frame(struct thread *thread,
                           const struct trap_frame *frame);

/* Free stack, FPU area and the structure of a thread that never ran or is
 * DEAD and off its CPU (waits for that by yielding). */
void thread_destroy(struct thread *thread);

/* Current thread ends: switch away for the last time.  Someone else calls
 * thread_destroy() later. */
__noreturn void thread_exit_self(void);

static inline void thread_set_flag(struct thread *t, uint32_t flag)
{
    __atomic_fetch_or(&t->flags, flag, __ATOMIC_SEQ_CST);
}
static inline void thread_clear_flag(struct thread *t, uint32_t flag)
{
    __atomic_fetch_and(&t->flags, ~flag, __ATOMIC_SEQ_CST);
}
static inline bool thread_has_flag(const struct thread *t, uint32_t flag)
{
    return __atomic_load_n(&t->flags, __ATOMIC_SEQ_CST) & flag;
}

/* Slab caches of threads; boot only. */
void thread_init(void);

/* Top of the kernel stack. */
vaddr_t thread_stack_top(const struct thread *thread);

/* Lay out the stack of a thread that never ran so that it begins in
 * thread_first_run (entry.S). */
void thread_start_on_stack(struct thread *thread);

/* Continue on the stack of `thread`, in its entry function. */
__noreturn void thread_jump_to(struct thread *thread);
