/*
 * syscall/syscalls.h - prototypes of all handlers, from abi/syscall.def.
 *
 * A handler decodes descriptors and strings, calls the module that does the
 * work, and returns a value >= 0 or -errno.  Interrupts are on, nothing is
 * locked; user pointers are untouched so far.
 */
#pragma once

#include "abi/mqueue.h"
#include "abi/msg.h"
#include "abi/poll.h"
#include "abi/resource.h"
#include "abi/select.h"
#include "abi/sem.h"
#include "abi/shm.h"
#include "abi/signal.h"
#include "abi/socket.h"
#include "abi/stat.h"
#include "abi/statfs.h"
#include "abi/sysinfo.h"
#include "abi/time.h"
#include "abi/types.h"
#include "abi/uio.h"
#include "abi/utsname.h"
#include "core/types.h"
#include "x86/cpu.h"

struct clone_args;
struct futex_waitv;
struct robust_list_head;
struct sched_attr;
struct sched_param;
struct trap_frame;

#define SYSCALL0(nr, name)                 int64_t sys_##name(void);
#define SYSCALL1(nr, name, t1, a1)         int64_t sys_##name(t1 a1);
#define SYSCALL2(nr, name, t1, a1, t2, a2) int64_t sys_##name(t1 a1, t2 a2);
#define SYSCALL3(nr, name, t1, a1, t2, a2, t3, a3)                             \
    int64_t sys_##name(t1 a1, t2 a2, t3 a3);
#define SYSCALL4(nr, name, t1, a1, t2, a2, t3, a3, t4, a4)                     \
    int64_t sys_##name(t1 a1, t2 a2, t3 a3, t4 a4);
#define SYSCALL5(nr, name, t1, a1, t2, a2, t3, a3, t4, a4, t5, a5)             \
    int64_t sys_##name(t1 a1, t2 a2, t3 a3, t4 a4, t5 a5);
#define SYSCALL6(nr, name, t1, a1, t2, a2, t3, a3, t4, a4, t5, a5, t6, a6)     \
    int64_t sys_##name(t1 a1, t2 a2, t3 a3, t4 a4, t5 a5, t6 a6);
#include "abi/syscall.def"
#undef SYSCALL0
#undef SYSCALL1
#undef SYSCALL2
#undef SYSCALL3
#undef SYSCALL4
#undef SYSCALL5
#undef SYSCALL6

/* Call one handler with arguments from the frame's registers. */
typedef int64_t (*syscall_thunk)(const struct trap_frame *frame);

/* By number; NULL where there is no such call. */
extern const syscall_thunk syscall_table[SYSCALL_LIMIT];

/* A call whose number is not below the CPU's syscall_limit: one that a tracer
 * wants to see first, or one that there is not (-ENOSYS, with a line in the log
 * once per program and number). */
int64_t syscall_slow(struct trap_frame *frame);

/* No call has this number: -ENOSYS, with a line in the log once per program and
 * number. */
int64_t syscall_unknown(uint64_t number);
