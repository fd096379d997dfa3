/*
 * Making threads with wrong or hostile arguments: flags that contradict each
 * other, sizes of clone3, stacks, addresses and base registers that are none;
 * and as many threads as there may be.
 *
 * Bad input: rows 45, 77, 113, 114.
 * smp: 1 2 4
 */
#include <asm/prctl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common/badptr.h"
#include "common/child.h"
#include "common/raw.h"
#include "common/thread.h"

#ifndef SYS_clone3
#define SYS_clone3 435
#endif

enum { MANY = 400, USER = 54321, LIMIT = 12, ARGS_V0 = 64, ARGS_V2 = 88 };

#define KERNEL_ADDRESS 0xffff888000000000ul
#define NO_ADDRESS     0x8000000000000000ul

static struct thread thread;
static volatile int ended; /* cleared by the kernel */

/* clone() or clone3(); the new thread touches no memory and exits. */
static long clone_and_exit(long number, long a, long b, long c, long d, long e)
{
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    __asm__ volatile("syscall\n\t"
                     "test %%rax, %%rax\n\t"
                     "jnz 1f\n\t"
                     "mov %[exit], %%eax\n\t"
                     "xor %%edi, %%edi\n\t"
                     "syscall\n"
                     "1:"
                     : "=a"(result), "+D"(a)
                     : "a"(number), "S"(b), "d"(c), "r"(r10),
                       "r"(r8), [exit] "i"(SYS_exit)
                     : "rcx", "r11", "memory");
    return result;
}

static long try_clone(unsigned long flags, unsigned long stack,
                      void *parent_tid, void *child_tid, unsigned long tls)
{
    return clone_and_exit(SYS_clone, (long)flags, (long)stack, (long)parent_tid,
                          (long)child_tid, (long)tls);
}

/* -- flags --------------------------------------------------------------------- */

static void check_contradictions(void)
{
    static const struct {
        unsigned long flags;
        const char *name;
    } rows[] = {
        { CLONE_THREAD, "THREAD alone" },
        { CLONE_THREAD | CLONE_VM, "THREAD without SIGHAND" },
        { CLONE_THREAD | CLONE_SIGHAND, "THREAD without VM" },
        { CLONE_SIGHAND, "SIGHAND without VM" },
        { CLONE_SIGHAND | CLONE_FILES | CLONE_FS, "SIGHAND without VM, too" },
        { THREAD_FLAGS | CLONE_NEWPID, "THREAD in a new pid namespace" },
        { THREAD_FLAGS | CLONE_NEWUSER, "THREAD in a new user namespace" },
        { THREAD_FLAGS | CLONE_NEWNS, "FS in a new mount namespace" },
        { CLONE_PIDFD | CLONE_PARENT_SETTID, "PIDFD and PARENT_SETTID" },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        CHECK_EQ(try_clone(rows[i].flags, 0, NULL, NULL, 0), -EINVAL, "%s",
                 rows[i].name);
    }
    CHECK_EQ(thread_count(getpid()), 1, "no thread was made");
}

/* -- what the new thread gets ---------------------------------------------------- */

static void await_end(void)
{
    CHECK(thread_await(&ended, 0), "the thread has ended");
}

static void check_stacks(void)
{
    static const unsigned long stacks[] = {
        0, 1, 7, 4096, KERNEL_ADDRESS, NO_ADDRESS, ~0ul, 0x7ffffffffffful,
    };
    const unsigned long flags = THREAD_FLAGS | CLONE_CHILD_CLEARTID;
    for (size_t i = 0; i < ARRAY_LENGTH(stacks); i++) {
        ended = 1;
        long tid = try_clone(flags, stacks[i], NULL, (void *)&ended, 0);
        CHECK(tid > 0, "stack at %lx is not looked at", stacks[i]);
        await_end();
    }
}

static void check_pointers(void)
{
    const unsigned long flags =
        THREAD_FLAGS | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID;
    for (size_t i = 0; i < badptr_count(); i++) {
        long tid = try_clone(flags, 0, badptr(i), badptr(i), 0);
        CHECK(tid > 0, "numbers are stored at %s, or not", badptr_name(i));
        NEED(thread_await_state(getpid(), (int)tid, '-'));
        tid = try_clone(THREAD_FLAGS | CLONE_CHILD_CLEARTID, 0, NULL, badptr(i),
                        0);
        CHECK(tid > 0, "cleared at %s, or not", badptr_name(i));
        NEED(thread_await_state(getpid(), (int)tid, '-'));
    }
}

static void check_tls(void)
{
    static const unsigned long bad[] = {
        KERNEL_ADDRESS,
        NO_ADDRESS,
        ~0ul,
        0x800000000000ul,
    };
    const unsigned long flags = THREAD_FLAGS | CLONE_SETTLS;
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        CHECK_EQ(try_clone(flags, 0, NULL, NULL, bad[i]), -EPERM, "TLS at %lx",
                 bad[i]);
        CHECK_EQ(try_clone(CLONE_SETTLS | SIGCHLD, 0, NULL, NULL, bad[i]),
                 -EPERM, "of a process");
    }
    ended = 1;
    long tid = try_clone(flags | CLONE_CHILD_CLEARTID, 0, NULL, (void *)&ended,
                         0x7fffffffe000ul);
    CHECK(tid > 0, "TLS in an unmapped page of ours");
    await_end();
}

/* -- clone3 ----------------------------------------------------------------------- */

/* struct clone_args, and room behind it. */
enum field {
    FLAGS,
    PIDFD,
    CHILD_TID,
    PARENT_TID,
    EXIT_SIGNAL,
    STACK,
    STACK_SIZE,
    TLS,
    SET_TID,
    SET_TID_SIZE,
    CGROUP,
    TAIL,
    FIELDS = 513
};
static unsigned long args[FIELDS];

static long try_clone3(size_t size)
{
    return clone_and_exit(SYS_clone3, (long)args, (long)size, 0, 0, 0);
}

static void set_good_args(void)
{
    memset(args, 0, sizeof(args));
    args[FLAGS] = THREAD_FLAGS | CLONE_CHILD_CLEARTID;
    args[CHILD_TID] = (unsigned long)&ended;
    args[STACK] = (unsigned long)thread.stack;
    args[STACK_SIZE] = THREAD_STACK_BYTES;
}

static void check_one_size(size_t size, long error)
{
    ended = 1;
    long result = try_clone3(size);
    if (error) {
        CHECK_EQ(result, error, "clone3 of %d bytes", (int)size);
        return;
    }
    CHECK(result > 0, "clone3 of %d bytes", (int)size);
    await_end();
}

static void check_sizes(void)
{
    set_good_args();
    check_one_size(0, -EINVAL);
    check_one_size(8, -EINVAL);
    check_one_size(ARGS_V0 - 1, -EINVAL);
    check_one_size(ARGS_V0, 0);
    check_one_size(ARGS_V2, 0);
    check_one_size(ARGS_V2 + 40, 0);
    check_one_size(PAGE, 0);
    check_one_size(PAGE + 1, -E2BIG);
    check_one_size(~0ul, -E2BIG);
    args[TAIL + 10] = 1;
    check_one_size(ARGS_V2 + 40, 0);
    check_one_size(PAGE, -E2BIG);
    for (size_t i = 0; i < badptr_count(); i++) {
        CHECK_EQ(clone_and_exit(SYS_clone3, (long)badptr(i), ARGS_V2, 0, 0, 0),
                 -EFAULT, "clone3 at %s", badptr_name(i));
    }
    char *edge = badptr_page_before_hole() + PAGE - ARGS_V0;
    memcpy(edge, args, ARGS_V0);
    CHECK_EQ(clone_and_exit(SYS_clone3, (long)edge, ARGS_V2, 0, 0, 0), -EFAULT,
             "clone3 that runs into a hole");
}

static void check_fields(void)
{
    static const struct {
        enum field field;
        unsigned long value;
        int error;
        const char *name;
    } rows[] = {
        { FLAGS, THREAD_FLAGS | SIGCHLD, EINVAL, "a signal among the flags" },
        { FLAGS, THREAD_FLAGS | CLONE_DETACHED, EINVAL, "DETACHED" },
        { FLAGS, THREAD_FLAGS | 1ul << 63, EINVAL, "a flag nobody knows" },
        { FLAGS, CLONE_THREAD | CLONE_VM, EINVAL, "THREAD without SIGHAND" },
        { EXIT_SIGNAL, SIGCHLD, EINVAL, "a thread with an exit signal" },
        { STACK, 0, EINVAL, "a size without a stack" },
        { STACK, KERNEL_ADDRESS, EINVAL, "a stack of the kernel's" },
        { STACK_SIZE, 0, EINVAL, "a stack without a size" },
        { STACK_SIZE, ~0ul, EINVAL, "a stack without an end" },
        { SET_TID_SIZE, 1, EINVAL, "a number chosen nowhere" },
        { SET_TID_SIZE, 1000, EINVAL, "too many numbers chosen" },
        { SET_TID, 4096, EINVAL, "no number chosen somewhere" },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        set_good_args();
        args[rows[i].field] = rows[i].value;
        CHECK_EQ(try_clone3(ARGS_V2), -rows[i].error, "%s", rows[i].name);
    }
    set_good_args();
    args[FLAGS] |= CLONE_SETTLS;
    args[TLS] = NO_ADDRESS;
    CHECK_EQ(try_clone3(ARGS_V2), -EPERM, "TLS nowhere");
    set_good_args();
    args[FLAGS] = args[STACK] = args[STACK_SIZE] = 0;
    args[EXIT_SIGNAL] = 65;
    CHECK_EQ(try_clone3(ARGS_V2), -EINVAL, "signal 65");
}

/* -- base registers of a thread ----------------------------------------------------- */

static volatile int bad_bases;

static int sets_bases(void *unused)
{
    unsigned long fs = 0, gs = 0, now = 0;
    static char place[64];
    (void)unused;
    RAW2(SYS_arch_prctl, ARCH_GET_FS, &fs);
    bad_bases += RAW2(SYS_arch_prctl, ARCH_SET_GS, place) != 0;
    for (size_t i = 0; i < 4; i++) {
        const unsigned long bad = i == 0   ? KERNEL_ADDRESS
                                  : i == 1 ? NO_ADDRESS
                                  : i == 2 ? ~0ul
                                           : 0x800000000000ul;
        bad_bases += RAW2(SYS_arch_prctl, ARCH_SET_FS, bad) != -EPERM;
        bad_bases += RAW2(SYS_arch_prctl, ARCH_SET_GS, bad) != -EPERM;
    }
    for (size_t i = 0; i < badptr_count(); i++) {
        bad_bases += RAW2(SYS_arch_prctl, ARCH_GET_FS, badptr(i)) != -EFAULT;
    }
    bad_bases += RAW2(SYS_arch_prctl, 0x4321, 0) != -EINVAL;
    RAW2(SYS_arch_prctl, ARCH_GET_FS, &now);
    bad_bases += now != fs;
    for (int i = 0; i < 20; i++) { /* let others run */
        thread_pause();
        RAW2(SYS_arch_prctl, ARCH_GET_GS, &gs);
        bad_bases += gs != (unsigned long)place;
    }
    return 0;
}

static void check_bases(void)
{
    unsigned long gs = 1;
    thread_start(&thread, sets_bases, NULL);
    for (int i = 0; i < 20; i++) {
        RAW2(SYS_arch_prctl, ARCH_GET_GS, &gs);
        bad_bases += gs != 0;
        thread_pause();
    }
    thread_join(&thread);
    CHECK_EQ(bad_bases, 0, "base registers: each thread's own, errors");
}

/* -- robust lists ---------------------------------------------------------------------- */

static volatile int bad_lists;

static int sets_lists(void *unused)
{
    static const unsigned long sizes[] = { 0, 8, 23, 25, 4096, ~0ul };
    unsigned long head = 1, length = 0;
    int first = (int)RAW1(SYS_getpid, 0);
    (void)unused;
    for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
        bad_lists += RAW2(SYS_set_robust_list, &args, sizes[i]) != -EINVAL;
    }
    bad_lists += RAW3(SYS_get_robust_list, 0, &head, &length) != 0;
    bad_lists += head != 0 || length != 24; /* a thread starts with none */
    bad_lists += RAW2(SYS_set_robust_list, &args, 24) != 0;
    bad_lists += RAW3(SYS_get_robust_list, thread_me(), &head, &length) != 0;
    bad_lists += head != (unsigned long)&args;
    bad_lists += RAW3(SYS_get_robust_list, first, &head, &length) != 0;
    bad_lists += head == (unsigned long)&args;
    memset(args, 0xff, sizeof(args)); /* what it ends with leads nowhere */
    return 0;
}

static void check_lists(void)
{
    thread_start(&thread, sets_lists, NULL);
    thread_join(&thread);
    CHECK_EQ(bad_lists, 0, "robust lists: each thread's own, errors");
}

/* -- how many -------------------------------------------------------------------------- */

static volatile int go;

static int stays(void *unused)
{
    (void)unused;
    while (!go) {
        thread_pause();
    }
    return 0;
}

/* Starts up to `most`; how many there are. */
static int start_many(struct thread *many, int most, int *error)
{
    int count = 0, result = 0;
    go = 0;
    while (count < most && result >= 0) {
        result = thread_try_start(&many[count], stays, NULL);
        count += result >= 0;
    }
    *error = result < 0 ? result : 0;
    return count;
}

static void end_many(struct thread *many, int count)
{
    go = 1;
    for (int i = 0; i < count; i++) {
        thread_join(&many[i]);
    }
}

static int child_limited(void *argument)
{
    struct thread *many = argument;
    struct rlimit limit = { LIMIT, LIMIT };
    int error;
    check_subtest();
    NEED(setgid(USER) == 0 && setuid(USER) == 0);
    NEED(setrlimit(RLIMIT_NPROC, &limit) == 0);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(start_many(many, MANY, &error), LIMIT - 1,
                 "RLIMIT_NPROC counts threads");
        CHECK_EQ(error, -EAGAIN, "and ends in EAGAIN");
        CHECK_ERRNO(fork(), EAGAIN, "also for a process");
        end_many(many, LIMIT - 1);
        for (int n = 0; thread_count(getpid()) > 1 && n < 20000; n++) {
            thread_pause();
        }
    }
    return check_done();
}

static void check_many(void)
{
    int error;
    struct thread *many = calloc(MANY, sizeof(*many));
    NEED(many);
    CHECK_EQ(start_many(many, MANY, &error), MANY, "%d threads", MANY);
    CHECK_EQ(thread_count(getpid()), MANY + 1, "all in /proc/self/task");
    end_many(many, MANY);
    CHECK_EXITS(child_limited, many, 0, "a limit");
    free(many);
}

int main(void)
{
    check_start();
    check_contradictions();
    check_stacks();
    check_pointers();
    check_tls();
    check_sizes();
    check_fields();
    check_bases();
    check_lists();
    check_many();
    return check_done();
}
