/*
 * sys/sysinfo.h - memory, load and CPUs of the machine.
 */
#pragma once

#include "abi/sysinfo.h"

int sysinfo(struct sysinfo *info);
int get_nprocs(void);
int get_nprocs_conf(void);
