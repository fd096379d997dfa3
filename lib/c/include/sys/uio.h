/*
 * sys/uio.h - reading and writing several buffers at once.
 */
#pragma once

#include "abi/types.h"
#include "abi/uio.h"

ssize_t readv(int fd, const struct iovec *vec, int count);
ssize_t writev(int fd, const struct iovec *vec, int count);
ssize_t preadv(int fd, const struct iovec *vec, int count, off_t offset);
ssize_t pwritev(int fd, const struct iovec *vec, int count, off_t offset);
