/*
 * sys/prctl.h - operations on the calling process.
 */
#pragma once

#include "abi/prctl.h"

int prctl(int operation, ...);
