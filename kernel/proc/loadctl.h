/*
 * proc/loadctl.h - load control: frames and turns for processes that do not all
 * fit; the rules are in loadctl_rule.h.
 */
#pragma once

#include "core/types.h"
#include "proc/loadctl_rule.h"

/* What can be set: /proc/sys/vm/loadctl_NAME.  [a] */
struct loadctl_bounds {
    uint32_t upper, lower; /* faults in a second of a process' CPU time */
    uint32_t turn_ms;      /* CPU time of a turn while others are out */
    uint32_t tau_ms;       /* window of the working set, CPU time */
};
extern struct loadctl_bounds loadctl_bounds;

/* "off", "pff" or "ws".  Turned off, all come back and may have what they want.
 * 0, -EINVAL, -ENOMEM (no thread).  Context: may sleep. */
__must_check int loadctl_set_mode(const char *name);
const char *loadctl_mode_name(void);

/* For /proc/loadctl: the n-th process that counts; false: there is none. */
struct loadctl_facts {
    int32_t pid;
    struct load_process figures;
};
bool loadctl_get_facts(unsigned n, struct loadctl_facts *out);
/* Frames for all of them, at the last look. */
uint64_t loadctl_frames(void);

/* Boot, with threads: what loadctl= on the command line says. */
void loadctl_start(void);
