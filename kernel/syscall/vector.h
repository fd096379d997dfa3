/*
 * syscall/vector.h - the iovec argument of readv, sendmsg and their kin.
 */
#pragma once

#include "abi/limits.h"
#include "abi/types.h"
#include "abi/uio.h"
#include "vm/uio.h"

/* The vector of one call, copied into the kernel. */
struct vector {
    struct iovec few[UIO_INLINE];
    struct iovec *all; /* == few, or allocated */
    size_t total;      /* bytes, at most RW_MAX_BYTES */
};

/* Copy and check `count` elements; what is beyond RW_MAX_BYTES is cut.  0,
 * -EINVAL, -EFAULT, -ENOMEM.  On success vector_put() must follow. */
__must_check int vector_get(struct vector *vector,
                            const struct iovec __user *vec,
                            unsigned long count);
void vector_put(struct vector *vector);
