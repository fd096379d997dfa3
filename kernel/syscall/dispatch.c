/*
 * syscall/dispatch.c - from a number in RAX to a handler, by table.
 *
 * Registers hold the arguments in the order rdi rsi rdx r10 r8 r9
 * [SysV ABI "Linux conventions"].  For each call abi/syscall.def makes a thunk
 * that narrows the registers to the handler's types, so that garbage in upper
 * halves never reaches it.
 */
#include "core/trace.h"
#include "proc/ptrace.h"
#include "syscall/syscalls.h"
#include "x86/trap_frame.h"

/* Argument n of a call, the first one is 0. */
static inline uint64_t argument(const struct trap_frame *frame, unsigned n)
{
    switch (n) {
    case 0:
        return frame->rdi;
    case 1:
        return frame->rsi;
    case 2:
        return frame->rdx;
    case 3:
        return frame->r10;
    case 4:
        return frame->r8;
    default:
        return frame->r9;
    }
}

#define SYSCALL0(nr, name)                                                     \
    static int64_t thunk_##name(const struct trap_frame *f)                    \
    {                                                                          \
        return sys_##name();                                                   \
    }
#define SYSCALL1(nr, name, t1, a1)                                             \
    static int64_t thunk_##name(const struct trap_frame *f)                    \
    {                                                                          \
        return sys_##name((t1)argument(f, 0));                                 \
    }
#define SYSCALL2(nr, name, t1, a1, t2, a2)                                     \
    static int64_t thunk_##name(const struct trap_frame *f)                    \
    {                                                                          \
        return sys_##name((t1)argument(f, 0), (t2)argument(f, 1));             \
    }
#define SYSCALL3(nr, name, t1, a1, t2, a2, t3, a3)                             \
    static int64_t thunk_##name(const struct trap_frame *f)                    \
    {                                                                          \
        return sys_##name((t1)argument(f, 0), (t2)argument(f, 1),              \
                          (t3)argument(f, 2));                                 \
    }
#define SYSCALL4(nr, name, t1, a1, t2, a2, t3, a3, t4, a4)                     \
    static int64_t thunk_##name(const struct trap_frame *f)                    \
    {                                                                          \
        return sys_##name((t1)argument(f, 0), (t2)argument(f, 1),              \
                          (t3)argument(f, 2), (t4)argument(f, 3));             \
    }
#define SYSCALL5(nr, name, t1, a1, t2, a2, t3, a3, t4, a4, t5, a5)             \
    static int64_t thunk_##name(const struct trap_frame *f)                    \
    {                                                                          \
        return sys_##name((t1)argument(f, 0), (t2)argument(f, 1),              \
                          (t3)argument(f, 2), (t4)argument(f, 3),              \
                          (t5)argument(f, 4));                                 \
    }
#define SYSCALL6(nr, name, t1, a1, t2, a2, t3, a3, t4, a4, t5, a5, t6, a6)     \
    static int64_t thunk_##name(const struct trap_frame *f)                    \
    {                                                                          \
        return sys_##name((t1)argument(f, 0), (t2)argument(f, 1),              \
                          (t3)argument(f, 2), (t4)argument(f, 3),              \
                          (t5)argument(f, 4), (t6)argument(f, 5));             \
    }
#include "abi/syscall.def"
#undef SYSCALL0
#undef SYSCALL1
#undef SYSCALL2
#undef SYSCALL3
#undef SYSCALL4
#undef SYSCALL5
#undef SYSCALL6

#define ENTRY(nr, name)         [nr] = thunk_##name,
#define SYSCALL0(nr, name)      ENTRY(nr, name)
#define SYSCALL1(nr, name, ...) ENTRY(nr, name)
#define SYSCALL2(nr, name, ...) ENTRY(nr, name)
#define SYSCALL3(nr, name, ...) ENTRY(nr, name)
#define SYSCALL4(nr, name, ...) ENTRY(nr, name)
#define SYSCALL5(nr, name, ...) ENTRY(nr, name)
#define SYSCALL6(nr, name, ...) ENTRY(nr, name)
const syscall_thunk syscall_table[SYSCALL_LIMIT] = {
#include "abi/syscall.def"
};

static int64_t call_slowly(struct trap_frame *frame)
{
    if (this_cpu->syscall_limit == 0 && !ptrace_call_enter(frame))
        return (int64_t)frame->rax; /* skipped; the tracer may have set it */
    uint64_t number = frame->orig_rax;
    if (number < SYSCALL_LIMIT && syscall_table[number])
        return syscall_table[number](frame);
    return syscall_unknown(number);
}

int64_t syscall_slow(struct trap_frame *frame)
{
    uint64_t number = frame->orig_rax;

    trace(SYSCALL_ENTER, number, frame->rdi, frame->rsi, frame->rdx, frame->r10,
          frame->r8);
    int64_t result = call_slowly(frame);
    trace(SYSCALL_EXIT, number, result);
    return result;
}
