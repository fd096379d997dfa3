/*
 * vm/vmtrace.h - seeing every use of memory that a program makes.
 *
 * A traced space has the pages that it may use kept from user mode, so that each
 * access is a page fault.  The page is let in for one instruction, which the
 * CPU then steps over, and kept out again.  So the replacement policy of a space
 * with a limit is told each use, as on paper, and the uses can be written down.
 * Pages that are locked (mlock) are not traced, nor is what system calls do to
 * memory.  Meant for programs of one thread.
 */
#pragma once

#include "core/types.h"

struct address_space;
struct uio;
struct vmtrace;

enum vmtrace_mode {
    VMTRACE_OFF,
    VMTRACE_EXEC,   /* record what is executed next */
    VMTRACE_EXACT,  /* tell the policy */
    VMTRACE_RECORD, /* and write it down */
};

/* 0 or -ENOMEM.  Locks: takes as->lock.  Context: may sleep. */
__must_check int vmtrace_set(struct address_space *as, enum vmtrace_mode mode);
enum vmtrace_mode vmtrace_mode(const struct address_space *as);
/* Are pages kept out? */
static inline bool vmtrace_is_on(const struct address_space *as)
{
    return vmtrace_mode(as) >= VMTRACE_EXACT;
}
/* The space after exec is traced as the one before it was. */
__must_check int vmtrace_inherit(struct address_space *as,
                                 const struct address_space *from);
/* The space goes. */
void vmtrace_leave(struct address_space *as);

/* Around vm_fault() for user mode, if as->trace: is the page in memory before
 * it? */
bool vmtrace_is_hit(struct address_space *as, vaddr_t address);
/* Note the use, with the CPU's error code.  True: step over the instruction, and
 * then call vmtrace_stepped(), which is false if the step is none of ours.
 * Context: may sleep. */
bool vmtrace_note(struct address_space *as, vaddr_t address, uint64_t error,
                  bool hit);
bool vmtrace_stepped(struct address_space *as);

/* What was written down, as text (docs/replacement.md): waits for more until no
 * space is recorded any longer, then 0.  -EINTR; -EINVAL: no room for a line. */
int64_t vmtrace_read(struct uio *uio);
