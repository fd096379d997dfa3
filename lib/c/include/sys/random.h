/*
 * sys/random.h - random bytes.
 */
#pragma once

#include <stddef.h>

#include "abi/random.h"
#include "abi/types.h"

ssize_t getrandom(void *buf, size_t count, unsigned flags);
int getentropy(void *buf, size_t count);
