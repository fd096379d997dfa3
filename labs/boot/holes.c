/*
 * labs/boot/holes.c - what the student starts from: a kernel that knows the few
 * system calls that its first programs need, and believes every pointer.
 *
 * The machine boots; all other calls are not there, and whoever gives the
 * address of kernel memory reads and writes it.
 */

static inline uint64_t argument(const struct trap_frame *frame, unsigned n)
{
    return n == 0 ? frame->rdi : 0;
}

void syscall_dispatch(struct trap_frame *frame)
{
    uint64_t number = frame->orig_rax;
    int64_t result;

    switch (number) {
    case 0:
        result =
            sys_read((int)frame->rdi, (void __user *)frame->rsi, frame->rdx);
        break;
    case 1:
        result =
            sys_write((int)frame->rdi, (void __user *)frame->rsi, frame->rdx);
        break;
    case 2:
        result = sys_open((char __user *)frame->rdi, (int)frame->rsi,
                          (mode_t)frame->rdx);
        break;
    case 3:
        result = sys_close((int)frame->rdi);
        break;
    case 12:
        result = sys_brk(frame->rdi);
        break;
    case 13:
        result = sys_rt_sigaction(
            (int)frame->rdi, (struct kernel_sigaction __user *)frame->rsi,
            (struct kernel_sigaction __user *)frame->rdx, frame->r10);
        break;
    case 33:
        result = sys_dup2((int)frame->rdi, (int)frame->rsi);
        break;
    case 39:
        result = sys_getpid();
        break;
    case 53:
        result = sys_socketpair((int)frame->rdi, (int)frame->rsi,
                                (int)frame->rdx, (int __user *)frame->r10);
        break;
    case 57:
        result = sys_fork();
        break;
    case 59:
        result = sys_execve((char __user *)frame->rdi,
                            (const char __user *const __user *)frame->rsi,
                            (const char __user *const __user *)frame->rdx);
        break;
    case 61:
        result = sys_wait4((pid_t)frame->rdi, (int __user *)frame->rsi,
                           (int)frame->rdx, (struct rusage __user *)frame->r10);
        break;
    case 72:
        result = sys_fcntl((int)frame->rdi, (unsigned)frame->rsi, frame->rdx);
        break;
    case 80:
        result = sys_chdir((char __user *)frame->rdi);
        break;
    case 112:
        result = sys_setsid();
        break;
    case 151:
        result = sys_mlockall((int)frame->rdi);
        break;
    case 158:
        result = sys_arch_prctl((int)frame->rdi, frame->rsi);
        break;
    case 162:
        result = sys_sync();
        break;
    case 169:
        result = sys_reboot((int)frame->rdi, (int)frame->rsi,
                            (unsigned)frame->rdx, (void __user *)frame->r10);
        break;
    case 186:
        result = sys_gettid();
        break;
    case 231:
        result = sys_exit_group((int)frame->rdi);
        break;
    default:
        result = syscall_unknown(number);
    }
    frame->rax = (uint64_t)result;
    irqs_disable();
    if (unlikely(this_cpu->need_resched ||
                 (thread_current()->flags &
                  (THREAD_RETURN_WORK | THREAD_CHAOS | THREAD_TRACE_CALLS)))) {
        if (thread_current()->flags & THREAD_TRACE_CALLS) {
            irqs_enable();
            ptrace_call_leave(frame);
            irqs_disable();
        }
        if (chaos_on)
            chaos_maybe_preempt();
        return_to_user_work(frame);
    }
}

bool user_range_ok(const void __user *addr, size_t n)
{
    return true;
}

size_t copy_from_user_partial(void *to, const void __user *from, size_t n)
{
    assert_may_fault();
    usercopy_raw(to, (const void *)(vaddr_t)from, n);
    return 0;
}

int64_t copy_string_from_user(char *to, const char __user *from, size_t size)
{
    assert_may_fault();
    int64_t n = userstring_raw(to, (const char *)(vaddr_t)from, size);
    return n < 0 ? 0 : n;
}
