/*
 * proc/process.h - the process control block.
 *
 * Objects: struct process is what fork makes and wait reaps; threads, address
 *   space, files, fs context and signal handlers are objects of their own that
 *   it refers to.  struct pid is a number with what bears it (process, thread,
 *   group, session) so that a number is not reused while any of them lives.
 * Locks: the process tree (parents, children, groups, sessions, pid table) is
 *   guarded by process_tree_lock; one process' threads, limits and accounting
 *   by process->lock; signal state by process->signal_lock.
 */
#pragma once

#include "abi/resource.h"
#include "abi/signal.h"
#include "fs/file.h"
#include "fs/vfs.h"
#include "sched/sched.h"
#include "vm/address_space.h"

struct tty;

/* Numbers with bearers; [T] process_tree_lock */
struct pid {
    int32_t number;              /* [I] */
    uint32_t refs;               /* [T] bearers and lookups */
    struct process *process;     /* [T] whose pid it is (alive or zombie) */
    struct thread *thread;       /* [T] whose tid it is */
    struct list_node group;      /* [T] processes of this group */
    struct list_node session;    /* [T] processes of this session */
};

/* Handlers, shared by CLONE_SIGHAND.  [S] signal_lock of any sharer... */
struct signal_handlers {
    uint32_t refs;               /* [a] */
    struct spinlock lock;
    struct kernel_sigaction action[64]; /* [L] action[n-1] for signal n */
};

struct credentials {
    uint32_t uid, euid, suid, fsuid;
    uint32_t gid, egid, sgid, fsgid;
};

enum process_life { PROCESS_NEW, PROCESS_ALIVE, PROCESS_ZOMBIE };

/* Textbook states, derived by process_state(). */
enum process_state {
    STATE_NEW, STATE_READY, STATE_RUNNING, STATE_BLOCKED, STATE_ZOMBIE
};

/*
 * Lock key: [I] set at creation  [T] process_tree_lock  [L] this->lock
 *           [G] signal_lock  [S] its own threads only  [a] atomic
 */
struct process {
    int32_t pid;                     /* [I] = tid of its first thread */
    struct pid *pid_entry;           /* [I] */
    uint8_t life;                    /* [T] enum process_life */
    struct process *parent;          /* [T] never NULL but for init */
    struct list_node children;       /* [T] */
    struct list_node sibling_link;   /* [T] in parent->children */
    struct pid *group;               /* [T] */
    struct list_node group_link;     /* [T] */
    struct pid *session_entry;       /* [T] */
    struct list_node session_link;   /* [T] */
    struct tty *terminal;            /* [T] controlling terminal or NULL */
    struct list_node all_link;       /* [T] in process_list */
    struct wait_queue child_exited;  /* parent sleeps here in wait4 */

    struct spinlock lock;
    struct list_node threads;        /* [L] */
    uint32_t thread_count;           /* [L] */
    struct address_space *space;     /* [S] replaced by exec only */
    struct fd_table *files;          /* [S] */
    struct fs_context *fs;           /* [S] */
    struct inode *executable;        /* [L] /proc/PID/exe, denied writing */
    struct credentials credentials;  /* [L] */
    struct rlimit limits[RLIM_NLIMITS]; /* [L] */
    char name[16];                   /* [L] comm */
    bool did_exec;                   /* [L] setpgid rule */
    struct wait_queue *vfork_done;   /* [T] parent waits for exec or exit */
    bool vfork_waiting;              /* [T] */
    int32_t exit_signal;             /* [I] sent to the parent, SIGCHLD */
    int32_t nice;                    /* [L] */

    struct spinlock signal_lock;
    struct signal_handlers *handlers;/* [I] */
    uint64_t shared_pending;         /* [G] bit n-1 */
    void *shared_info;               /* [G] queued siginfo, proc/signal.c */
    bool group_exiting;              /* [G] exit_group or a fatal signal */
    int32_t exit_status;             /* [G] wait status once group_exiting */
    struct timer alarm_timer;        /* ITIMER_REAL */
    uint64_t alarm_interval;         /* [G] ns */

    uint64_t start_ns;               /* [I] clock_now_ns at fork */
    uint64_t dead_run_ns;            /* [L] of threads that ended */
    uint64_t dead_user_ticks, dead_kernel_ticks; /* [L] */
    uint64_t dead_min_faults, dead_maj_faults;   /* [L] */
    uint64_t dead_voluntary, dead_involuntary;   /* [L] */
    struct rusage children_usage;    /* [T] of reaped children */
};

extern struct spinlock process_tree_lock;
extern struct list_node process_list;   /* [T] all, also zombies */
extern struct process *init_process;    /* [I] pid 1 */

/* The running process; NULL in kernel threads. */
static inline struct process *process_current(void)
{
    return this_cpu->current->process;
}

/* Send `signal` with default kernel siginfo to a process / all of a group.
 * Context: any, also interrupts.  Takes process locks. */
void signal_send_process(struct process *process, int signal,
                         const siginfo_t *info);
int signal_send_group(int32_t group, int signal);

/* A fault of the current thread: forced delivery (SIG_IGN or blocked kills),
 * with a log line when it kills. */
void signal_force_fault(int signal, int code, uint64_t address,
                        struct trap_frame *frame);

/* On the way to user mode with THREAD_WORK set: deliver signals (may build a
 * handler frame in *frame or not return), restart or interrupt a system call.
 * Context: interrupts on. */
void signal_deliver(struct trap_frame *frame);

/* End the current process with wait status `status` (exit code << 8 or signal);
 * takes all its threads along. */
__noreturn void process_exit_group(int32_t status);

/* Boot: make pid 1 run `path` with argv; panics if it cannot. */
void process_start_init(const char *path);
