/*
 * vm/uio.c - the bytes of a read or write, wherever they lie.
 *
 * Idea:   a uio walks over a list of buffers; uio_step() finds the next run
 *         inside one buffer, uio_advance() moves over what was done.  Kernel
 *         buffers are copied with memcpy, user buffers by vm/usercopy.c.
 * Locks:  none; a uio belongs to one thread.
 * Next:   vm/usercopy.h, fs/page_file.c (the main user).
 */
#include "vm/uio.h"

#include "base/string.h"
#include "vm/address_space.h"
#include "vm/usercopy.h"

static void uio_advance(struct uio *uio, size_t n)
{
    uio->done_in_first += n;
    uio->left -= n;
    while (uio->count > 0 && uio->done_in_first == uio->vec->iov_len) {
        uio->vec++;
        uio->count--;
        uio->done_in_first = 0;
    }
}

/* Bytes, at most n, that lie in one piece; their address in *base. */
static size_t uio_step(const struct uio *uio, size_t n, char **base)
{
    if (uio->count == 0)
        return 0;
    *base = (char *)uio->vec->iov_base + uio->done_in_first;
    return MIN(MIN(n, uio->left), uio->vec->iov_len - uio->done_in_first);
}

void uio_init_user(struct uio *uio, void __user *buf, size_t n)
{
    uio->one.iov_base = (__force void *)buf;
    uio->one.iov_len = n;
    uio_init_vector(uio, &uio->one, 1, n);
}

void uio_init_kernel(struct uio *uio, void *buf, size_t n)
{
    uio->one.iov_base = buf;
    uio->one.iov_len = n;
    uio_init_vector(uio, &uio->one, 1, n);
    uio->kernel = true;
}

void uio_init_vector(struct uio *uio, const struct iovec *vec, unsigned count,
                     size_t total)
{
    uio->vec = vec;
    uio->count = count;
    uio->done_in_first = 0;
    uio->left = total;
    uio->kernel = false;
    uio->broken = false;
    uio->size_limit = UINT64_MAX;
    uio_advance(uio, 0);
}

size_t uio_copy_to(struct uio *uio, const void *from, size_t n)
{
    size_t total = 0;
    size_t missed = 0;
    size_t chunk;
    char *base;

    while (missed == 0 && (chunk = uio_step(uio, n - total, &base)) > 0) {
        const char *source = (const char *)from + total;
        if (uio->kernel)
            memcpy(base, source, chunk);
        else
            missed = copy_to_user_partial((__force void __user *)base, source,
                                          chunk);
        uio_advance(uio, chunk - missed);
        total += chunk - missed;
    }
    return total;
}

size_t uio_copy_from(struct uio *uio, void *to, size_t n)
{
    size_t total = 0;
    size_t missed = 0;
    size_t chunk;
    char *base;

    while (missed == 0 && (chunk = uio_step(uio, n - total, &base)) > 0) {
        char *target = (char *)to + total;
        if (uio->kernel)
            memcpy(target, base, chunk);
        else
            missed = copy_from_user_partial(
                target, (__force const void __user *)base, chunk);
        uio_advance(uio, chunk - missed);
        total += chunk - missed;
    }
    return total;
}

size_t uio_copy_to_nofault(struct uio *uio, const void *from, size_t n)
{
    size_t total = 0;
    size_t missed = 0;
    size_t chunk;
    char *base;

    if (uio->kernel)
        return uio_copy_to(uio, from, n);
    while (missed == 0 && (chunk = uio_step(uio, n - total, &base)) > 0) {
        missed = copy_to_user_nofault((__force void __user *)base,
                                      (const char *)from + total, chunk);
        uio_advance(uio, chunk - missed);
        total += chunk - missed;
    }
    return total;
}

size_t uio_copy_from_nofault(struct uio *uio, void *to, size_t n)
{
    size_t total = 0;
    size_t missed = 0;
    size_t chunk;
    char *base;

    if (uio->kernel)
        return uio_copy_from(uio, to, n);
    while (missed == 0 && (chunk = uio_step(uio, n - total, &base)) > 0) {
        missed = copy_from_user_nofault(
            (char *)to + total, (__force const void __user *)base, chunk);
        uio_advance(uio, chunk - missed);
        total += chunk - missed;
    }
    return total;
}

/* Bytes from the current position whose pages could be made present. */
static size_t uio_fault_in(const struct uio *uio, size_t n, uint32_t access)
{
    struct uio walk = *uio;
    size_t total = 0;
    size_t chunk;
    char *base;

    if (uio->kernel)
        return MIN(n, uio->left);
    while ((chunk = uio_step(&walk, n - total, &base)) > 0) {
        /* Page by page, so that what precedes a hole is usable. */
        chunk = MIN(chunk, PAGE_SIZE - (vaddr_t)base % PAGE_SIZE);
        if (user_fault_in((__force const void __user *)base, chunk, access) !=
            0)
            break;
        uio_advance(&walk, chunk);
        total += chunk;
    }
    return total;
}

size_t uio_fault_in_source(struct uio *uio, size_t n)
{
    return uio_fault_in(uio, n, VM_READ);
}

size_t uio_fault_in_target(struct uio *uio, size_t n)
{
    return uio_fault_in(uio, n, VM_WRITE);
}

size_t uio_zero_to(struct uio *uio, size_t n)
{
    static const char zeroes[PAGE_SIZE];
    size_t total = 0;

    while (total < n && uio->left > 0) {
        size_t chunk = MIN(MIN(n - total, uio->left), sizeof(zeroes));
        size_t copied = uio_copy_to(uio, zeroes, chunk);
        total += copied;
        if (copied < chunk)
            break;
    }
    return total;
}
