/* dev/random.h - random bytes for getrandom, address layout and AT_RANDOM. */
#pragma once

#include "core/types.h"

/* Seed from RDRAND and the clock; a fixed seed with `norandom`.  Boot only. */
void random_init(void);

/* Fill `buf`.  Context: any. */
void random_bytes(void *buf, size_t count);
uint64_t random_u64(void);
