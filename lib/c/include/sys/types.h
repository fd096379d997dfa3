/*
 * sys/types.h - types of the system interface.
 */
#pragma once

#include <sys/select.h>

#include "abi/types.h"

typedef unsigned char u_char;
typedef unsigned short u_short;
typedef unsigned int u_int;
typedef unsigned long u_long;
typedef unsigned int useconds_t;
