/*
 * sys/eventfd.h - a counter behind a descriptor.
 */
#pragma once

#include <stdint.h>

#include "abi/eventfd.h"

typedef uint64_t eventfd_t;

int eventfd(unsigned value, int flags);
int eventfd_read(int fd, eventfd_t *value);
int eventfd_write(int fd, eventfd_t value);
