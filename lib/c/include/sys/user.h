/*
 * sys/user.h - the registers of a traced thread.
 */
#pragma once

#include "abi/ptrace.h"
