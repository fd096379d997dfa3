/*
 * linux/fs.h - ioctl() requests of block devices.
 */
#pragma once

#include "abi/block.h"
