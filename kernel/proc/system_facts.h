/*
 * proc/system_facts.h - what uname, sysinfo and /proc tell about the system.
 */
#pragma once

#include "abi/utsname.h"
#include "core/types.h"

extern const struct utsname system_name; /* [I] */

/* Load averages of 1, 5 and 15 minutes, times 65536. */
void system_load(uint64_t load[3]);

/* Processes (with zombies), and their threads. */
void system_count_tasks(unsigned *processes, unsigned *threads);

/* Boot: start sampling the load. */
void system_facts_init(void);
