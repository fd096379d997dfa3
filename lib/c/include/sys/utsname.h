/*
 * sys/utsname.h - the system's name.
 */
#pragma once

#include "abi/utsname.h"

int uname(struct utsname *out);
