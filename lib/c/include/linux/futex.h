/*
 * linux/futex.h - operations of the futex system call.
 */
#pragma once

#include "abi/futex.h"
