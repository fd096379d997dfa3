/*
 * ipc/pipe.h - a pipe: bytes in order, from any number of writers to readers.
 */
#pragma once

#include "fs/file.h"

enum {
    PIPE_PAGES = 16,
    PIPE_BYTES = PIPE_PAGES * (int)PAGE_SIZE, /* as much as Linux's */
};

/*
 * A new pipe with an open file for each end; `flags`: O_NONBLOCK or 0.  The
 * caller has the reference of both files.
 * Returns 0 or -ENOMEM.
 */
__must_check int pipe_create(unsigned flags, struct file **read_end,
                             struct file **write_end);
