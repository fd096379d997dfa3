/*
 * syscall/sys_ptrace.c - the requests of ptrace().
 *
 * Idea:   find the tracee, do one thing to it under the locks that keep it
 *         stopped, and copy to or from the tracer outside of them.
 * Locks:  process_tree_lock, inside it the signal_lock of the tracee's process.
 * Next:   proc/ptrace.c (what a stop is), proc/ptrace_regs.c.
 */
#include "abi/errno.h"
#include "abi/ptrace.h"
#include "base/string.h"
#include "proc/ptrace.h"
#include "proc/signal_state.h"
#include "syscall/syscalls.h"
#include "vm/address_space.h"
#include "vm/remote.h"
#include "vm/usercopy.h"

/* What a request reads or writes of a stopped tracee. */
union exchange {
    uint64_t word;
    siginfo_t info;
    struct user_regs_struct registers;
    struct user_fpregs_struct fpu;
};

/* One thing done to it, with its signal_lock held. */
typedef int (*tracee_action)(struct tracee *tr, uint64_t address,
                             union exchange *x);

static int on_tracee(int32_t tid, tracee_action action, uint64_t address,
                     union exchange *x)
{
    int err = -ESRCH;

    spin_lock(&process_tree_lock);
    struct tracee *tr = ptrace_find_locked(tid, true);
    if (tr) {
        spin_lock(&tr->thread->process->signal_lock);
        err = action(tr, address, x);
        spin_unlock(&tr->thread->process->signal_lock);
    }
    spin_unlock(&process_tree_lock);
    return err;
}

/* ---- what can be done --------------------------------------------------------- */

static int nothing(struct tracee *tr, uint64_t address, union exchange *x)
{
    return 0;
}

static int get_user_word(struct tracee *tr, uint64_t address, union exchange *x)
{
    return tracee_get_user(tr, address, &x->word);
}

static int set_user_word(struct tracee *tr, uint64_t address, union exchange *x)
{
    return tracee_set_user(tr, address, x->word);
}

static int get_registers(struct tracee *tr, uint64_t address, union exchange *x)
{
    tracee_get_registers(tr, &x->registers);
    return 0;
}

static int set_registers(struct tracee *tr, uint64_t bytes, union exchange *x)
{
    return tracee_set_registers(tr, bytes, &x->registers);
}

static int get_fpu(struct tracee *tr, uint64_t address, union exchange *x)
{
    tracee_get_fpu(tr, &x->fpu);
    return 0;
}

static int set_fpu(struct tracee *tr, uint64_t address, union exchange *x)
{
    return tracee_set_fpu(tr, &x->fpu);
}

static int get_info(struct tracee *tr, uint64_t address, union exchange *x)
{
    x->info = tr->info;
    return tr->has_info ? 0 : -EINVAL;
}

static int set_info(struct tracee *tr, uint64_t address, union exchange *x)
{
    if (!tr->has_info)
        return -EINVAL;
    tr->info = x->info;
    return 0;
}

static int get_message(struct tracee *tr, uint64_t address, union exchange *x)
{
    x->word = tr->message;
    return 0;
}

static int set_options(struct tracee *tr, uint64_t options, union exchange *x)
{
    if (options & ~(uint64_t)PTRACE_O_MASK)
        return -EINVAL;
    tr->options = (uint32_t)options;
    return 0;
}

/* ---- to and from the tracer ---------------------------------------------------- */

static int64_t get(int32_t tid, tracee_action action, uint64_t address,
                   unsigned long to, size_t bytes)
{
    union exchange x;
    int err = on_tracee(tid, action, address, &x);

    return err ? err : copy_to_user((void __user *)to, &x, bytes);
}

static int64_t set(int32_t tid, tracee_action action, unsigned long from,
                   size_t bytes)
{
    union exchange x;
    int err = on_tracee(tid, nothing, 0, NULL);

    if (err == 0)
        err = copy_from_user(&x, (const void __user *)from, bytes);
    return err ? err : on_tracee(tid, action, bytes, &x);
}

/* A set of registers by its kind, as much of it as the tracer has room for. */
static int64_t register_set(int32_t tid, unsigned long kind, bool is_set,
                            struct iovec __user *user_vec)
{
    bool fpu = kind == NT_FPREGSET;
    size_t size = fpu ? sizeof(struct user_fpregs_struct)
                      : sizeof(struct user_regs_struct);
    struct iovec vec;
    int64_t err = on_tracee(tid, nothing, 0, NULL);

    if (err)
        return err;
    if (get_user(vec, user_vec) != 0)
        return -EFAULT;
    if ((kind != NT_PRSTATUS && !fpu) || vec.iov_len % sizeof(uint64_t))
        return -EINVAL;
    size_t bytes = MIN(size, vec.iov_len);
    if (is_set && fpu && bytes < size)
        return -EINVAL;
    if (is_set)
        err = set(tid, fpu ? set_fpu : set_registers,
                  (unsigned long)vec.iov_base, bytes);
    else
        err = get(tid, fpu ? get_fpu : get_registers, 0,
                  (unsigned long)vec.iov_base, bytes);
    return err ? err : put_user(bytes, &user_vec->iov_len);
}

/* A word of the tracee's memory. */
static int64_t memory(int32_t tid, bool write, unsigned long address,
                      unsigned long data)
{
    struct address_space *space = NULL;
    uint64_t word = data;
    int64_t err = -ESRCH;

    spin_lock(&process_tree_lock);
    struct tracee *tr = ptrace_find_locked(tid, true);
    if (tr) {
        space = process_get_space(tr->thread->process);
        err = -EIO;
    }
    spin_unlock(&process_tree_lock);
    if (!space)
        return err;
    if (write)
        err = as_write_any(space, address, &word, sizeof(word));
    else
        err = as_read_any(space, address, &word, sizeof(word));
    as_put(space);
    if (err)
        return -EIO;
    return write ? 0 : put_user(word, (uint64_t __user *)data);
}

/* ---- requests that make it go on ------------------------------------------------ */

static int64_t resume(int32_t tid, long request, unsigned long signal)
{
    int64_t err = -ESRCH;

    spin_lock(&process_tree_lock);
    struct tracee *tr = ptrace_find_locked(tid, true);
    if (tr)
        err = signal > SIGNAL_MAX ? -EIO : 0;
    if (err == 0 && request == PTRACE_DETACH)
        ptrace_detach_locked(tr, (int)signal);
    else if (err == 0)
        ptrace_resume_locked(tr,
                             request == PTRACE_SYSCALL      ? TRACEE_CALLS
                             : request == PTRACE_SINGLESTEP ? TRACEE_STEPS
                                                            : TRACEE_RUNS,
                             (int)signal);
    spin_unlock(&process_tree_lock);
    return err;
}

/* Requests for tracees that need not be stopped, but LISTEN. */
static int64_t control(int32_t tid, long request)
{
    int64_t err = -ESRCH;

    spin_lock(&process_tree_lock);
    struct tracee *tr = ptrace_find_locked(tid, request == PTRACE_LISTEN);
    if (tr && request == PTRACE_LISTEN) {
        err = ptrace_listen_locked(tr);
    } else if (tr && request == PTRACE_INTERRUPT) {
        err = ptrace_interrupt_locked(tr);
    } else if (tr) {
        signal_send_process(tr->thread->process, SIGKILL, NULL);
        err = 0;
    }
    spin_unlock(&process_tree_lock);
    return err;
}

static int64_t attach(int32_t tid, bool seize, unsigned long address,
                      unsigned long options)
{
    if (seize && (address != 0 || (options & ~(uint64_t)PTRACE_O_MASK)))
        return -EIO;
    return ptrace_attach(tid, seize, seize ? (uint32_t)options : 0);
}

static int64_t poke_user(int32_t tid, unsigned long address, unsigned long data)
{
    union exchange x = { .word = data };

    return on_tracee(tid, set_user_word, address, &x);
}

int64_t sys_ptrace(long request, long pid, unsigned long address,
                   unsigned long data)
{
    int32_t tid = (int32_t)pid;

    switch (request) {
    case PTRACE_TRACEME:
        return ptrace_trace_me();
    case PTRACE_ATTACH:
    case PTRACE_SEIZE:
        return attach(tid, request == PTRACE_SEIZE, address, data);
    case PTRACE_KILL:
    case PTRACE_INTERRUPT:
    case PTRACE_LISTEN:
        return control(tid, request);
    case PTRACE_CONT:
    case PTRACE_SYSCALL:
    case PTRACE_SINGLESTEP:
    case PTRACE_DETACH:
        return resume(tid, request, data);
    case PTRACE_PEEKTEXT:
    case PTRACE_PEEKDATA:
    case PTRACE_POKETEXT:
    case PTRACE_POKEDATA:
        return memory(tid, request >= PTRACE_POKETEXT, address, data);
    case PTRACE_PEEKUSER:
        return get(tid, get_user_word, address, data, sizeof(uint64_t));
    case PTRACE_POKEUSER:
        return poke_user(tid, address, data);
    case PTRACE_GETREGS:
        return get(tid, get_registers, 0, data,
                   sizeof(struct user_regs_struct));
    case PTRACE_SETREGS:
        return set(tid, set_registers, data, sizeof(struct user_regs_struct));
    case PTRACE_GETFPREGS:
        return get(tid, get_fpu, 0, data, sizeof(struct user_fpregs_struct));
    case PTRACE_SETFPREGS:
        return set(tid, set_fpu, data, sizeof(struct user_fpregs_struct));
    case PTRACE_GETREGSET:
    case PTRACE_SETREGSET:
        return register_set(tid, address, request == PTRACE_SETREGSET,
                            (struct iovec __user *)data);
    case PTRACE_GETSIGINFO:
        return get(tid, get_info, 0, data, sizeof(siginfo_t));
    case PTRACE_SETSIGINFO:
        return set(tid, set_info, data, sizeof(siginfo_t));
    case PTRACE_GETEVENTMSG:
        return get(tid, get_message, 0, data, sizeof(uint64_t));
    case PTRACE_SETOPTIONS:
        return on_tracee(tid, set_options, data, NULL);
    default: /* errors for who is no tracee come first */
        return on_tracee(tid, nothing, 0, NULL) ? -ESRCH : -EIO;
    }
}
