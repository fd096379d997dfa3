/* dev/power.h - leaving the machine. */
#pragma once

#include "core/types.h"

/* End QEMU (debug exit), or power off by ACPI; never returns. */
__noreturn void machine_power_off(void);

/* Reset through the keyboard controller; never returns. */
__noreturn void machine_restart(void);
