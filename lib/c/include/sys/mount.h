/*
 * sys/mount.h - as on Linux, the ioctl() requests of block devices.
 */
#pragma once

#include "abi/block.h"
