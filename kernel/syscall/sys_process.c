/*
 * syscall/sys_process.c - making, replacing, ending and awaiting processes.
 *
 * Idea:  arguments are decoded here, everything is done in proc/.
 */
#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/prctl.h"
#include "abi/sched.h"
#include "abi/wait.h"
#include "base/string.h"
#include "proc/exec.h"
#include "proc/fork.h"
#include "proc/group.h"
#include "proc/process.h"
#include "proc/wait.h"
#include "syscall/path_args.h"
#include "syscall/syscalls.h"
#include "vm/usercopy.h"
#include "x86/cpu.h"

int64_t sys_fork(void)
{
    const struct clone_request request = { .exit_signal = SIGCHLD };

    return process_clone(&request);
}

int64_t sys_vfork(void)
{
    const struct clone_request request = { .flags = CLONE_VM | CLONE_VFORK,
                                           .exit_signal = SIGCHLD };

    return process_clone(&request);
}

int64_t sys_clone(unsigned long flags, unsigned long stack,
                  int __user *parent_tid, int __user *child_tid,
                  unsigned long tls)
{
    const struct clone_request request = {
        .flags = (uint32_t)flags & ~(uint32_t)CSIGNAL,
        .exit_signal = (int)(flags & CSIGNAL),
        .stack = stack,
        .parent_tid = parent_tid,
        .child_tid = child_tid,
        .tls = tls,
    };

    return process_clone(&request);
}

/* A structure of `size` bytes that may be older or newer than ours: what is
 * missing is zero, what is more must be.  0, -EINVAL, -E2BIG, -EFAULT. */
static int64_t copy_clone_args(struct clone_args *out,
                               const struct clone_args __user *args,
                               size_t size)
{
    const char __user *extra = (const char __user *)args + sizeof(*out);
    char byte;

    if (size > PAGE_SIZE)
        return -E2BIG;
    if (size < CLONE_ARGS_SIZE_VER0)
        return -EINVAL;
    for (size_t i = sizeof(*out); i < size; i++, extra++) {
        if (get_user(byte, extra) != 0)
            return -EFAULT;
        if (byte != 0)
            return -E2BIG;
    }
    memset(out, 0, sizeof(*out));
    return copy_from_user(out, args, MIN(size, sizeof(*out)));
}

static bool are_clone_args_valid(const struct clone_args *a)
{
    const uint64_t not_here =
        CLONE_DETACHED | CSIGNAL | ~(UINT32_MAX | CLONE_CLEAR_SIGHAND);

    if ((a->flags & not_here) || a->exit_signal > SIGNAL_MAX ||
        (a->flags & CLONE_THREAD && a->exit_signal != 0))
        return false;
    if (a->set_tid || a->set_tid_size)
        return false; /* numbers cannot be chosen */
    if ((a->stack == 0) != (a->stack_size == 0))
        return false;
    return a->stack < USER_END && a->stack_size <= USER_END - a->stack;
}

int64_t sys_clone3(const struct clone_args __user *args, size_t size)
{
    struct clone_args a;
    int64_t err = copy_clone_args(&a, args, size);

    if (err)
        return err;
    if (!are_clone_args_valid(&a))
        return -EINVAL;
    const struct clone_request request = {
        .flags = a.flags,
        .exit_signal = (int)a.exit_signal,
        .stack = a.stack + a.stack_size,
        .parent_tid = (int __user *)a.parent_tid,
        .child_tid = (int __user *)a.child_tid,
        .tls = a.tls,
    };
    return process_clone(&request);
}

int64_t sys_execve(const char __user *path,
                   const char __user *const __user *argv,
                   const char __user *const __user *envp)
{
    struct path_arg arg;
    int64_t err = path_arg_get(&arg, AT_FDCWD, path, PATH_NOT_EMPTY);

    if (err)
        return err;
    err = process_exec(arg.path, argv, envp);
    path_arg_put(&arg);
    return err;
}

int64_t sys_exit_group(int status)
{
    process_exit_group(WAIT_STATUS_EXITED(status));
}

int64_t sys_exit(int status)
{
    process_exit_thread(WAIT_STATUS_EXITED(status));
}

static int put_usage(struct rusage __user *to, const struct rusage *usage)
{
    return to ? copy_to_user(to, usage, sizeof(*usage)) : 0;
}

int64_t sys_wait4(pid_t pid, int __user *status, int options,
                  struct rusage __user *usage)
{
    const unsigned known =
        WNOHANG | WUNTRACED | WCONTINUED | __WNOTHREAD | __WCLONE | __WALL;
    struct child_request r = { .which = P_ALL, .options = options | WEXITED };
    struct child_result result;

    if ((unsigned)options & ~known)
        return -EINVAL;
    if (pid == INT32_MIN)
        return -ESRCH;
    if (pid > 0) {
        r.which = P_PID;
        r.id = pid;
    } else if (pid != -1) {
        r.which = P_PGID;
        r.id = pid == 0 ? (int32_t)group_get(0) : -pid;
    }
    int64_t got = process_wait(&r, &result);
    if (got <= 0)
        return got;
    if (status && put_user(result.status, status) != 0)
        return -EFAULT;
    return put_usage(usage, &result.usage) ? -EFAULT : got;
}

/* What waitid() tells of a child; all zero when none has changed. */
static siginfo_t waitid_info(const struct child_result *r)
{
    siginfo_t info;

    memset(&info, 0, sizeof(info));
    if (!r)
        return info;
    info.si_signo = SIGCHLD;
    info.si_pid = r->pid;
    info.si_uid = r->uid;
    if (WIFEXITED(r->status)) {
        info.si_code = CLD_EXITED;
        info.si_status = WEXITSTATUS(r->status);
    } else if (WIFCONTINUED(r->status)) {
        info.si_code = CLD_CONTINUED;
        info.si_status = SIGCONT;
    } else if (WIFSTOPPED(r->status)) {
        info.si_code = r->trapped ? CLD_TRAPPED : CLD_STOPPED;
        info.si_status = r->status >> 8; /* with the event of a tracee */
    } else {
        info.si_code = WCOREDUMP(r->status) ? CLD_DUMPED : CLD_KILLED;
        info.si_status = WTERMSIG(r->status);
    }
    return info;
}

static int waitid_request(int which, int32_t number, int options,
                          struct child_request *r)
{
    const unsigned known = WNOHANG | WNOWAIT | WEXITED | WSTOPPED | WCONTINUED |
                           __WNOTHREAD | __WCLONE | __WALL;

    if (((unsigned)options & ~known) ||
        !(options & (WEXITED | WSTOPPED | WCONTINUED)))
        return -EINVAL;
    if (which != P_ALL && which != P_PID && which != P_PGID)
        return -EINVAL;
    if ((which == P_PID && number <= 0) || (which == P_PGID && number < 0))
        return -EINVAL;
    if (which == P_PGID && number == 0)
        number = (int32_t)group_get(0);
    *r = (struct child_request){ which, number, options };
    return 0;
}

int64_t sys_waitid(int which, pid_t id, siginfo_t __user *info, int options,
                   struct rusage __user *usage)
{
    struct child_request r;
    struct child_result result;
    int64_t got = waitid_request(which, id, options, &r);

    if (got == 0)
        got = process_wait(&r, &result);
    /* As on Linux an error leaves zeroes, too. */
    siginfo_t out = waitid_info(got > 0 ? &result : NULL);
    if (got > 0 && put_usage(usage, &result.usage) != 0)
        return -EFAULT;
    if (info && copy_to_user(info, &out, sizeof(out)) != 0)
        return -EFAULT;
    return MIN(got, 0);
}

int64_t sys_getpid(void)
{
    return process_current()->pid;
}

int64_t sys_gettid(void)
{
    return thread_current()->tid;
}

int64_t sys_getppid(void)
{
    return __atomic_load_n(&process_current()->parent_pid, __ATOMIC_RELAXED);
}

int64_t sys_set_tid_address(int __user *tid)
{
    thread_current()->clear_child_tid = (uint64_t)tid;
    return thread_current()->tid;
}

/* The thread's base registers live in the CPU; sched/ keeps them at switches.
 * A base must lie in the user half, so that no later WRMSR can fault. */
int64_t sys_arch_prctl(int operation, unsigned long address)
{
    uint64_t __user *out = (uint64_t __user *)address;

    switch (operation) {
    case ARCH_SET_FS:
        if (address >= USER_END)
            return -EPERM;
        cpu_set_fs_base(address);
        return 0;
    case ARCH_SET_GS:
        if (address >= USER_END)
            return -EPERM;
        cpu_set_user_gs_base(address);
        return 0;
    case ARCH_GET_FS:
        return put_user(cpu_get_fs_base(), out);
    case ARCH_GET_GS:
        return put_user(cpu_get_user_gs_base(), out);
    default:
        return -EINVAL;
    }
}
