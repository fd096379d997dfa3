/*
 * sys/ptrace.h - watching and changing another process.
 */
#pragma once

#include "abi/ptrace.h"

/* The PEEK requests return the word; errno, set to 0 before, tells whether a -1
 * is one. */
long ptrace(int request, ...);
