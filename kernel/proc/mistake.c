/*
 * proc/mistake.c - see mistake.h.
 *
 * Idea:  an address is told by what lies there now (a region that forbids the
 *        access), by what lay there (the space remembers the last ranges that
 *        were unmapped), or by its neighbours (below the stack, behind the
 *        heap).  Other exceptions are told by their vector and the bytes of the
 *        instruction.  All of it is a guess for a reader; nothing depends on it.
 * Locks: as->lock while the regions are looked at; one for the limit.
 */
#include "proc/mistake.h"

#include "abi/signal.h"
#include "base/format.h"
#include "base/string.h"
#include "core/panic_words.h"
#include "core/printk.h"
#include "proc/process.h"
#include "vm/region.h"
#include "vm/usercopy.h"
#include "x86/clock.h"
#include "x86/pte.h"
#include "x86/trap_frame.h"
#include "x86/vectors.h"

/* So many lines in so much time, from all processes together. */
enum { LINES_MAX = 30, WORDS_BYTES = 120 };
#define LINES_TIME (5 * NSEC_PER_SEC)

/* An access belongs to the stack if it is this near to the stack pointer. */
#define NEAR_STACK 0x10000ul
#define NEAR_HEAP  0x100000ul

struct access {
    vaddr_t address, sp;
    bool write, fetch, bus;
};

static bool is_near_stack(const struct access *a)
{
    return a->address - a->sp + NEAR_STACK <= 2 * NEAR_STACK;
}

static const char *kind_inside(const struct region *r, const struct access *a)
{
    if (a->bus && r->mapping &&
        region_index(r, a->address) >= (r->mapping->size + PAGE_SIZE - 1) >>
            PAGE_SHIFT)
        return "access beyond the end of a file";
    if (a->bus)
        return "no page could be had from the file";
    if (r->prot == 0)
        return is_near_stack(a) ? "stack overflow (of a thread)"
                                : "access to memory without rights";
    if (a->fetch)
        return r->flags & REGION_STACK  ? "execution of data (on the stack)"
               : r->flags & REGION_HEAP ? "execution of data (on the heap)"
                                        : "execution of data";
    if (a->write && !(r->prot & VM_WRITE))
        return r->prot & VM_EXEC ? "write to program text"
                                 : "write to read-only data";
    return "memory that just changed"; /* by another thread */
}

static bool was_unmapped(const struct address_space *as, vaddr_t address)
    MUST_HOLD(as->lock);
static bool was_unmapped(const struct address_space *as, vaddr_t address)
{
    for (unsigned i = 0; i < ARRAY_LENGTH(as->unmapped); i++)
        if (address >= as->unmapped[i].start && address < as->unmapped[i].end)
            return true;
    return false;
}

static const char *kind_outside(struct address_space *as,
                                const struct access *a) MUST_HOLD(as->lock);
static const char *kind_outside(struct address_space *as,
                                const struct access *a)
{
    const struct region *above = region_find_from_locked(as, a->address);
    const struct region *below = region_before_locked(as, a->address);

    if (a->address < USER_MIN)
        return a->fetch ? "call through a null pointer" : "null pointer";
    if (a->address >= USER_END)
        return "use of a kernel address";
    if (above && (above->flags & REGION_STACK) &&
        (is_near_stack(a) || above->start - a->address <= STACK_GUARD_PAGES
                                                              << PAGE_SHIFT))
        return "stack overflow";
    if (was_unmapped(as, a->address))
        return "use after unmap";
    if (a->fetch)
        return "jump to a wild address";
    if (below && (below->flags & REGION_HEAP) &&
        a->address - below->end < NEAR_HEAP)
        return "access beyond the end of the heap";
    if (below && a->address - below->end < PAGE_SIZE)
        return "access beyond the end of a mapping";
    return "wild pointer";
}

static void describe_page_fault(int signal, vaddr_t address,
                                const struct trap_frame *frame, char *words)
{
    struct address_space *as = thread_current()->space;
    const struct access a = {
        .address = address,
        .sp = frame->rsp,
        .write = frame->error & PF_WRITE,
        .fetch = frame->error & PF_FETCH,
        .bus = signal == SIGBUS,
    };

    mutex_lock(&as->lock);
    const struct region *r = region_find_locked(as, address);
    const char *kind = r ? kind_inside(r, &a) : kind_outside(as, &a);
    mutex_unlock(&as->lock);
    base_snprintf(words, WORDS_BYTES, "%s: %s%#lx", kind,
                  a.fetch   ? ""
                  : a.write ? "write to "
                            : "read of ",
                  address);
}

/* [SDM-2 "Opcode Map"]: may only the kernel execute it? */
static bool is_privileged(const uint8_t *code)
{
    static const uint8_t second[] = { 0x00, 0x01, 0x06, 0x08, 0x09, 0x20,
                                      0x21, 0x22, 0x23, 0x07, 0x30, 0x32 };

    if (code[0] == 0x0f)
        return memchr(second, code[1], sizeof(second)) != NULL;
    return code[0] == 0xf4 || code[0] == 0xfa || code[0] == 0xfb || /* hlt... */
           (code[0] & 0xf4) == 0xe4 || (code[0] & 0xfc) == 0x6c; /* in, out */
}

static void describe_protection(const struct trap_frame *frame, char *words)
{
    uint8_t code[2] = { 0x90, 0x90 };
    uint64_t value;
    const char *name = exception_bad_register(frame, &value);

    if (copy_from_user_nofault(code, (const void __user *)frame->rip,
                               sizeof(code)) != 0)
        base_snprintf(words, WORDS_BYTES, "jump to a non-canonical address");
    else if (is_privileged(code))
        base_snprintf(words, WORDS_BYTES, "privileged instruction: %02x %02x",
                      code[0], code[1]);
    else if (code[0] == 0xcd)
        base_snprintf(words, WORDS_BYTES,
                      "interrupt that no program may raise: %#x", code[1]);
    else if (name && frame->error == 0)
        base_snprintf(words, WORDS_BYTES, "non-canonical address: %s %#lx",
                      name, value);
    else
        base_snprintf(words, WORDS_BYTES,
                      "general protection fault: selector %#lx", frame->error);
}

static void describe(int signal, int code, vaddr_t address,
                     const struct trap_frame *frame, char *words)
{
    uint8_t bytes[4] = { 0 };

    if (code == SI_KERNEL && address != 0)
        base_snprintf(words, WORDS_BYTES, "no signal frame on the stack: %#lx",
                      address);
    else if (frame->vector == VECTOR_PF)
        describe_page_fault(signal, address, frame, words);
    else if (frame->vector == VECTOR_GP || frame->vector == VECTOR_SS)
        describe_protection(frame, words);
    else if (frame->vector == VECTOR_UD &&
             copy_from_user_nofault(bytes, (const void __user *)frame->rip,
                                    sizeof(bytes)) != sizeof(bytes))
        base_snprintf(words, WORDS_BYTES,
                      "invalid instruction: %02x %02x %02x %02x", bytes[0],
                      bytes[1], bytes[2], bytes[3]);
    else if (frame->vector == 0x80)
        base_snprintf(words, WORDS_BYTES, "system call of 32-bit programs");
    else
        base_snprintf(words, WORDS_BYTES, "%s", exception_name(frame->vector));
}

/* May one more line come?  *left_out: how many did not since the last one. */
static bool may_log(unsigned *left_out)
{
    static struct spinlock lock = SPINLOCK_INIT("mistakes", RANK_FS_LEAF);
    static uint64_t began;         /* [lock] */
    static unsigned lines, missed; /* [lock] since then */
    uint64_t now = clock_now_ns();

    spin_lock(&lock);
    if (now - began > LINES_TIME) {
        began = now;
        lines = 0;
    }
    bool may = lines < LINES_MAX;
    *left_out = may ? missed : 0;
    missed = may ? 0 : missed + 1;
    lines += may;
    spin_unlock(&lock);
    return may;
}

static const char *signal_word(int signal)
{
    switch (signal) {
    case SIGSEGV:
        return "SIGSEGV";
    case SIGBUS:
        return "SIGBUS";
    case SIGILL:
        return "SIGILL";
    case SIGFPE:
        return "SIGFPE";
    default:
        return "SIGTRAP";
    }
}

void mistake_log(int signal, int code, uint64_t address,
                 const struct trap_frame *frame)
{
    const struct thread *t = thread_current();
    char words[WORDS_BYTES];
    unsigned left_out;

    if (!may_log(&left_out))
        return;
    describe(signal, code, address, frame, words);
    if (left_out > 0)
        printk("%u lines about killed programs were left out\n", left_out);
    printk("%s[%d]: killed by signal %d (%s): %s, ip 0x%lx, sp 0x%lx\n",
           t->name, t->process->pid, signal, signal_word(signal), words,
           frame->rip, frame->rsp);
}
