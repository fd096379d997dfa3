/*
 * sys/sendfile.h - copying between descriptors inside the kernel.
 */
#pragma once

#include "abi/types.h"

ssize_t sendfile(int out_fd, int in_fd, off_t *offset, size_t count);
