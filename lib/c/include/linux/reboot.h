/*
 * linux/reboot.h - magic numbers of the system call behind reboot().
 */
#pragma once

#include "abi/reboot.h"
