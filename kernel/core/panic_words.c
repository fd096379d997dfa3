/*
 * core/panic_words.c - see panic_words.h.  Pure but for panic_exception().
 *
 * A page fault is told by its address first (null pointer, guard page of a
 * stack), then by what the CPU forbade: to execute data (NX) or user code
 * (SMEP), to touch user memory outside of a user copy (SMAP), to write what is
 * read-only.  A jump to nowhere shows as a fetch from where rip points.
 */
#include "core/panic_words.h"

#include "base/format.h"
#include "core/panic.h"
#include "x86/cpu.h"
#include "x86/irq.h"
#include "x86/layout.h"
#include "x86/pte.h"
#include "x86/trap_frame.h"
#include "x86/vectors.h"

#define KERNEL_HALF      0xffff800000000000ul
#define NULL_AREA        0x10000ul /* no process can map it */
#define MSR_MCG_CAP      0x179
#define MSR_MC0_STATUS   0x401 /* four registers for each bank */
#define MCI_STATUS_VALID (1ul << 63)

extern const char __text_start[], __text_end[], __rodata_end[];

static const char *const names[] = {
    "divide error",
    "debug exception",
    "NMI",
    "breakpoint",
    "overflow",
    "bound",
    "invalid instruction",
    "no FPU",
    "double fault",
    "9",
    "invalid TSS",
    "segment not present",
    "stack segment fault",
    "general protection fault",
    "page fault",
    "15",
    "x87 error",
    "misaligned access",
    "machine check",
    "SIMD error",
};

const char *exception_name(uint64_t vector)
{
    if (vector < ARRAY_LENGTH(names))
        return names[vector];
    switch (vector) {
    case VECTOR_SYSCALL:
        return "system call";
    case VECTOR_TIMER:
        return "timer interrupt";
    default:
        return vector >= VECTOR_RESCHEDULE ? "interrupt of another CPU"
                                           : "interrupt of a device";
    }
}

const char *exception_bad_register(const struct trap_frame *f, uint64_t *value)
{
    const struct {
        const char *name;
        uint64_t value;
    } registers[] = {
        { "rax", f->rax }, { "rbx", f->rbx }, { "rcx", f->rcx },
        { "rdx", f->rdx }, { "rsi", f->rsi }, { "rdi", f->rdi },
        { "rbp", f->rbp }, { "rsp", f->rsp }, { "r8", f->r8 },
        { "r9", f->r9 },   { "r10", f->r10 }, { "r11", f->r11 },
        { "r12", f->r12 }, { "r13", f->r13 }, { "r14", f->r14 },
        { "r15", f->r15 },
    };

    for (unsigned i = 0; i < ARRAY_LENGTH(registers); i++) {
        int64_t top = (int64_t)registers[i].value >> 47;
        *value = registers[i].value;
        if (top != 0 && top != -1)
            return registers[i].name;
    }
    return NULL;
}

/* The kind of a fault at a kernel address, or at one that means nothing. */
static const char *fault_kind(const struct trap_frame *f, vaddr_t address)
{
    bool present = f->error & PF_PRESENT, user = address < KERNEL_HALF;

    if (f->error & PF_RESERVED)
        return "damaged page table";
    if (vaddr_is_kstack_guard(address))
        return "kernel stack overflow";
    if (address < NULL_AREA)
        return f->error & PF_FETCH ? "call through a null pointer"
                                   : "null pointer";
    if (f->error & PF_FETCH)
        return !present ? "jump to a wild address"
               : user   ? "jump to user code (SMEP)"
                        : "execution of data (NX)";
    if (user)
        return present ? "user memory touched outside of a user copy (SMAP)"
                       : "user address touched outside of a user copy";
    if (!present)
        return "wild pointer";
    return address >= (vaddr_t)__text_start && address < (vaddr_t)__text_end
               ? "write to program text"
               : "write to read-only data";
}

static void explain_page_fault(const struct trap_frame *f, vaddr_t address,
                               char *buf, size_t size)
{
    base_snprintf(buf, size, "%s: %s%#lx in %s", fault_kind(f, address),
                  f->error & PF_FETCH   ? ""
                  : f->error & PF_WRITE ? "write to "
                                        : "read of ",
                  address, trap_from_user(f) ? "user mode" : "the kernel");
}

static void explain_double_fault(const struct trap_frame *f, vaddr_t cr2,
                                 char *buf, size_t size)
{
    if (vaddr_is_kstack_guard(cr2) && cr2 - f->rsp + PAGE_SIZE < 2 * PAGE_SIZE)
        base_snprintf(buf, size,
                      "kernel stack overflow: stack pointer %#lx is in the "
                      "guard page below the stack",
                      f->rsp);
    else
        base_snprintf(buf, size,
                      "double fault: stack pointer %#lx, last page fault at "
                      "%#lx",
                      f->rsp, cr2);
}

static void explain_machine_check(char *buf, size_t size)
{
    unsigned banks = cpu_rdmsr(MSR_MCG_CAP) & 0xff;
    int n = base_snprintf(buf, size, "machine check");

    for (unsigned i = 0; i < banks && (size_t)n < size; i++) {
        uint64_t status = cpu_rdmsr(MSR_MC0_STATUS + 4 * i);
        if (status & MCI_STATUS_VALID)
            n += base_snprintf(buf + n, size - (size_t)n,
                               ", bank %u status %lx", i, status);
    }
}

static void explain_protection(const struct trap_frame *f, char *buf,
                               size_t size)
{
    uint64_t value;
    const char *name = exception_bad_register(f, &value);

    if (name && f->error == 0)
        base_snprintf(buf, size,
                      "general protection fault in the kernel: %s %lx is no "
                      "address",
                      name, value);
    else
        base_snprintf(buf, size,
                      "general protection fault in the kernel: error %lx",
                      f->error);
}

void exception_explain(const struct trap_frame *f, vaddr_t address, char *buf,
                       size_t size)
{
    switch (f->vector) {
    case VECTOR_PF:
        explain_page_fault(f, address, buf, size);
        break;
    case VECTOR_DF:
        explain_double_fault(f, address, buf, size);
        break;
    case VECTOR_MC:
        explain_machine_check(buf, size);
        break;
    case VECTOR_GP:
        explain_protection(f, buf, size);
        break;
    default:
        base_snprintf(buf, size, "%s in %s", exception_name(f->vector),
                      trap_from_user(f) ? "user mode" : "the kernel");
    }
}

void panic_exception(const struct trap_frame *frame, vaddr_t address)
{
    char text[200];

    exception_explain(frame, address, text, sizeof(text));
    panic_frame(frame, "%s", text);
}
