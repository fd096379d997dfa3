/*
 * proc/signal.h - sending signals and acting on them.
 *
 * A signal is pending in a set (thread->pending or process->shared_pending)
 * with one queued siginfo, from signal_send_*() until signal_deliver() takes
 * it on the way to user mode.  The flags THREAD_SIGPENDING and THREAD_KILLED
 * tell sched/ what the sets mean for a sleep.
 */
#pragma once

#include "abi/signal.h"
#include "core/spinlock.h"
#include "core/types.h"

struct process;
struct thread;
struct trap_frame;

/* Signal n as a bit of a set. */
#define SIGNAL_BIT(n) (1ul << ((n)-1))

/* Never blocked, handled or ignored. */
#define SIGNALS_UNBLOCKABLE (SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP))

/* Send `signal` to a process (any thread of it takes it); `info` NULL: sent by
 * the kernel.  Context: any, also interrupts; the process cannot be reaped
 * meanwhile.  Locks: takes process->signal_lock. */
void signal_send_process(struct process *process, int signal,
                         const siginfo_t *info);

/* The same with the answer for the sender: 0, or -EAGAIN when a real-time signal
 * finds no room in the queue (RLIMIT_SIGPENDING, memory) and is not sent. */
__must_check int signal_queue_process(struct process *process, int signal,
                                      const siginfo_t *info);

/* The same to one thread of the process. */
__must_check int signal_queue_thread(struct process *process,
                                     struct thread *thread, int signal,
                                     const siginfo_t *info);

/*
 * kill(): `pid` > 0 a process, 0 the caller's group, -1 everybody but init and
 * the caller, else group -pid.  Signal 0 only checks.
 * Returns 0, -EINVAL, -ESRCH, -EPERM.
 */
int signal_kill(int32_t pid, int signal);

/* tgkill(): thread `tid` of process `pid` (0: whichever it belongs to). */
int signal_kill_thread(int32_t pid, int32_t tid, int signal);

/* rt_sigqueueinfo() and rt_tgsigqueueinfo(): `signal` with the caller's `info`
 * to process `pid`, or (`tid` not 0) to that thread of it.  Only to itself may
 * it pretend to be kill() or the kernel.  Returns 0, -EINVAL, -ESRCH, -EPERM,
 * -EAGAIN. */
int signal_queue(int32_t pid, int32_t tid, int signal, siginfo_t *info);

/* To every process of a group.  Returns 0, -ESRCH when it has no member.
 * Context: any.  Locks: takes process_tree_lock. */
int signal_send_group(int32_t group, int signal);

/* A fault of the current thread: a handler runs, but without one, or with the
 * signal ignored or blocked, it kills, with a log line.  `address` becomes
 * si_addr.  Acted on by the signal_deliver() that follows. */
void signal_force_fault(int signal, int code, uint64_t address,
                        struct trap_frame *frame);

/*
 * On the way to user mode with THREAD_WORK set: act on signals (may build a
 * handler frame in *frame, or not return), restart or interrupt a system call,
 * put the mask of sigsuspend back.  Context: interrupts on, no lock.
 */
void signal_deliver(struct trap_frame *frame);

/* Take a signal of `set` from the current thread's pending ones, lowest first
 * but faults before others.  Returns it with *info, or 0. */
int signal_take(uint64_t set, siginfo_t *info);

/* Wait until a signal of `set` is pending, blocked or not, and take it.
 * Returns it with *info; -EAGAIN at `deadline`, -EINTR for another signal. */
int signal_wait(uint64_t set, uint64_t deadline, siginfo_t *info);

/* Signals pending for the current thread, blocked or not. */
uint64_t signal_pending_set(void);

/* Would `signal`, sent to the current thread, be blocked or ignored? */
bool signal_is_held_off(int signal);

/* Replace the current thread's mask (without the unblockable ones). */
void signal_set_mask(uint64_t mask);

/* For sigsuspend and ppoll: `mask` until the next signal_deliver(), which puts
 * the present one back. */
void signal_set_temporary_mask(uint64_t mask);

/* What `process` does on `signal`, copied to *out. */
void signal_get_action(struct process *process, int signal,
                       struct kernel_sigaction *out);

/* rt_sigaction for the current process; either pointer may be NULL.
 * Returns 0 or -EINVAL. */
__must_check int signal_set_action(int signal,
                                   const struct kernel_sigaction *action,
                                   struct kernel_sigaction *old);

/* New handlers: a copy of `from`, or (NULL) the defaults; NULL: no memory. */
__must_check struct signal_handlers *
signal_handlers_create(struct signal_handlers *from);
struct signal_handlers *signal_handlers_get(struct signal_handlers *handlers);
void signal_handlers_put(struct signal_handlers *handlers);

/* exec: handled signals go back to their default, ignored ones stay so. */
void signal_reset_handlers(struct process *process);

/* Free what is queued for a process that is being freed. */
void signal_flush(struct process *process);

/* Boot. */
void signal_init(void);
