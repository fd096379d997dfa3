/*
 * sys/sysmacros.h - major and minor device numbers.
 */
#pragma once

#include "abi/types.h"
