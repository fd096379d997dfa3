/*
 * core/panic_report.h - what a panic tells: who, where, holding what.
 *
 * The report has parts.  One that fails itself, because what it looks at is
 * damaged, is left out, and the next one follows.
 */
#pragma once

#include "core/panic.h"
#include "core/types.h"
#include "x86/trap_frame.h"

/* Added to spin_depth of the CPU that panics: a fault of its own must neither
 * sleep nor let interrupts in. */
enum { PANIC_DEPTH = 1000 };

/* What the first CPU that panics leaves for the report. */
struct panic_facts {
    char message[256];
    void (*explain)(const void *arg); /* or NULL */
    const void *arg;
    bool has_frame;
    struct trap_frame frame; /* has_frame */
    uint64_t cr2;            /* before anything else could fault */
    vaddr_t frame_pointer;   /* !has_frame: of panic() */
};

/* Write what is left of the report: all of it at the first call, what comes
 * behind the part that failed at a later one. */
void panic_report(const struct panic_facts *facts);

/* CPU `cpu` stands still: where, or NULL for one that panics, too, and the frame
 * pointer to begin with. */
void panic_note_stopped(unsigned cpu, const struct trap_frame *frame,
                        vaddr_t frame_pointer);
bool panic_has_stopped(unsigned cpu);

/* Can [va, va + bytes) be read?  By the page tables: faults nowhere. */
bool panic_can_read(vaddr_t va, size_t bytes);
