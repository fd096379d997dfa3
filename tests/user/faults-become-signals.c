/*
 * Each kind of fault gives its signal, with code and address, and kills where
 * it is blocked or ignored.
 *
 * Bad input: rows 36 (numbers), 40, 41, 42, 43, 44, 47, 62.  Security: 1, 2, 7.
 */
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "common/badptr.h"
#include "common/child.h"
#include "common/raw.h"

static sigjmp_buf out;
static volatile int code_seen;
static void *volatile address_seen;

static void on_fault(int number, siginfo_t *info, void *context)
{
    code_seen = info->si_code;
    address_seen = info->si_addr;
    siglongjmp(out, number);
}

typedef void instruction(void);

#define INSTRUCTION(name, text)                                                \
    static __attribute__((naked)) void name(void)                              \
    {                                                                          \
        __asm__(text "\n\tret");                                               \
    }

INSTRUCTION(do_ud2, "ud2")
INSTRUCTION(do_divide, "xor %ecx, %ecx; xor %edx, %edx; div %ecx")
INSTRUCTION(do_overflow, "mov $0x80000000, %eax; cltd; mov $-1, %ecx; "
                         "idiv %ecx")
INSTRUCTION(do_hlt, "hlt")
INSTRUCTION(do_cli, "cli")
INSTRUCTION(do_sti, "sti")
INSTRUCTION(do_in, "in $0x60, %al")
INSTRUCTION(do_out, "xor %eax, %eax; out %al, $0x80")
INSTRUCTION(do_rdmsr, "mov $0xc0000080, %ecx; rdmsr")
INSTRUCTION(do_wrmsr, "mov $0xc0000080, %ecx; xor %eax, %eax; xor %edx, %edx;"
                      "wrmsr")
INSTRUCTION(do_read_cr0, "mov %cr0, %rax")
INSTRUCTION(do_read_cr3, "mov %cr3, %rax")
INSTRUCTION(do_write_cr4, "xor %eax, %eax; mov %rax, %cr4")
INSTRUCTION(do_write_dr7, "xor %eax, %eax; mov %rax, %dr7")
INSTRUCTION(do_lgdt, "lgdt (%rsp)")
INSTRUCTION(do_lidt, "lidt (%rsp)")
INSTRUCTION(do_ltr, "mov $0x40, %ax; ltr %ax")
INSTRUCTION(do_invlpg, "invlpg (%rsp)")
INSTRUCTION(do_wbinvd, "wbinvd")
INSTRUCTION(do_swapgs, "swapgs")
INSTRUCTION(do_sysret, "sysretq")
INSTRUCTION(do_clts, "clts")
INSTRUCTION(do_xsetbv, "xor %ecx, %ecx; mov $7, %eax; xor %edx, %edx; xsetbv")
INSTRUCTION(do_int3, "int3")
INSTRUCTION(do_int_2, "int $2")
INSTRUCTION(do_int_8, "int $8")
INSTRUCTION(do_int_13, "int $13")
INSTRUCTION(do_int_14, "int $14")
INSTRUCTION(do_int_20, "int $0x20")
INSTRUCTION(do_int_81, "int $0x81")
INSTRUCTION(do_int_ff, "int $0xff")
INSTRUCTION(do_lret_kernel, "push $0x10; push $0; lretq")
INSTRUCTION(do_lret_absent, "push $0xff0; push $0; lretq")
INSTRUCTION(do_iret_kernel, "push $0x18; push %rsp; pushfq; push $0x10; "
                            "push $0; iretq")
INSTRUCTION(do_iret_absent, "push $0xff3; push %rsp; pushfq; push $0xff3; "
                            "push $0; iretq")
INSTRUCTION(do_load_ds, "mov $0xff0, %eax; mov %eax, %ds")
INSTRUCTION(do_load_ss_null, "xor %eax, %eax; mov %eax, %ss")
INSTRUCTION(do_load_ss_kernel, "mov $0x18, %eax; mov %eax, %ss")
INSTRUCTION(do_load_gs, "mov $0xff0, %eax; mov %eax, %gs")
INSTRUCTION(do_noncanonical, "mov $1, %rax; shl $63, %rax; mov (%rax), %rax")
INSTRUCTION(do_trap, "pushfq; orl $0x100, (%rsp); popfq; nop")

static const struct {
    const char *name;
    instruction *run;
    int number, code; /* code 0: any */
} faults[] = {
    { "ud2", do_ud2, SIGILL, ILL_ILLOPN },
    { "divide by zero", do_divide, SIGFPE, FPE_INTDIV },
    { "INT_MIN / -1", do_overflow, SIGFPE, FPE_INTDIV },
    { "hlt", do_hlt, SIGSEGV, 0 },
    { "cli", do_cli, SIGSEGV, 0 },
    { "sti", do_sti, SIGSEGV, 0 },
    { "in", do_in, SIGSEGV, 0 },
    { "out", do_out, SIGSEGV, 0 },
    { "rdmsr", do_rdmsr, SIGSEGV, 0 },
    { "wrmsr", do_wrmsr, SIGSEGV, 0 },
    { "mov from cr0", do_read_cr0, SIGSEGV, 0 },
    { "mov from cr3", do_read_cr3, SIGSEGV, 0 },
    { "mov to cr4", do_write_cr4, SIGSEGV, 0 },
    { "mov to dr7", do_write_dr7, SIGSEGV, 0 },
    { "lgdt", do_lgdt, SIGSEGV, 0 },
    { "lidt", do_lidt, SIGSEGV, 0 },
    { "ltr", do_ltr, SIGSEGV, 0 },
    { "invlpg", do_invlpg, SIGSEGV, 0 },
    { "wbinvd", do_wbinvd, SIGSEGV, 0 },
    { "swapgs", do_swapgs, SIGSEGV, 0 },
    { "sysret", do_sysret, SIGSEGV, 0 },
    { "clts", do_clts, SIGSEGV, 0 },
    { "xsetbv", do_xsetbv, SIGSEGV, 0 },
    { "int3", do_int3, SIGTRAP, 0 },
    { "int 2", do_int_2, SIGSEGV, 0 },
    { "int 8", do_int_8, SIGSEGV, 0 },
    { "int 13", do_int_13, SIGSEGV, 0 },
    { "int 14", do_int_14, SIGSEGV, 0 },
    { "int 0x20", do_int_20, SIGSEGV, 0 },
    { "int 0x81", do_int_81, SIGSEGV, 0 },
    { "int 0xff", do_int_ff, SIGSEGV, 0 },
    { "lret to a kernel selector", do_lret_kernel, SIGSEGV, 0 },
    { "lret to an absent selector", do_lret_absent, SIGSEGV, 0 },
    { "iret to a kernel selector", do_iret_kernel, SIGSEGV, 0 },
    { "iret to an absent selector", do_iret_absent, SIGSEGV, 0 },
    { "ds = absent selector", do_load_ds, SIGSEGV, 0 },
    { "ss = 0", do_load_ss_null, SIGSEGV, 0 },
    { "ss = kernel selector", do_load_ss_kernel, SIGSEGV, 0 },
    { "gs = absent selector", do_load_gs, SIGSEGV, 0 },
    { "read a non-canonical address", do_noncanonical, SIGSEGV, SI_KERNEL },
    { "trap flag", do_trap, SIGTRAP, 0 },
};

static int child_faults(void *index)
{
    size_t i = (size_t)index;
    faults[i].run();
    return 0;
}

static int child_catches(void *index)
{
    size_t i = (size_t)index;
    struct sigaction action = { .sa_sigaction = on_fault,
                                .sa_flags = SA_SIGINFO };
    sigaction(faults[i].number, &action, NULL);
    int number = sigsetjmp(out, 1);
    if (number == 0) {
        faults[i].run();
        return 1;
    }
    return !faults[i].code || code_seen == faults[i].code ? 0 : 2;
}

static int child_blocks(void *index)
{
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    return child_faults(index);
}

static int child_ignores(void *index)
{
    signal(faults[(size_t)index].number, SIG_IGN);
    return child_faults(index);
}

static void check_instructions(void)
{
    for (size_t i = 0; i < ARRAY_LENGTH(faults); i++) {
        void *index = (void *)i;
        int number = faults[i].number;
        int status = child_run(child_faults, index);
        check_report((status & 0x7f) == number, child_text(status, "a signal"),
                     "%s: signal %d", faults[i].name, number);
        CHECK_EXITS(child_catches, index, 0, "%s can be caught",
                    faults[i].name);
    }
    CHECK_DIES(child_blocks, (void *)0, SIGILL, "a blocked SIGILL kills");
    CHECK_DIES(child_ignores, (void *)1, SIGFPE, "an ignored SIGFPE kills");
    CHECK_DIES(child_blocks, (void *)3, SIGSEGV, "a blocked SIGSEGV kills");
}

static int child_reads(void *address)
{
    (void)*(volatile char *)address;
    return 0;
}

static int child_writes(void *address)
{
    *(volatile char *)address = 1;
    return 0;
}

static int child_jumps(void *address)
{
    ((instruction *)(uintptr_t)address)();
    return 0;
}

/* Row 47 */
static void check_addresses(void)
{
    static const uintptr_t places[] = {
        0,
        0x8,
        0xfee00000,
        0xfec00000,
        0xb8000,
        0x100000,
        0xfffffff0,
        0xffffffff81000000,
        0xffffc90000000000,
        0xfffffe0000000000,
    };
    for (size_t i = 0; i < badptr_count() + ARRAY_LENGTH(places); i++) {
        size_t n = badptr_count();
        void *at = i < n ? badptr(i) : (void *)places[i - n];
        CHECK_DIES(child_reads, at, SIGSEGV, "read %p", at);
        CHECK_DIES(child_writes, at, SIGSEGV, "write %p", at);
        CHECK_DIES(child_jumps, at, SIGSEGV, "jump to %p", at);
    }
}

static char data_code[16] = { (char)0xc3 };

/* Security 1 and 2 */
static void check_not_executable(void)
{
    char stack_code[16];
    char *heap = sbrk(PAGE);
    stack_code[0] = heap[0] = (char)0xc3;
    CHECK_DIES(child_jumps, data_code, SIGSEGV, ".data does not run");
    CHECK_DIES(child_jumps, stack_code, SIGSEGV, "the stack does not run");
    CHECK_DIES(child_jumps, heap, SIGSEGV, "the heap does not run");
    CHECK_DIES(child_writes, (void *)(uintptr_t)child_jumps, SIGSEGV,
               "text is not writable");
}

static void check_details(void)
{
    struct sigaction action = { .sa_sigaction = on_fault,
                                .sa_flags = SA_SIGINFO };
    char *none =
        mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    sigaction(SIGSEGV, &action, NULL);
    volatile uintptr_t null_page = 0x123;
    if (sigsetjmp(out, 1) == 0) {
        *(volatile char *)null_page = 1;
    }
    CHECK_EQ(code_seen, SEGV_MAPERR, "null page: SEGV_MAPERR");
    CHECK_EQ((uintptr_t)address_seen, 0x123, "si_addr");
    if (sigsetjmp(out, 1) == 0) {
        none[77] = 1;
    }
    CHECK_EQ(code_seen, SEGV_ACCERR, "PROT_NONE: SEGV_ACCERR");
    CHECK(address_seen == none + 77, "si_addr");
    if (sigsetjmp(out, 1) == 0) {
        (void)*(volatile char *)0xffffffff80000000;
    }
    CHECK_EQ((uintptr_t)address_seen & 0xfff, 0, "kernel address reported");
    signal(SIGSEGV, SIG_DFL);
}

/* Row 42: bits that a program may not set are ignored. */
static void check_flags(void)
{
    unsigned long flags;
    __asm__ volatile("pushfq\n\torq $0x3000, (%%rsp)\n\t"
                     "andq $~0x200, (%%rsp)\n\tpopfq\n\tpushfq\n\tpop %0"
                     : "=r"(flags)
                     :
                     : "memory", "cc");
    CHECK_EQ(flags & 0x3000, 0, "IOPL cannot be set");
    CHECK_EQ(flags & 0x200, 0x200, "IF cannot be cleared");
}

int main(void)
{
    check_start();
    check_instructions();
    check_addresses();
    check_not_executable();
    check_details();
    check_flags();
    return check_done();
}
