/*
 * asm/prctl.h - operations of arch_prctl().
 */
#pragma once

#include "abi/prctl.h"
