/*
 * syscall/vector.c - see vector.h.
 */
#include "syscall/vector.h"

#include "abi/errno.h"
#include "mem/slab.h"
#include "vm/usercopy.h"

void vector_put(struct vector *vector)
{
    if (vector->all != vector->few)
        kfree(vector->all);
}

/* Check the copied elements and add their lengths up; what is beyond
 * RW_MAX_BYTES is cut. */
static int vector_check(struct vector *vector, unsigned long count)
{
    for (unsigned long i = 0; i < count; i++) {
        struct iovec *vec = &vector->all[i];
        if ((ssize_t)vec->iov_len < 0)
            return -EINVAL;
        if (!user_range_ok((__force const void __user *)vec->iov_base,
                           vec->iov_len))
            return -EFAULT;
        vec->iov_len = MIN(vec->iov_len, (size_t)RW_MAX_BYTES - vector->total);
        vector->total += vec->iov_len;
    }
    return 0;
}

int vector_get(struct vector *vector, const struct iovec __user *vec,
               unsigned long count)
{
    if (count > UIO_MAXIOV)
        return -EINVAL;
    vector->total = 0;
    vector->all = vector->few;
    if (count > UIO_INLINE)
        vector->all = kmalloc(count * sizeof(*vec));
    if (vector->all == NULL)
        return -ENOMEM;
    int err = copy_from_user(vector->all, vec, count * sizeof(*vec));
    if (err == 0)
        err = vector_check(vector, count);
    if (err != 0)
        vector_put(vector);
    return err;
}
