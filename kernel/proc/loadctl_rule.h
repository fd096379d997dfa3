/*
 * proc/loadctl_rule.h - load control as a pure function: given what each process
 * did lately, how many frames it is to have, and who goes out or comes back.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum load_mode { LOAD_OFF, LOAD_PFF, LOAD_WS };

enum load_action { LOAD_KEEP, LOAD_SUSPEND, LOAD_RESUME };

/* One process that counts.  The caller keeps it from one decision to the next,
 * beginning with zeroes. */
struct load_process {
    /* What it did: in. */
    uint64_t pages;    /* resident */
    uint64_t faults;   /* since the last decision, that took a frame */
    uint64_t cpu_ns;   /* CPU time since then */
    uint64_t set;      /* LOAD_WS: pages used within the window */
    uint64_t since_ns; /* how long it has been in, or out */
    bool out;          /* suspended */
    uint64_t turn_ns;  /* CPU time since it came in */

    /* What it is to have: in and out. */
    uint64_t limit; /* LOAD_PFF: frames, 0: not given yet */
    uint64_t floor; /* with fewer it faulted too much */
    uint64_t need;  /* frames it had, or used, when it went out */
    uint64_t recent_faults, recent_cpu_ns; /* decaying sums */

    /* What happens to it: out. */
    enum load_action action;
};

/* The machine, and what is set. */
struct load_machine {
    enum load_mode mode;
    uint64_t memory;       /* frames for all processes that count */
    uint64_t upper, lower; /* LOAD_PFF: faults in a second of CPU time */
    uint64_t run_ns;       /* CPU time of a turn, while others are out */
    bool settled;          /* the last change has had time to show */
};

/* Faults in a second of its CPU time, lately. */
uint64_t loadctl_fault_rate(const struct load_process *process);

/* Decide for all `count` processes: limits, and at most one action but
 * LOAD_KEEP, which the caller carries out.  True: there is one. */
bool loadctl_decide(const struct load_machine *machine,
                    struct load_process *processes, unsigned count);
