/*
 * proc/provoke.c - crashes on purpose, for teaching and for tests.
 *
 * Idea:  root writes the name of a mistake to /proc/sys/kernel/provoke and the
 *        kernel makes it; docs/panics.md goes through the reports.  Each is a
 *        function of its own, so that its name stands in the backtrace; the
 *        line that does it bears a comment "provoked".
 * Locks: some of its own, misused.
 */
#include "proc/provoke.h"

#include "abi/errno.h"
#include "base/string.h"
#include "core/panic.h"
#include "core/upcalls.h"
#include "sched/sched.h"
#include "x86/cpu.h"
#include "x86/lapic.h"

#define PROVOKE __attribute__((noinline)) static void
#define NOWHERE 0xffffe00000000000ul /* between the areas of the kernel */

static struct spinlock first = SPINLOCK_INIT("provoke first", RANK_FS_LEAF);
static struct spinlock second = SPINLOCK_INIT("provoke second", RANK_PRINTK);
static volatile unsigned here; /* threads that hold what they shall hold */

/* An address that the compiler knows nothing about. */
static void *hide(uint64_t address)
{
    __asm__("" : "+r"(address));
    return (void *)address;
}

static void call(uint64_t address)
{
    ((void (*)(void))hide(address))();
    barrier();
}

PROVOKE provoke_panic(void)
{
    panic("provoked"); /* provoked */
}

PROVOKE provoke_assert(void)
{
    assert(here == 1); /* provoked */
}

static void explain_badly(const void *address)
{
    *(volatile int *)hide((uint64_t)address) = 1;
}

PROVOKE provoke_report(void)
{
    panic_explained(explain_badly, NULL, "report fails"); /* provoked */
}

PROVOKE provoke_null(void)
{
    *(volatile int *)hide(0x10) = 1; /* provoked */
}

PROVOKE provoke_null_call(void)
{
    call(0); /* provoked */
    barrier();
}

PROVOKE provoke_wild_pointer(void)
{
    *(volatile int *)hide(NOWHERE) = 1; /* provoked */
}

PROVOKE provoke_no_address(void)
{
    *(volatile int *)hide(0x6b6b6b6b6b6b6b6b) = 1; /* provoked */
}

PROVOKE provoke_wild_jump(void)
{
    call(NOWHERE); /* provoked */
    barrier();
}

PROVOKE provoke_execute_data(void)
{
    static unsigned char code[] = { 0xc3 }; /* ret */

    call((uint64_t)code); /* provoked */
    barrier();
}

PROVOKE provoke_write_text(void)
{
    *(volatile char *)hide((uint64_t)kmain) = 0; /* provoked */
}

PROVOKE provoke_write_constant(void)
{
    *(volatile char *)hide((uint64_t) "constant") = 0; /* provoked */
}

PROVOKE provoke_user_memory(void)
{
    uint64_t stack = thread_user_frame(thread_current())->rsp;

    *(volatile char *)hide(stack) = 0; /* provoked */
}

PROVOKE provoke_user_code(void)
{
    call(thread_user_frame(thread_current())->rip); /* provoked */
    barrier();
}

PROVOKE provoke_instruction(void)
{
    __asm__ volatile("ud2"); /* provoked */
}

PROVOKE provoke_divide(void)
{
    volatile uint64_t result;

    result = 7 / (uint64_t)hide(0); /* provoked */
    (void)result;
}

/* As good as endless. */
PROVOKE recurse(unsigned depth)
{
    volatile char room[200];

    room[0] = 0;
    if (depth != 0)
        recurse(depth + 1); /* provoked */
    room[1] = room[0];
}

PROVOKE provoke_stack_overflow(void)
{
    recurse(1);
    barrier();
}

PROVOKE provoke_double_fault(void)
{
    /* Asked for so that there is a frame for the backtrace. */
    register void *frame = __builtin_frame_address(0);

    __asm__ volatile("mov %0, %%rsp; push %1" /* provoked */
                     :
                     : "r"(NOWHERE), "r"(frame));
}

PROVOKE provoke_nmi(void)
{
    here = 0;
    lapic_send_nmi(cpu_self()->apic_id);
    while (here == 0)
        cpu_pause();
}

PROVOKE provoke_machine_check(void)
{
    __asm__ volatile("int $18");
}

/* ---- locks ---------------------------------------------------------------- */

PROVOKE provoke_lock_twice(void) NO_LOCK_ANALYSIS
{
    spin_lock(&first);
    spin_lock(&first); /* provoked */
    barrier();
}

/* Run entry() on the next CPU, and wait until it says that it is there. */
static void run_elsewhere(void (*entry)(void *))
{
    struct thread *t;

    irqs_disable(); /* stay on this CPU */
    here = 0;
    t = thread_create_kernel("provoke", entry, NULL);
    if (!t)
        panic("no memory for a thread");
    sched_set_affinity(
        t, 1u << (this_cpu->id + 1 == cpu_count ? 0 : this_cpu->id + 1));
    irqs_enable();
    while (here == 0)
        sched_yield();
}

PROVOKE provoke_second_then_first(void *unused) NO_LOCK_ANALYSIS
{
    spin_lock(&second);
    here = 1;
    while (here == 1)
        cpu_pause();
    spin_lock(&first); /* provoked */
    barrier();
}

PROVOKE provoke_lock_circle(void) NO_LOCK_ANALYSIS
{
    run_elsewhere(provoke_second_then_first);
    spin_lock(&first);
    here = 2;
    spin_lock(&second); /* provoked */
    barrier();
}

PROVOKE provoke_hold_for_ever(void *unused) NO_LOCK_ANALYSIS
{
    spin_lock(&first);
    here = 1;
    while (here == 1) /* provoked */
        cpu_pause();  /* provoked */
}

PROVOKE provoke_lock_kept(void) NO_LOCK_ANALYSIS
{
    run_elsewhere(provoke_hold_for_ever);
    spin_lock(&first); /* provoked */
    barrier();
}

PROVOKE provoke_hang(void)
{
    irqs_disable();
    here = 0;
    while (here == 0) /* provoked */
        cpu_pause();  /* provoked */
}

static const struct kind {
    const char *name;
    void (*run)(void);
    unsigned cpus; /* that it takes */
    const char *text;
} kinds[] = {
    { "panic", provoke_panic, 1, "panic()" },
    { "assert", provoke_assert, 1, "an assertion that fails" },
    { "report", provoke_report, 1, "a panic that fails itself" },
    { "null", provoke_null, 1, "write through a null pointer" },
    { "null-call", provoke_null_call, 1, "call through a null pointer" },
    { "wild-pointer", provoke_wild_pointer, 1, "write to unmapped memory" },
    { "no-address", provoke_no_address, 1, "use of what is no address" },
    { "wild-jump", provoke_wild_jump, 1, "call of unmapped memory" },
    { "execute-data", provoke_execute_data, 1, "call of data (NX)" },
    { "write-text", provoke_write_text, 1, "write to the kernel's text" },
    { "write-constant", provoke_write_constant, 1, "write to a constant" },
    { "user-memory", provoke_user_memory, 1, "write to user memory (SMAP)" },
    { "user-code", provoke_user_code, 1, "call of user code (SMEP)" },
    { "instruction", provoke_instruction, 1, "invalid instruction" },
    { "divide", provoke_divide, 1, "division by zero" },
    { "stack-overflow", provoke_stack_overflow, 1, "endless recursion" },
    { "double-fault", provoke_double_fault, 1, "no stack for an exception" },
    { "nmi", provoke_nmi, 1, "non-maskable interrupt" },
    { "machine-check", provoke_machine_check, 1, "machine check" },
    { "lock-twice", provoke_lock_twice, 1, "a spinlock taken twice" },
    { "lock-circle", provoke_lock_circle, 2, "two spinlocks crosswise" },
    { "lock-kept", provoke_lock_kept, 2, "a spinlock that is not released" },
    { "hang", provoke_hang, 1, "a loop with interrupts off" },
};

int proc_show_provoke(const struct proc_ref *ref, struct text *out)
{
    for (unsigned i = 0; i < ARRAY_LENGTH(kinds); i++)
        text_printf(out, "%-15s %s%s\n", kinds[i].name, kinds[i].text,
                    kinds[i].cpus > 1 ? " (two CPUs)" : "");
    return 0;
}

int proc_store_provoke(const struct proc_ref *ref, char *line)
{
    for (unsigned i = 0; i < ARRAY_LENGTH(kinds); i++) {
        if (strcmp(kinds[i].name, line) != 0 || kinds[i].cpus > cpu_count)
            continue;
        kinds[i].run();
        return 0;
    }
    return -EINVAL;
}
