/*
 * sys/select.h - waiting for descriptors, the older way.
 */
#pragma once

#include "abi/select.h"

int select(int count, fd_set *in, fd_set *out, fd_set *except,
           struct timeval *timeout);
int pselect(int count, fd_set *in, fd_set *out, fd_set *except,
            const struct timespec *timeout, const sigset_t *mask);
