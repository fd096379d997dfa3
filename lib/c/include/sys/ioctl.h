/*
 * sys/ioctl.h - requests to devices.
 */
#pragma once

#include "abi/ioctl.h"

int ioctl(int fd, unsigned long request, ...);
