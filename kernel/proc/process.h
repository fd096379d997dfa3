/*
 * proc/process.h - the process control block.
 *
 * Objects: struct process is what fork makes and wait reaps; threads, address
 *   space, files, fs context and signal handlers are objects of their own that
 *   it refers to.  struct pid (proc/pid.h) is a number with what bears it.
 * Locks: the process tree (parents, children, groups, sessions, pid table) is
 *   guarded by process_tree_lock; one process' threads, limits and accounting
 *   by process->lock; signal state by process->signal_lock.
 */
#pragma once

#include "abi/resource.h"
#include "abi/signal.h"
#include "fs/file.h"
#include "fs/vfs.h"
#include "proc/signal.h"
#include "sched/sched.h"
#include "vm/address_space.h"

struct tty;

struct pid;
struct signal_entry;

/* Handlers, shared by CLONE_SIGHAND. */
struct signal_handlers {
    uint32_t refs; /* [a] */
    struct spinlock lock;
    struct kernel_sigaction action[64]; /* [L] action[n-1] for signal n */
};

struct credentials {
    uint32_t uid, euid, suid, fsuid;
    uint32_t gid, egid, sgid, fsgid;
};

/* What threads have used up.  Lock key: as the counters of struct thread */
struct thread_usage {
    uint64_t run_ns, user_ticks, kernel_ticks;
    uint64_t voluntary, involuntary; /* context switches */
    uint64_t min_faults, maj_faults;
};

/* A timer on the CPU time of a process.  Lock key: [G] signal_lock */
struct cpu_timer {
    uint64_t at;       /* [G] ns of CPU time, 0: not running */
    uint64_t interval; /* [G] ns, 0: once */
};

enum process_life { PROCESS_NEW, PROCESS_ALIVE, PROCESS_ZOMBIE };

/* Textbook states, derived by process_state(). */
enum process_state {
    STATE_NEW,
    STATE_READY,
    STATE_RUNNING,
    STATE_BLOCKED,
    STATE_READY_SUSPENDED,
    STATE_BLOCKED_SUSPENDED,
    STATE_STOPPED,
    STATE_ZOMBIE
};

/*
 * Lock key: [I] set at creation  [T] process_tree_lock  [L] this->lock
 *           [G] signal_lock  [S] its own threads only  [a] atomic; S and a
 *           letter: that lock is held to write, or to read from elsewhere;
 *           TLG: all three are held to write, one of them to read
 */
struct process {
    int32_t pid;                   /* [I] = tid of its first thread */
    struct pid *pid_entry;         /* [I] */
    uint8_t life;                  /* [T] enum process_life */
    struct process *parent;        /* [T] never NULL but for init */
    int32_t parent_pid;            /* [T] to write, read without: its pid */
    int32_t parent_tid;            /* [T] the parent's thread for __WNOTHREAD */
    struct list_node children;     /* [T] */
    struct list_node sibling_link; /* [T] in parent->children */
    struct pid *group;             /* [T] */
    struct list_node group_link;   /* [T] */
    struct pid *session_entry;     /* [T] */
    struct list_node session_link; /* [T] */
    struct tty *terminal;          /* [T] controlling terminal or NULL */
    struct list_node all_link;     /* [T] in process_list */
    struct list_node tracees;      /* [T] that its threads trace, ptrace.h */
    bool undumpable;               /* [T] only the superuser may trace it */
    struct wait_queue child_exited; /* it sleeps here in wait4 and vfork */

    struct spinlock lock;
    struct list_node threads;  /* [TLG] that have not left, and leader */
    uint32_t thread_count;     /* [TLG] that have not left */
    struct thread *leader;     /* [TLG] whose tid is the pid */
    struct list_node departed; /* [T] threads that left, to be freed */
    struct thread_usage departed_usage; /* [L] theirs */
    struct thread *exec_thread;         /* [G] it executes: all others leave */
    struct wait_queue thread_left;      /* exec_thread sleeps here */
    struct address_space *space;    /* [SL] replaced by exec, NULL when dead */
    struct fd_table *files;         /* [SL] ditto */
    struct fs_context *fs;          /* [SL] ditto */
    struct inode *executable;       /* [L] /proc/PID/exe, denied writing */
    struct credentials credentials; /* [L] */
    struct rlimit limits[RLIM_NLIMITS]; /* [L] */
    char name[16];                      /* [L] comm */
    bool did_exec;                      /* [L] setpgid rule */
    int16_t oom_score_adj;     /* [T] thousandths of memory, proc/oom.c */
    int16_t oom_score_adj_min; /* [T] the least it has without privilege */
    bool oom_given_up;         /* [T] it was to die of it, and does not */
    bool vfork_waiting;        /* [T] its parent waits until it executes
                                        or exits */
    int32_t exit_signal;       /* [T] sent to the parent, SIGCHLD */

    struct spinlock signal_lock;
    struct signal_handlers *handlers;  /* [SG] replaced by exec only */
    uint64_t shared_pending;           /* [G] bit n-1 */
    struct signal_entry *shared_queue; /* [G] their siginfo, proc/signal.c */
    uint32_t queued_signals;           /* [G] entries in all queues */
    bool stop_taken;     /* [G] a stop signal was taken, no SIGCONT since */
    int32_t stop_signal; /* [G] its threads are to park, 0: or go on */
    uint32_t parked;     /* [G] how many have */
    bool stopped;        /* [G] all have */
    bool tell_continued; /* [G] the parent does not know yet */
    int32_t report; /* [G] wait status of the last stop or continue, 0: none */
    struct wait_queue continued;    /* parked threads sleep here */
    uint8_t suspend_reasons;        /* [G] enum suspend_reason, 0: not out */
    uint64_t suspend_changed_ns;    /* [G] when it went out or came back */
    struct wait_queue resumed;      /* its threads sleep here meanwhile */
    bool group_exiting;             /* [G] exit_group or a fatal signal */
    int32_t exit_status;            /* [G] wait status once group_exiting */
    struct timer alarm_timer;       /* ITIMER_REAL */
    uint64_t alarm_at;              /* [G] when it is due, 0: not running */
    uint64_t alarm_interval;        /* [G] ns, 0: once */
    struct cpu_timer cpu_timers[2]; /* ITIMER_VIRTUAL, ITIMER_PROF */

    uint64_t start_ns;                     /* [I] clock_now_ns at fork */
    uint64_t told_user_ns, told_system_ns; /* [L] by process_times() last */
    uint64_t peak_rss;            /* [L] pages, of spaces it has left */
    struct rusage children_usage; /* [T] of reaped children */
};

extern struct spinlock process_tree_lock;
extern struct list_node process_list; /* [T] all, also zombies */
extern struct process *init_process;  /* [I] pid 1 */

/* The running process; NULL in kernel threads. */
static inline struct process *process_current(void)
{
    return this_cpu->current->process;
}

/* Process `pid`, alive or zombie; NULL if there is none. */
struct process *process_find_locked(int32_t pid) MUST_HOLD(process_tree_lock);

/* The textbook's state, from the stored life and the threads' states. */
enum process_state process_state(const struct process *process)
    MUST_HOLD(process_tree_lock);

/* The number of its group or session, 0 in kernel threads. */
int32_t process_group_of(const struct process *process)
    MUST_HOLD(process_tree_lock);
int32_t process_session_of(const struct process *process)
    MUST_HOLD(process_tree_lock);

/* Its address space or descriptor table with a reference, for as_put() or
 * fd_table_return(); NULL once it has none.
 * Locks: takes process->lock; the caller keeps the process from being reaped
 * (it is the current one, or the tree lock is held). */
struct address_space *process_get_space(struct process *process);
struct fd_table *process_get_files(struct process *process);

/* May the running process send signals to `target`?  Whoever started a program
 * may, though it has got other rights by a set-user-ID bit. */
bool process_may_signal(const struct process *target);

/* May it look into `target` and set its limits?  All of the target's ids must
 * be its own, or the rights of a set-user-ID program would be anybody's. */
bool process_may_inspect(const struct process *target);

/*
 * A process without threads, space, files, fs context, handlers or pid, in
 * nobody's list; limits, name and credentials are those of `model` (NULL: the
 * defaults).  NULL when memory is out.
 */
__must_check struct process *process_alloc(const struct process *model);

/* Undo process_alloc() and drop what the process refers to by now.
 * Context: may sleep; the process is in no list. */
void process_free(struct process *process);

/* Give `thread` to `process`, as its first one.  Neither is known to anybody
 * yet. */
void process_adopt_thread(struct process *process, struct thread *thread);

/* Enter `process` into tree, lists and pid table as `pid` (takes over the
 * reference), child of `parent` (NULL: pid 1) and member of its group and
 * session. */
void process_link_locked(struct process *process, struct pid *pid,
                         struct process *parent) MUST_HOLD(process_tree_lock);

/* Take a zombie out of tree, lists and pid table; process_free() is next. */
void process_unlink_locked(struct process *process)
    MUST_HOLD(process_tree_lock);

/* Drop the address space, files, fs context and executable of the current
 * process.  Context: may sleep. */
void process_release_parts(struct process *process);

/* Let a parent that waits in vfork() for `process` go on. */
void process_release_vfork(struct process *process);

/* Boot: caches, pid table and the hooks that fs/ and dev/ call. */
void process_init(void);

/* A zombie: tell a tracer that is not its parent, else the parent, and bury it
 * if nobody is to wait for it. */
void process_tell_exit_locked(struct process *process)
    MUST_HOLD(process_tree_lock);

/* End the current process, all its threads, with wait status `status` (exit
 * code << 8, or signal number, + 0x80 for those that dump core). */
__noreturn void process_exit_group(int32_t status);

/* set_tid_address(): whoever shares the memory of thread `t`, the current one,
 * can see that it is gone.  A bad address is nobody's business any more. */
void exit_tell_user(struct thread *t);

/* End the current thread; with the last one ends the process, and `status` is
 * its wait status. */
__noreturn void process_exit_thread(int32_t status);

/* Boot: make pid 1 run `path` with argv {path}; panics if it cannot. */
void process_start_init(const char *path);
