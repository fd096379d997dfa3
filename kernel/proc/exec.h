/*
 * proc/exec.h - execve, and the start of pid 1.
 */
#pragma once

#include "core/types.h"

/*
 * Replace the current process' program by that in the file `path` (a kernel
 * string, not kept) with the arguments and environment in user memory.
 * Returns 0: the thread enters the new program when it goes back to user mode;
 * or -errno and nothing has changed.
 */
int64_t process_exec(const char *path, const char __user *const __user *argv,
                     const char __user *const __user *envp);
