/*
 * core/panic.c - the end: message, registers, backtrace, then leave QEMU.
 *
 * The host's tools turn the addresses in [<...>] into function and line.
 */
#include "core/panic.h"

#include <stdarg.h>

#include "base/format.h"
#include "core/printk.h"
#include "x86/cpu.h"
#include "x86/io.h"
#include "x86/smp.h"
#include "x86/trap_frame.h"

#define KERNEL_HALF      0xffff800000000000ul
#define DEBUG_EXIT_PORT  0xf4
#define DEBUG_EXIT_PANIC 0x11 /* QEMU leaves with (value << 1) | 1 */
enum { BACKTRACE_MAX = 24 };

static uint32_t panicking; /* [a] 0, or 1 + the CPU that panics */

bool panic_in_progress(void)
{
    return __atomic_load_n(&panicking, __ATOMIC_RELAXED) != 0;
}

/* The first CPU goes on, a second one stops, a panic in panic stops too. */
static void panic_claim(void)
{
    uint32_t none = 0;

    irqs_disable();
    if (__atomic_compare_exchange_n(&panicking, &none, this_cpu->id + 1, false,
                                    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
        smp_halt_others();
        return;
    }
    if (none == this_cpu->id + 1)
        outb(DEBUG_EXIT_PORT, DEBUG_EXIT_PANIC);
    for (;;)
        __asm__ volatile("hlt");
}

/* The return address of a frame, 0 when it is none of the kernel's: saved frame
 * pointers lead up through kernel stacks, below which lies nothing. */
static vaddr_t return_address(uint64_t frame_pointer, uint64_t low)
{
    if (frame_pointer < KERNEL_HALF || (frame_pointer & 7) != 0 ||
        frame_pointer < low)
        return 0;
    vaddr_t ip = ((const uint64_t *)frame_pointer)[1];
    return ip < KERNEL_HALF ? 0 : ip;
}

static void backtrace(uint64_t ip, uint64_t frame_pointer)
{
    uint64_t low = frame_pointer;

    printk_emergency("backtrace:\n");
    if (ip != 0)
        printk_emergency("  [<%016lx>]\n", ip);
    for (unsigned i = 0; i < BACKTRACE_MAX; i++) {
        ip = return_address(frame_pointer, low);
        if (ip == 0)
            break;
        printk_emergency("  [<%016lx>]\n", ip);
        low = frame_pointer;
        frame_pointer = *(const uint64_t *)frame_pointer;
    }
}

void backtrace_save(const void *frame, unsigned skip, vaddr_t *ip, unsigned max)
{
    uint64_t frame_pointer = (uint64_t)frame, low = frame_pointer;
    unsigned i = 0;

    while (i < max) {
        ip[i] = return_address(frame_pointer, low);
        if (ip[i] == 0)
            break;
        low = frame_pointer;
        frame_pointer = *(const uint64_t *)frame_pointer;
        if (skip > 0)
            skip--;
        else
            i++;
    }
    for (; i < max; i++)
        ip[i] = 0;
}

__noreturn static void leave(void)
{
    outb(DEBUG_EXIT_PORT, DEBUG_EXIT_PANIC);
    for (;;)
        __asm__ volatile("cli; hlt");
}

__printf(1, 0) static void headline(const char *format, va_list args)
{
    char text[256];

    base_vsnprintf(text, sizeof(text), format, args);
    printk_emergency("\npanic on CPU %u, thread %p: %s\n", this_cpu->id,
                     (void *)this_cpu->current, text);
}

void panic(const char *format, ...)
{
    va_list args;

    panic_claim();
    va_start(args, format);
    headline(format, args);
    va_end(args);
    backtrace(0, (uint64_t)__builtin_frame_address(0));
    leave();
}

void panic_explained(void (*explain)(const void *arg), const void *arg,
                     const char *format, ...)
{
    va_list args;

    panic_claim();
    va_start(args, format);
    headline(format, args);
    va_end(args);
    explain(arg);
    backtrace(0, (uint64_t)__builtin_frame_address(0));
    leave();
}

static void print_registers(const struct trap_frame *f)
{
    printk_emergency("vector %lu error %lx rip %04lx:%016lx rflags %lx\n",
                     f->vector, f->error, f->cs, f->rip, f->rflags);
    printk_emergency("rsp %04lx:%016lx rbp %016lx cr2 %016lx cr3 %lx\n", f->ss,
                     f->rsp, f->rbp, cpu_read_cr2(), cpu_read_cr3());
    printk_emergency("rax %016lx rbx %016lx rcx %016lx rdx %016lx\n", f->rax,
                     f->rbx, f->rcx, f->rdx);
    printk_emergency("rsi %016lx rdi %016lx r8  %016lx r9  %016lx\n", f->rsi,
                     f->rdi, f->r8, f->r9);
    printk_emergency("r10 %016lx r11 %016lx r12 %016lx r13 %016lx\n", f->r10,
                     f->r11, f->r12, f->r13);
    printk_emergency("r14 %016lx r15 %016lx\n", f->r14, f->r15);
}

void panic_frame(const struct trap_frame *frame, const char *format, ...)
{
    va_list args;

    panic_claim();
    va_start(args, format);
    headline(format, args);
    va_end(args);
    print_registers(frame);
    backtrace(frame->rip, frame->rbp);
    leave();
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
