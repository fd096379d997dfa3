/*
 * proc/run.h - running one command for the host (tools/run).
 *
 * The command is the first child that pid 1 makes.  Its wait status goes to the
 * host from here, when pid 1 powers the machine off, so that no program can
 * claim another.
 */
#pragma once

#include "core/types.h"

/* Pid 1 has made a child.  Context: any. */
void run_note_child(int32_t pid);

/* Process `pid` has ended with wait status `status`.  Context: any. */
void run_note_exit(int32_t pid, int32_t status);

/* In run mode: audit the memory and send verdict and status to the host.
 * Context: may sleep; the system is quiet. */
void run_report(void);
