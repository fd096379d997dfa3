/*
 * abi/select.h - descriptor sets of select() and pselect6().
 */
#pragma once

#include "abi/signal.h"
#include "abi/time.h"

#define FD_SETSIZE 1024

typedef struct {
    unsigned long fds_bits[FD_SETSIZE / 64];
} fd_set;

#define FD_SET(fd, set)   ((set)->fds_bits[(fd) / 64] |= 1ul << ((fd) % 64))
#define FD_CLR(fd, set)   ((set)->fds_bits[(fd) / 64] &= ~(1ul << ((fd) % 64)))
#define FD_ISSET(fd, set) (((set)->fds_bits[(fd) / 64] >> ((fd) % 64)) & 1)
#define FD_ZERO(set)      (*(set) = (fd_set){ { 0 } })

/* Last argument of pselect6(). */
struct kernel_pselect_mask {
    const sigset_t *mask; /* NULL: keep the mask */
    size_t size;          /* sizeof(sigset_t) */
};
