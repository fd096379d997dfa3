/*
 * poll.h - waiting for descriptors.
 */
#pragma once

#include "abi/poll.h"
#include "abi/signal.h"
#include "abi/time.h"

int poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
          const sigset_t *mask);
