/*
 * sys/times.h - CPU time in clock ticks.
 */
#pragma once

#include "abi/time.h"

clock_t times(struct tms *out);
