/*
 * core/panic.c - the end: stop all CPUs, report, leave QEMU or wait.
 *
 * 1 Idea      The first CPU to come here stops the others and writes the report
 *             on a stack of its own: what happened may have been an overflow.
 * 2 Failure   A panic inside the report goes on with the report's next part; one
 *             in those that follow too, until no part is left.
 * 3 Locks     None: `panicking` decides who writes.
 * Next: panic_report.c, panic_words.c.
 */
#include "core/panic.h"

#include <stdarg.h>

#include "base/format.h"
#include "core/boot_info.h"
#include "core/panic_report.h"
#include "core/printk.h"
#include "x86/clock.h"
#include "x86/cpu.h"
#include "x86/io.h"
#include "x86/lapic.h"
#include "x86/smp.h"

#define DEBUG_EXIT_PORT  0xf4
#define DEBUG_EXIT_PANIC 0x11 /* QEMU leaves with (value << 1) | 1 */
#define INTERRUPT_WAIT   (50 * NSEC_PER_MSEC)
#define NMI_WAIT         (1000 * NSEC_PER_MSEC)
enum { STACK_BYTES = 16384, NESTED_MAX = 20 };

static uint32_t panicking; /* [a] 0, or 1 + the CPU that panics */
static unsigned nested;
static struct panic_facts facts;
static char stack[STACK_BYTES] __aligned(16);

bool panic_in_progress(void)
{
    return __atomic_load_n(&panicking, __ATOMIC_RELAXED) != 0;
}

void panic_stop_cpu(const struct trap_frame *frame)
{
    panic_note_stopped(this_cpu->id, frame,
                       frame ? frame->rbp
                             : (vaddr_t)__builtin_frame_address(0));
    for (;;)
        __asm__ volatile("cli; hlt");
}

/* True: all others stand still. */
static bool wait_for_others(uint64_t ns)
{
    uint64_t end = clock_now_ns() + ns;

    for (unsigned i = 0; i < cpu_count;) {
        if (i == this_cpu->id || panic_has_stopped(i))
            i++;
        else if (clock_now_ns() > end)
            return false;
        else
            cpu_pause();
    }
    return true;
}

/* Who has interrupts off gets an NMI. */
static void stop_others(void)
{
    if (cpu_count == 1)
        return;
    smp_halt_others();
    if (wait_for_others(INTERRUPT_WAIT))
        return;
    for (unsigned i = 0; i < cpu_count; i++)
        if (i != this_cpu->id && !panic_has_stopped(i))
            lapic_send_nmi(cpus[i].apic_id);
    wait_for_others(NMI_WAIT);
}

__noreturn static void leave(void)
{
    if (boot_option("panic=wait")) {
        printk_emergency("The machine waits for the debugger.\n");
        panic_wait_for_debugger();
    }
    outb(DEBUG_EXIT_PORT, DEBUG_EXIT_PANIC);
    for (;;)
        __asm__ volatile("cli; hlt");
}

__debug_stop void panic_wait_for_debugger(void)
{
    for (;;)
        __asm__ volatile("cli; hlt");
}

/* The first CPU goes on, a second one stops, a panic in panic is told and goes
 * on, too.  True: this is the first. */
static bool claim(void)
{
    uint32_t none = 0;

    irqs_disable();
    if (__atomic_compare_exchange_n(&panicking, &none, this_cpu->id + 1, false,
                                    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
        facts.cr2 = cpu_read_cr2();
        this_cpu->spin_depth += PANIC_DEPTH;
        stop_others();
        return true;
    }
    if (none != this_cpu->id + 1)
        panic_stop_cpu(NULL);
    if (++nested > NESTED_MAX)
        leave();
    return false;
}

static void run_report(void)
{
    panic_report(&facts);
}

/* With `facts` filled in, and the frame pointer of who called. */
__noreturn static void report_and_leave(void)
{
    __asm__ volatile("mov %%rsp, %%rbx; mov %0, %%rsp; call *%1;"
                     "mov %%rbx, %%rsp"
                     :
                     : "r"(stack + sizeof(stack)), "r"(run_report)
                     : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9",
                       "r10", "r11", "memory", "cc");
    leave();
}

/* A part of the report has failed. */
__printf(1, 0) __noreturn static void go_on(const char *format, va_list args)
{
    char text[128];

    base_vsnprintf(text, sizeof(text), format, args);
    printk_emergency("(this part of the report failed: %s)\n", text);
    report_and_leave();
}

void panic(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (!claim())
        go_on(format, args);
    base_vsnprintf(facts.message, sizeof(facts.message), format, args);
    va_end(args);
    facts.frame_pointer = (vaddr_t)__builtin_frame_address(0);
    report_and_leave();
}

void panic_explained(void (*explain)(const void *arg), const void *arg,
                     const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (!claim())
        go_on(format, args);
    base_vsnprintf(facts.message, sizeof(facts.message), format, args);
    va_end(args);
    facts.explain = explain;
    facts.arg = arg;
    facts.frame_pointer = (vaddr_t)__builtin_frame_address(0);
    report_and_leave();
}

void panic_frame(const struct trap_frame *frame, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (!claim())
        go_on(format, args);
    base_vsnprintf(facts.message, sizeof(facts.message), format, args);
    va_end(args);
    facts.has_frame = true;
    facts.frame = *frame;
    report_and_leave();
}

void assert_failed(const char *expression, const char *file, int line)
{
    panic("%s:%d: assertion failed: %s", file, line, expression);
}

void assert_compare_failed(const char *expression, uint64_t left,
                           uint64_t right, const char *file, int line)
{
    panic("%s:%d: assertion failed: %s (%lu, %lu; %lx, %lx)", file, line,
          expression, left, right, left, right);
}
