/*
 * crash.c - what a panic says of threads and processes.
 *
 * Idea:  core/panic_report.c may not know what a thread is; here everything is
 *        known, down to the names of system calls, which are those of their
 *        handlers.  Nothing is trusted: pointers are checked before use.
 * Locks: none, all CPUs stand still.
 */
#include "base/string.h"
#include "core/panic_report.h"
#include "core/printk.h"
#include "core/symbols.h"
#include "core/upcalls.h"
#include "proc/process.h"
#include "syscall/syscalls.h"
#include "x86/cpu.h"
#include "x86/trap_frame.h"
#include "x86/vectors.h"

/* The name of a system call: its entry in the table is thunk_NAME. */
static const char *call_name(uint64_t number)
{
    vaddr_t start;
    uint64_t bytes;

    if (number >= SYSCALL_LIMIT || !syscall_table[number])
        return "unknown";
    const char *name =
        symbol_find((vaddr_t)syscall_table[number], &start, &bytes);
    return name && memcmp(name, "thunk_", 6) == 0 ? name + 6 : "unknown";
}

/* How it came into the kernel: the frame at the top of its stack. */
static void describe_entry(const struct thread *t)
{
    const struct trap_frame *f =
        (const void *)(t->kernel_stack + KSTACK_BYTES - sizeof(*f));

    if (!panic_can_read((vaddr_t)f, sizeof(*f)) || !trap_from_user(f))
        return;
    if (f->vector == VECTOR_SYSCALL)
        printk_emergency("  in system call %s(%#lx, %#lx, %#lx, ...), number "
                         "%lu, from user ip %#lx\n",
                         call_name(f->orig_rax), f->rdi, f->rsi, f->rdx,
                         f->orig_rax, f->rip);
    else
        printk_emergency("  came from user ip %#lx\n", f->rip);
}

static void describe_locks(const struct thread *t)
{
    if (!CONFIG_LOCKCHECK)
        return;
    for (unsigned i = 0;
         i < t->lockcheck->count && i < ARRAY_LENGTH(t->lockcheck->held); i++)
        printk_emergency("  holds mutex \"%s\", taken at [<%016lx>]\n",
                         t->lockcheck->held[i].lock->name,
                         t->lockcheck->held[i].trace.ip[0]);
}

void crash_describe_cpu(const struct cpu *cpu, const struct trap_frame *frame)
{
    const struct thread *t = cpu->current;
    const struct process *p;

    if (!t) {
        printk_emergency("  before the first thread\n");
        return;
    }
    if (!panic_can_read((vaddr_t)t, sizeof(*t))) {
        printk_emergency("  its thread is damaged: %p\n", (const void *)t);
        return;
    }
    p = t->process;
    if (t == cpu->idle)
        printk_emergency("  idle\n");
    else if (p && panic_can_read((vaddr_t)p, sizeof(*p)))
        printk_emergency("  thread %d (%.15s) of process %d (%.15s)\n", t->tid,
                         t->name, p->pid, p->name);
    else
        printk_emergency("  kernel thread %.15s\n", t->name);
    describe_locks(t);
    if (frame && trap_from_user(frame))
        printk_emergency("  in user mode at %#lx\n", frame->rip);
    else if (p)
        describe_entry(t);
}
