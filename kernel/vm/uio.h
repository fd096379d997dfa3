/*
 * vm/uio.h - where the bytes of a read or write come from or go to: a list of
 * user buffers, or one kernel buffer.
 */
#pragma once

#include "abi/uio.h"
#include "core/types.h"

enum { UIO_INLINE = 8 };

struct uio {
    const struct iovec *vec; /* user addresses in iov_base (or kernel's) */
    unsigned count;          /* elements left, vec[0] partly done */
    size_t done_in_first;    /* bytes of vec[0] already used */
    size_t left;             /* bytes left in all */
    bool kernel;             /* iov_base are kernel addresses */
    bool broken;             /* out: nobody reads any more, though some bytes
                                went; the system call raises SIGPIPE */
    uint64_t size_limit;     /* a write grows no file beyond: RLIMIT_FSIZE;
                                no limit unless the system call sets one */
    struct iovec one;        /* storage for single-buffer forms */
};

void uio_init_user(struct uio *uio, void __user *buf, size_t n);
void uio_init_kernel(struct uio *uio, void *buf, size_t n);
/* vec stays the caller's; left is the checked sum. */
void uio_init_vector(struct uio *uio, const struct iovec *vec, unsigned count,
                     size_t total);

/* Copy up to n bytes from kernel memory to the uio's buffers, advancing it;
 * returns bytes copied: less than min(n, left) only after a bad address. */
size_t uio_copy_to(struct uio *uio, const void *from, size_t n);
/* Same in the other direction. */
size_t uio_copy_from(struct uio *uio, void *to, size_t n);
/* With faults off (mutexes may be held). */
size_t uio_copy_to_nofault(struct uio *uio, const void *from, size_t n);
size_t uio_copy_from_nofault(struct uio *uio, void *to, size_t n);
/* Fault in the next n bytes for reading from / writing to user memory; bytes
 * from the current position that are usable (0: bad address). */
size_t uio_fault_in_source(struct uio *uio, size_t n);
size_t uio_fault_in_target(struct uio *uio, size_t n);
/* Zeroes to the uio. */
size_t uio_zero_to(struct uio *uio, size_t n);
