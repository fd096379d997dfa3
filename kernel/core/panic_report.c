/*
 * core/panic_report.c - see panic_report.h.
 *
 * Idea:  each part is a function in a table.  Addresses of code stand in [<...>]
 *        with the function behind them, and "ip" before those where something
 *        was interrupted; tools/run adds file and line, and disassembles "code".
 * Locks: none, all other CPUs stand still.
 * Next:  kernel/crash.c, which knows threads and processes.
 */
#include "core/panic_report.h"

#include "base/format.h"
#include "core/lockcheck.h"
#include "core/panic_words.h"
#include "core/printk.h"
#include "core/spinlock.h"
#include "core/symbols.h"
#include "core/trace.h"
#include "core/upcalls.h"
#include "x86/cpu.h"
#include "x86/layout.h"
#include "x86/paging.h"

#define KERNEL_HALF 0xffff800000000000ul
enum {
    BACKTRACE_MAX = 24,       /* lines */
    BACKTRACE_OTHERS_MAX = 8, /* of the other CPUs */
    FRAMES_MAX = 10000,       /* also where lines are left out */
    CODE_BYTES = 16,          /* no instruction is longer */
    EVENTS_MAX = 20,
};

/* entry.S: return addresses of trap_dispatch and syscall_dispatch. */
extern const char trap_return[], paranoid_return[], syscall_return[];

/* Lock key: [C] its CPU, before `stopped`  [a] atomic */
static struct {
    const struct trap_frame *frame; /* [C] NULL: it panics, too */
    vaddr_t frame_pointer;          /* [C] */
    bool stopped;                   /* [a] */
} others[CONFIG_MAX_CPUS];

void panic_note_stopped(unsigned cpu, const struct trap_frame *frame,
                        vaddr_t frame_pointer)
{
    if (panic_has_stopped(cpu))
        return;
    others[cpu].frame = frame;
    others[cpu].frame_pointer = frame_pointer;
    __atomic_store_n(&others[cpu].stopped, true, __ATOMIC_RELEASE);
}

bool panic_has_stopped(unsigned cpu)
{
    return __atomic_load_n(&others[cpu].stopped, __ATOMIC_ACQUIRE);
}

static bool page_is_mapped(vaddr_t va)
{
    const pte_t *table = phys_to_virt(pte_phys(cpu_read_cr3()));

    for (unsigned level = 3;; level--) {
        pte_t entry = table[pt_index(va, level)];
        if (!(entry & PTE_PRESENT))
            return false;
        if (level == 0 || (entry & PTE_LARGE))
            return true;
        table = phys_to_virt(pte_phys(entry));
    }
}

bool panic_can_read(vaddr_t va, size_t bytes)
{
    if (va < KERNEL_HALF || va + bytes < va)
        return false;
    for (vaddr_t at = ALIGN_DOWN(va, PAGE_SIZE); at < va + bytes;
         at += PAGE_SIZE)
        if (!page_is_mapped(at))
            return false;
    return true;
}

/* ---- where ---------------------------------------------------------------- */

/* Something was interrupted there. */
static void print_ip(vaddr_t ip)
{
    char name[80];

    symbol_format(ip, false, name, sizeof(name));
    printk_emergency("  ip [<%016lx>]%s\n", ip, name);
}

static void print_return(vaddr_t ip)
{
    char name[80];

    symbol_format(ip, true, name, sizeof(name));
    printk_emergency("  [<%016lx>]%s\n", ip, name);
}

/* Has the function that was interrupted at `ip` a frame of its own already?  It
 * begins with push %rbp and has mov %rsp, %rbp soon after. */
static bool has_own_frame(vaddr_t ip)
{
    vaddr_t start;
    uint64_t bytes;

    if (!symbol_find(ip, &start, &bytes))
        return false;
    for (const uint8_t *code = (const uint8_t *)start;
         code + 3 <= (uint8_t *)ip; code++)
        if (code[0] == 0x48 && code[1] == 0x89 && code[2] == 0xe5)
            return true;
    return false;
}

/* Where execution was; without a frame, who called lies on top of the stack, or
 * below the frame pointer that has just been pushed. */
static void print_interrupted(const struct trap_frame *f)
{
    const uint64_t *top = (const uint64_t *)f->rsp;
    vaddr_t start;
    uint64_t bytes;

    print_ip(f->rip);
    if (has_own_frame(f->rip) || !panic_can_read(f->rsp, 16))
        return;
    vaddr_t caller = top[0] == f->rbp ? top[1] : top[0];
    if (symbol_find(caller, &start, &bytes))
        print_return(caller);
}

/* A frame's return address, 0 when it is none of the kernel's: saved frame
 * pointers lead up through kernel stacks, below which lies nothing. */
static vaddr_t return_address(vaddr_t frame_pointer, vaddr_t low)
{
    if (frame_pointer < KERNEL_HALF || (frame_pointer & 7) != 0 ||
        frame_pointer < low || !panic_can_read(frame_pointer, 16))
        return 0;
    vaddr_t ip = ((const uint64_t *)frame_pointer)[1];
    return ip < KERNEL_HALF ? 0 : ip;
}

/* What lay below a return to entry.S, whose frame pointer points right below
 * the saved ip; where to go on, 0: nowhere. */
static vaddr_t print_trap(vaddr_t frame_pointer)
{
    const struct trap_frame *f =
        (const void *)(frame_pointer + 8 - offsetof(struct trap_frame, rip));

    if (!panic_can_read((vaddr_t)f, sizeof(*f)))
        return 0;
    if (trap_from_user(f)) {
        printk_emergency("  -- %s in user mode, ip %lx\n",
                         exception_name(f->vector), f->rip);
        return 0;
    }
    printk_emergency("  -- %s\n", exception_name(f->vector));
    print_interrupted(f);
    return f->rbp;
}

static void print_repeats(unsigned repeats)
{
    if (repeats > 0)
        printk_emergency("  ... the same %u times more\n", repeats);
}

static void backtrace(vaddr_t frame_pointer, unsigned lines)
{
    vaddr_t low = 0, previous = 0;
    unsigned repeats = 0;

    for (unsigned i = 0; i < FRAMES_MAX && lines > 0; i++) {
        vaddr_t ip = return_address(frame_pointer, low);
        if (ip == 0)
            break;
        low = frame_pointer;
        frame_pointer = *(const uint64_t *)frame_pointer;
        if (ip == previous) {
            repeats++;
            continue;
        }
        print_repeats(repeats);
        repeats = 0;
        previous = ip;
        print_return(ip);
        lines--;
        if (ip == (vaddr_t)trap_return || ip == (vaddr_t)paranoid_return ||
            ip == (vaddr_t)syscall_return) {
            frame_pointer = print_trap(frame_pointer);
            low = 0;
        }
    }
    print_repeats(repeats);
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

/* ---- the parts ------------------------------------------------------------ */

static void part_headline(const struct panic_facts *facts)
{
    printk_emergency("\npanic on CPU %u: %s\n", this_cpu->id, facts->message);
}

static void part_who(const struct panic_facts *facts)
{
    crash_describe_cpu(cpu_self(), facts->has_frame ? &facts->frame : NULL);
}

static void part_explain(const struct panic_facts *facts)
{
    if (facts->explain)
        facts->explain(facts->arg);
}

static void part_instruction(const struct panic_facts *facts)
{
    char text[3 * CODE_BYTES + 1];
    vaddr_t ip = facts->frame.rip;
    unsigned n = 0;

    if (!facts->has_frame)
        return;
    if (trap_from_user(&facts->frame)) {
        printk_emergency("  user ip %016lx\n", ip);
        return;
    }
    print_ip(ip);
    while (n < CODE_BYTES && panic_can_read(ip + n, 1)) {
        base_snprintf(text + 3 * n, 4, " %02x",
                      *(const unsigned char *)(ip + n));
        n++;
    }
    printk_emergency("  code%s\n", n > 0 ? text : ": cannot be read");
}

static void part_registers(const struct panic_facts *facts)
{
    const struct trap_frame *f = &facts->frame;

    if (facts->has_frame) {
        printk_emergency("vector %lu error %lx rflags %lx rip %04lx:%016lx\n",
                         f->vector, f->error, f->rflags, f->cs, f->rip);
        printk_emergency("rax %016lx rbx %016lx rcx %016lx rdx %016lx\n",
                         f->rax, f->rbx, f->rcx, f->rdx);
        printk_emergency("rsi %016lx rdi %016lx rbp %016lx rsp %016lx\n",
                         f->rsi, f->rdi, f->rbp, f->rsp);
        printk_emergency("r8  %016lx r9  %016lx r10 %016lx r11 %016lx\n", f->r8,
                         f->r9, f->r10, f->r11);
        printk_emergency("r12 %016lx r13 %016lx r14 %016lx r15 %016lx\n",
                         f->r12, f->r13, f->r14, f->r15);
    }
    printk_emergency("cr2 %016lx cr3 %lx cr4 %lx%s\n", facts->cr2,
                     cpu_read_cr3(), cpu_read_cr4(),
                     this_cpu->in_irq ? ", in an interrupt" : "");
}

static void part_backtrace(const struct panic_facts *facts)
{
    printk_emergency("backtrace:\n");
    if (!facts->has_frame)
        backtrace(facts->frame_pointer, BACKTRACE_MAX);
    else if (trap_from_user(&facts->frame))
        printk_emergency("  -- user mode\n");
    else {
        print_interrupted(&facts->frame);
        backtrace(facts->frame.rbp, BACKTRACE_MAX);
    }
}

static void print_lock(const char *before, const struct spinlock *lock)
{
    char name[80];

    symbol_format(lock->holder_ip, true, name, sizeof(name));
    printk_emergency("%s \"%s\" (rank %u)%s%s\n", before, lock->id.name,
                     lock->id.rank, name[0] ? ", taken in" : "", name);
}

/* How many of a CPU's there are to tell. */
static unsigned print_locks_of(const struct cpu *cpu)
{
    char before[40];
    uint32_t found = 0;

    base_snprintf(before, sizeof(before), "  CPU %u holds", cpu->id);
    for (unsigned i = 0; i < ARRAY_LENGTH(cpu->held); i++) {
        const struct spinlock *lock = cpu->held[i];
        if (!panic_can_read((vaddr_t)lock, sizeof(*lock)) ||
            lock->locked != cpu->lock_mark)
            continue;
        print_lock(before, lock);
        found++;
    }
    /* The one that it waits for is counted. */
    uint32_t depth = cpu->spin_depth % PANIC_DEPTH - (cpu->spins_for != NULL);
    if (found < depth)
        printk_emergency("%s %u more\n", before, depth - found);
    if (cpu->spins_for) {
        base_snprintf(before, sizeof(before), "  CPU %u waits for", cpu->id);
        print_lock(before, cpu->spins_for);
        found++;
    }
    return found;
}

static void part_locks(const struct panic_facts *facts)
{
    unsigned found = 0;

    printk_emergency("spinlocks:\n");
    for (unsigned i = 0; i < cpu_count; i++)
        found += print_locks_of(&cpus[i]);
    if (found == 0)
        printk_emergency("  none is held\n");
}

static void part_other_cpus(const struct panic_facts *facts)
{
    for (unsigned i = 0; i < cpu_count; i++) {
        const struct trap_frame *f = others[i].frame;
        if (i == this_cpu->id)
            continue;
        printk_emergency("CPU %u%s\n", i,
                         !panic_has_stopped(i)
                             ? ": does not answer, not even an NMI"
                         : f ? " stands:"
                             : " panics, too:");
        crash_describe_cpu(&cpus[i], f);
        if (!panic_has_stopped(i) || (f && trap_from_user(f)))
            continue;
        if (f)
            print_interrupted(f);
        backtrace(others[i].frame_pointer, BACKTRACE_OTHERS_MAX);
    }
}

static void part_events(const struct panic_facts *facts)
{
    trace_print_last(EVENTS_MAX);
}

void panic_report(const struct panic_facts *facts)
{
    static void (*const parts[])(const struct panic_facts *facts) = {
        part_headline,    part_who,        part_explain,
        part_instruction, part_registers,  part_backtrace,
        part_locks,       part_other_cpus, part_events,
    };
    static unsigned next;

    while (next < ARRAY_LENGTH(parts))
        parts[next++](facts);
}
