/*
 * The system-call instruction with odd numbers, flags, stacks and places; the
 * old gates; FS and GS bases.
 *
 * Bad input: rows 36, 37, 38, 39, 40 (int 0x80, sysenter), 44, 45, 46, 48.
 * Security: 6, 7 (registers after a call), 13.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>
#include "common/badptr.h"
#include "common/child.h"
#include "common/raw.h"

enum { ARCH_SET_GS_ = 0x1001, ARCH_SET_FS_, ARCH_GET_FS_, ARCH_GET_GS_ };

/* Row 36 */
static void check_numbers(void)
{
    static const long numbers[] = { -1,   1l << 31,   600,       1000,
                                    3000, 0x40000000, 0x40000027 };
    for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++) {
        CHECK_EQ(raw_call(numbers[i], 0, 0, 0, 0, 0, 0), -ENOSYS, "number %lx",
                 numbers[i]);
    }
    long wide = raw_call(1l << 40, 0, 0, 0, 0, 0, 0);
    CHECK(wide == -ENOSYS || wide == 0, "1 << 40: unknown, or read()");
    int bad = 0;
    for (long n = 600; n < 3000; n++) {
        bad += raw_call(n, ~0l, ~0l, ~0l, ~0l, ~0l, ~0l) != -ENOSYS;
    }
    CHECK_EQ(bad, 0, "numbers 600 to 2999");
}

/* Row 37: getpid with these flags set; what the flags are afterwards. */
static unsigned long flags_over_call(unsigned long set, long *result)
{
    unsigned long flags;
    long value;
    __asm__ volatile("pushfq\n\torq %2, (%%rsp)\n\tpopfq\n\t"
                     "mov $39, %%eax\n\tsyscall\n\t"
                     "pushfq\n\tpop %1\n\t"
                     "pushfq\n\tandq $~0x44500, (%%rsp)\n\tpopfq\n\tcld"
                     : "=&a"(value), "=&r"(flags)
                     : "r"(set)
                     : "rcx", "r11", "memory", "cc");
    *result = value;
    return flags;
}

static volatile int traps;

static void on_trap(int number)
{
    traps++;
}

static void check_flags(void)
{
    static const unsigned long sets[] = { 0x400, 0x4000, 0x40000, 0x44400 };
    long pid;
    for (size_t i = 0; i < ARRAY_LENGTH(sets); i++) {
        unsigned long after = flags_over_call(sets[i], &pid);
        CHECK_EQ(pid, getpid(), "flags %lx: the call works", sets[i]);
        CHECK_EQ(after & sets[i], sets[i], "flags %lx are kept", sets[i]);
    }
    signal(SIGTRAP, on_trap);
    flags_over_call(0x100, &pid);
    CHECK_EQ(pid, getpid(), "TF: the call works");
    CHECK(traps > 2, "TF: traps in user mode (%d)", traps);
    signal(SIGTRAP, SIG_DFL);
}

/* Row 38 */
static int child_with_stack(void *rsp)
{
    long self = getpid();
    signal(SIGUSR1, on_trap);
    __asm__ volatile("mov %0, %%rsp\n\t"
                     "mov $62, %%eax\n\t"
                     "syscall\n\t" /* kill(self, SIGUSR1) */
                     "mov $60, %%eax\n\t"
                     "mov $9, %%edi\n\t"
                     "syscall"
                     :
                     : "r"(rsp), "D"(self), "S"((long)SIGUSR1)
                     : "rax", "memory");
    return 0;
}

static void check_stacks(void)
{
    static const uintptr_t stacks[] = { 0,
                                        8,
                                        0x800000000000,
                                        ~7ul,
                                        0xffffffff80001000,
                                        0xffff888000001000,
                                        0x8000000000000000 };
    for (size_t i = 0; i < ARRAY_LENGTH(stacks); i++) {
        CHECK_DIES(child_with_stack, (void *)stacks[i], SIGSEGV,
                   "rsp %lx, then a signal", (unsigned long)stacks[i]);
    }
}

/* Row 39: the instruction's successor is not mapped. */
static int child_syscall_at_end(void *place)
{
    static const unsigned char code[] = { 0xb8, 39, 0, 0, 0, 0x0f, 0x05 };
    char *page =
        mmap(place, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
             MAP_PRIVATE | MAP_ANONYMOUS | (place ? MAP_FIXED : 0), -1, 0);
    if (page == MAP_FAILED) {
        raise(SIGSEGV); /* the system may keep this page for itself */
    }
    char *at = page + PAGE - sizeof(code);
    memcpy(at, code, sizeof(code));
    ((void (*)(void))(uintptr_t)at)();
    return 0;
}

/* Row 40: gates that may be there or not. */
static int child_int80(void *number)
{
    long value = (long)number;
    __asm__ volatile("int $0x80" : "+a"(value) : "b"(0) : "memory");
    return 0;
}

static int child_sysenter(void *unused)
{
    __asm__ volatile("mov $20, %%eax\n\tmov %%rsp, %%rbp\n\tsysenter"
                     :
                     :
                     : "rax", "memory");
    return 0;
}

static int child_icebp(void *unused)
{
    __asm__ volatile(".byte 0xf1");
    return 0;
}

/* Row 44 */
static int child_loads_segments(void *selector)
{
    unsigned int value = (unsigned int)(uintptr_t)selector;
    __asm__ volatile("mov %0, %%ds\n\tmov %0, %%es" : : "r"(value));
    __asm__ volatile("mov %0, %%gs" : : "r"(value));
    for (int i = 0; i < 20; i++) {
        if (raw_call(SYS_getpid, 0, 0, 0, 0, 0, 0) <= 0) {
            return 1;
        }
        raw_call(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
    }
    return 0;
}

/* Row 45 */
static void check_bases(void)
{
    static const unsigned long bad[] = { 0x800000000000, 0x8000000000000000,
                                         0xffffffff80000000, ~0ul,
                                         0xffff888000000000 };
    unsigned long before = 0, after = 0, gs = 0;
    CHECK_EQ(RAW2(SYS_arch_prctl, ARCH_GET_FS_, &before), 0, "GET_FS");
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        CHECK_EQ(RAW2(SYS_arch_prctl, ARCH_SET_FS_, bad[i]), -EPERM,
                 "SET_FS %lx", bad[i]);
        CHECK_EQ(RAW2(SYS_arch_prctl, ARCH_SET_GS_, bad[i]), -EPERM,
                 "SET_GS %lx", bad[i]);
    }
    RAW2(SYS_arch_prctl, ARCH_GET_FS_, &after);
    CHECK_EQ(after, before, "FS is as it was");
    CHECK_EQ(RAW2(SYS_arch_prctl, 0x9999, 0), -EINVAL, "unknown code");
    CHECK_EQ(RAW2(SYS_arch_prctl, ARCH_SET_GS_, &gs), 0, "SET_GS");
    RAW2(SYS_arch_prctl, ARCH_GET_GS_, &after);
    CHECK_EQ(after, (uintptr_t)&gs, "GET_GS tells it");
    gs = 4711;
    __asm__ volatile("mov %%gs:0, %0" : "=r"(after));
    CHECK_EQ(after, 4711, "gs:0 reads there");
    for (size_t i = 0; i < badptr_count(); i++) {
        CHECK_EQ(RAW2(SYS_arch_prctl, ARCH_GET_FS_, badptr(i)), -EFAULT,
                 "GET_FS to %s", badptr_name(i));
    }
}

/* Row 46 */
static int child_runs_random(void *seed)
{
    unsigned char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
                               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct itimerval limit = { { 0, 0 }, { 0, 300000 } };
    srand((unsigned int)(uintptr_t)seed);
    for (size_t i = 0; i < PAGE; i++) {
        page[i] = (unsigned char)rand();
        if (i && page[i - 1] == 0x0f && page[i] == 0x05) {
            page[i] = 0x0b; /* no random system calls here */
        }
    }
    setitimer(ITIMER_REAL, &limit, NULL);
    ((void (*)(void))(uintptr_t)page)();
    return 0;
}

/* Registers that a call may change hold no kernel addresses after it. */
static void check_registers_after(void)
{
    unsigned long rcx, r11, rdx = 0x55, r8_after, r9_after, r10_after;
    __asm__ volatile("mov $0x66, %%r8d\n\tmov $0x77, %%r9d\n\t"
                     "mov $0x88, %%r10d\n\tmov $39, %%eax\n\tsyscall\n\t"
                     "mov %%r8, %2\n\tmov %%r9, %3\n\tmov %%r10, %4\n\t"
                     "mov %%r11, %5"
                     : "=&c"(rcx), "+d"(rdx), "=m"(r8_after), "=m"(r9_after),
                       "=m"(r10_after), "=m"(r11)
                     :
                     : "rax", "r8", "r9", "r10", "r11", "memory");
    CHECK(rcx < 0x800000000000, "rcx is a user address");
    CHECK(r11 < 0x400000, "r11 is the flags");
    CHECK_EQ(rdx, 0x55, "rdx is kept");
    CHECK_EQ(r8_after, 0x66, "r8 is kept");
    CHECK_EQ(r9_after, 0x77, "r9 is kept");
    CHECK_EQ(r10_after, 0x88, "r10 is kept");
}

/* Row 48 */
static int child_unaligned_with_ac(void *unused)
{
    static char bytes[16];
    char *at = bytes + 1;
    __asm__ volatile("pushfq\n\torq $0x40000, (%%rsp)\n\tpopfq\n\t"
                     "movl $7, (%0)\n\t"
                     "pushfq\n\tandq $~0x40000, (%%rsp)\n\tpopfq"
                     :
                     : "r"(at)
                     : "memory", "cc");
    return 0;
}

int main(void)
{
    char *end = (char *)0x7fffffffe000;
    check_start();
    check_numbers();
    check_flags();
    check_stacks();
    CHECK_DIES(child_syscall_at_end, NULL, SIGSEGV, "syscall ends a mapping");
    CHECK_DIES(child_syscall_at_end, end, SIGSEGV, "syscall ends user space");
    CHECK_SURVIVES(child_int80, (void *)20, "int 0x80");
    CHECK_SURVIVES(child_int80, (void *)-1, "int 0x80 with -1");
    CHECK_SURVIVES(child_sysenter, NULL, "sysenter");
    CHECK_SURVIVES(child_icebp, NULL, "icebp");
    CHECK_EXITS(child_loads_segments, (void *)0, 0, "null selectors");
    CHECK_EXITS(child_loads_segments, (void *)3, 0, "null selectors, RPL 3");
    CHECK_SURVIVES(child_loads_segments, (void *)0x18, "kernel selectors");
    CHECK_SURVIVES(child_loads_segments, (void *)0x2b, "data selectors");
    CHECK_SURVIVES(child_unaligned_with_ac, NULL, "unaligned with AC");
    check_bases();
    for (uintptr_t i = 1; i <= 150; i++) {
        int status = child_run(child_runs_random, (void *)i);
        if ((status & 0x7f) == 0 && status != 0) {
            check_note("random page %d: exit %x", (int)i, status);
        }
    }
    CHECK(true, "150 pages of random bytes");
    check_registers_after();
    return check_done();
}
