/*
 * vm/remote.h - reading and writing the memory of another process, as a debugger
 * does.
 */
#pragma once

#include "core/types.h"

struct address_space;

/*
 * Copy `n` bytes of `as` to the kernel, whatever the regions permit; pages are
 * brought in, also from swap.  0, -EFAULT where nothing is mapped, -ENOMEM.
 * Context: may sleep, `as` not locked and kept by the caller.
 */
__must_check int as_read_any(struct address_space *as, vaddr_t va, void *bytes,
                             size_t n);

/* Write, also where the program itself may only read: its private pages get
 * copies of their own, files and other processes never see it.  0, -EFAULT also
 * for shared regions that may not be written, -ENOMEM. */
__must_check int as_write_any(struct address_space *as, vaddr_t va,
                              const void *bytes, size_t n);
