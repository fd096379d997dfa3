/*
 * sys/reboot.h - stopping the machine.
 */
#pragma once

#include "abi/reboot.h"

/* command is one of RB_*. */
int reboot(int command);
