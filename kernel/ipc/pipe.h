/*
 * ipc/pipe.h - a pipe: bytes in order, from any number of writers to readers.
 */
#pragma once

#include "fs/file.h"

/* Largest size that everybody may set; more takes uid 0. */
enum { PIPE_SIZE_MAX = 1 << 20 };

/* Boot: lets the file systems open their FIFOs as pipes. */
void pipe_init(void);

/*
 * A new pipe with an open file for each end; `flags`: O_NONBLOCK or 0.  The
 * caller has the reference of both files.
 * Returns 0 or -ENOMEM.
 */
__must_check int pipe_create(unsigned flags, struct file **read_end,
                             struct file **write_end);

/* Bytes that a pipe holds; -EBADF if `file` is none. */
int64_t pipe_get_size(const struct file *file);

/*
 * Make it hold at least `bytes`, rounded up to a power of two of pages.
 * Returns the new size; -EBADF: no pipe, -EINVAL: above 2 GiB, -EPERM: above
 * PIPE_SIZE_MAX and not `privileged`, -EBUSY: what is in it does not fit,
 * -ENOMEM.
 */
int64_t pipe_set_size(struct file *file, uint64_t bytes, bool privileged);
