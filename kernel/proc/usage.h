/*
 * proc/usage.h - what processes have used: time, memory, faults, switches.
 */
#pragma once

#include "abi/resource.h"
#include "core/types.h"

struct process;
struct thread;

/* Exact run time, divided into user and system by the timer's samples. */
void process_times(struct process *process, uint64_t *user_ns,
                   uint64_t *system_ns);

/* getrusage(RUSAGE_SELF) of any process, alive or zombie; the caller keeps it
 * from being reaped.  Locks: takes process->lock. */
void process_usage(struct process *process, struct rusage *out);

/* getrusage(RUSAGE_THREAD) of a thread of that process. */
void thread_usage(const struct thread *thread, struct rusage *out);

/* getrusage(RUSAGE_CHILDREN): of children it has waited for, and theirs. */
void process_children_usage(struct process *process, struct rusage *out);

/* Add `more` to *sum (maxima where that is the meaning). */
void usage_add(struct rusage *sum, const struct rusage *more);
