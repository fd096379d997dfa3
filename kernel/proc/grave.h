/*
 * proc/grave.h - zombies that nobody waits for.
 */
#pragma once

#include "proc/process.h"

/* Take a zombie out of the tree and have it freed.  Context: any. */
void grave_add_locked(struct process *process) MUST_HOLD(process_tree_lock);

/* Boot, with threads: start the thread that frees them. */
void grave_start_digger(void);
