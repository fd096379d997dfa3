/*
 * proc/provoke.h - crashes on purpose: /proc/sys/kernel/provoke.
 */
#pragma once

#include "proc/procfs.h"

/* The kinds there are, a line each. */
int proc_show_provoke(const struct proc_ref *ref, struct text *out);

/* Do what `line` names, which ends the machine; -EINVAL: there is no such kind,
 * or it takes two CPUs and there is one. */
int proc_store_provoke(const struct proc_ref *ref, char *line);
