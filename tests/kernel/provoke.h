/*
 * provoke.h - misuse of locks on purpose; see provoke.c.
 */
#pragma once

#include "core/types.h"

/* Do what `name` stands for; false: there is no such kind.  On a build with
 * LOCKCHECK=1 only "hold-long" returns. */
__must_check bool provoke(const char *name);
