/*
 * sys/auxv.h - the auxiliary vector.
 */
#pragma once

#include "abi/auxv.h"

/* Value of an AT_* entry; 0 with errno ENOENT if there is none. */
unsigned long getauxval(unsigned long type);
