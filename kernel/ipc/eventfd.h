/*
 * ipc/eventfd.h - a 64-bit counter behind a descriptor.
 */
#pragma once

#include "fs/file.h"

/*
 * A new open file whose counter starts at `value`; `semaphore`: a read takes
 * 1, not all; `flags`: O_NONBLOCK or 0.  The caller has the reference.
 * Returns 0 or -ENOMEM.
 */
__must_check int eventfd_create(uint64_t value, bool semaphore, unsigned flags,
                                struct file **out);
