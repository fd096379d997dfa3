/*
 * sys/swap.h - as on Linux: disks that stand in for memory.
 */
#pragma once

#include "abi/swap.h"

int swapon(const char *path, int flags);
int swapoff(const char *path);
