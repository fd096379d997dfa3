/*
 * syscall/sys_lock.h - the part of fcntl() that locks ranges of files.
 */
#pragma once

#include "abi/fcntl.h"
#include "fs/file.h"

/*
 * F_GETLK, F_SETLK, F_SETLKW and the F_OFD_ commands, for `fd`, which is
 * `file`.  0 or -errno; -EINVAL for other commands.
 */
__must_check int64_t fcntl_lock(int fd, struct file *file, unsigned command,
                                struct flock __user *argument);
